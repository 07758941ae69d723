"""Each fault by name, the request log, and the ledger."""

import asyncio
import json
import time

import openai
import pytest

from tests.local.models.support import Server, ask

MESSAGES = ask(["The fee is $5 a month for every account."], "How much is the fee a month?")


def call(server: Server, **options: object) -> object:
    return server.client(**options).chat.completions.create(model="baseline", messages=MESSAGES)


@pytest.mark.parametrize("after", [7, None])
def test_throttle(clean: Server, after: float | None) -> None:
    clean.fault("throttle", "baseline", count=1, retry_after=after)
    with pytest.raises(openai.RateLimitError) as caught:
        call(clean)
    assert caught.value.response.headers.get("retry-after") == (None if after is None else "7")
    call(clean)


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("server_error", openai.InternalServerError, "InternalServerError"),
        ("unauthorized", openai.AuthenticationError, "invalid_api_key"),
        ("content_filter", openai.BadRequestError, "content_filter"),
    ],
)
def test_errors(clean: Server, kind: str, error: type[openai.APIStatusError], code: str) -> None:
    clean.fault(kind, count=1)
    with pytest.raises(error) as caught:
        call(clean)
    assert caught.value.code == code
    if kind == "content_filter":
        inner = caught.value.body["innererror"]
        assert inner["code"] == "ResponsibleAIPolicyViolation"
    call(clean)


def test_malformed_and_truncated_answers_are_billed(clean: Server) -> None:
    whole = call(clean)
    clean.fault("malformed", count=1)
    garbage = call(clean)
    clean.fault("truncated", count=1)
    half = call(clean)
    assert "<ANSWER>" not in garbage.choices[0].message.content
    assert half.choices[0].finish_reason == "length"
    text = whole.choices[0].message.content
    assert half.choices[0].message.content == text[: len(text) // 2]
    total = sum(reply.usage.completion_tokens for reply in (whole, garbage, half))
    billed = clean.admin("ledger")["deployments"]["baseline"]
    assert billed["calls"] == 3 and billed["completion_tokens"] == total


def test_hang_and_a_client_that_goes_away(clean: Server) -> None:
    clean.fault("hang", count=1, seconds=30)
    with pytest.raises(openai.APITimeoutError):
        call(clean, timeout=0.3)
    deadline = time.monotonic() + 3
    while not (log := clean.admin("requests")["requests"])[0]["ended"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert log[0]["answered"] is False
    assert clean.admin("ledger")["deployments"] == {}
    assert clean.admin("status")["chat_in_flight"] == 0


def test_latency_does_not_make_calls_serial(clean: Server) -> None:
    clean.fault("latency", "baseline", ms=300)

    async def many() -> float:
        async with openai.AsyncOpenAI(base_url=f"{clean.url}/openai/v1/", api_key="x") as client:

            async def one() -> object:
                return await client.chat.completions.create(model="baseline", messages=MESSAGES)

            await one()  # opens the first connection and warms every cache
            started = time.monotonic()
            await asyncio.gather(*(one() for _ in range(16)))
            return time.monotonic() - started

    assert 0.3 <= asyncio.run(many()) < 0.7
    assert clean.admin("status")["max_in_flight"] == 16


@pytest.mark.parametrize("with_header", [True, False])
def test_requests_per_minute(clean: Server, with_header: bool) -> None:
    header = {} if with_header else {"retry_after": None}
    clean.fault("rpm", "baseline", limit=2, window=0.8, **header)
    call(clean)
    call(clean)
    with pytest.raises(openai.RateLimitError) as caught:
        call(clean)
    assert ("retry-after" in caught.value.response.headers) is with_header
    time.sleep(0.85)
    call(clean)


def test_tokens_per_minute(clean: Server) -> None:
    used = call(clean).usage.total_tokens
    clean.fault("tpm", "baseline", limit=int(1.5 * used), window=60)
    call(clean)
    with pytest.raises(openai.RateLimitError):
        call(clean)


def test_rate_is_seeded(clean: Server) -> None:
    def hits() -> list[bool]:
        clean.fault("server_error", "baseline", rate=0.5, seed=3)
        found = []
        for _ in range(12):
            try:
                call(clean)
                found.append(False)
            except openai.InternalServerError:
                found.append(True)
        return found

    first = hits()
    assert first == hits()
    assert 2 <= sum(first) <= 10


def test_unknown_faults_are_refused(clean: Server) -> None:
    with pytest.raises(Exception, match="400"):
        clean.fault("earthquake")
    with pytest.raises(Exception, match="400"):
        clean.fault("hang", force=9)


def test_log_and_ledger_equal_the_usage_returned(clean: Server) -> None:
    replies = [call(clean) for _ in range(3)]
    embedded = clean.client().embeddings.create(model="embedding", input="one two three")
    log = clean.admin("requests")["requests"]
    totals = clean.admin("ledger")["deployments"]
    assert totals["baseline"] == {
        "calls": 3,
        "prompt_tokens": sum(reply.usage.prompt_tokens for reply in replies),
        "completion_tokens": sum(reply.usage.completion_tokens for reply in replies),
    }
    assert totals["embedding"]["prompt_tokens"] == embedded.usage.prompt_tokens
    assert [entry["index"] for entry in log] == list(range(log[0]["index"], log[0]["index"] + 4))
    assert len({entry["body_sha256"] for entry in log[:3]}) == 1
    assert all(entry["answered"] and entry["status"] == 200 for entry in log)
    assert all(entry["started"] <= entry["ended"] for entry in log)
    later = clean.admin(f"requests?since={log[2]['index']}")["requests"]
    assert json.dumps(later) == json.dumps(log[2:])
