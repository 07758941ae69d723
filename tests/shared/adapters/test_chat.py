"""Chat calls over HTTP: what is waited out, what is tried again, what ends at once, what leaks."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import openai
import pytest

from shared.adapters.chat import OpenAIChat
from shared.adapters.pooled import retry_wait
from shared.errors import (
    ContentFiltered,
    ModelError,
    ModelRefusesUs,
    ModelUnavailable,
    RaftError,
    RunStopped,
)
from shared.ports import ChatRequest
from tests.local.models.support import Server, ask
from tests.shared.support import KEY, Canned, completion, endpoint, free, until

REQUEST = ChatRequest(ask(["The fee is $5 a month for every account."], "How much is the fee?"))


Make = Callable[..., OpenAIChat]


@pytest.fixture
async def chat() -> AsyncIterator[Make]:
    """Makes chats, and closes their connections."""
    made: list[OpenAIChat] = []

    def make(url: str, *, name: str = "baseline", key: str = KEY, **more: Any) -> OpenAIChat:
        places = more.pop("places", 8)
        places = asyncio.Semaphore(places) if isinstance(places, int) else places
        options = {"deployment": name, "concurrency": places, "timeout": 5, **more}
        made.append(OpenAIChat(endpoint(url, name, key), **options))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def calls(models: Server) -> int:
    return len(models.admin("requests")["requests"])


async def test_usage_is_what_the_service_billed(chat: Make, models: Server) -> None:
    keys = (KEY, f" {KEY}\r\n")  # white space around a key is no part of it
    replies = [await chat(models.url, key=key).complete(REQUEST, free) for key in keys]
    assert models.admin("ledger")["deployments"]["baseline"] == {
        "calls": 2,
        "prompt_tokens": sum(reply.prompt_tokens for reply in replies),
        "completion_tokens": sum(reply.completion_tokens for reply in replies),
    }
    assert replies[0].model == "gpt-4o-mini-2024-07-18"
    assert "5" in replies[0].text


async def test_a_cut_off_reply_says_so(chat: Make, models: Server) -> None:
    reply = await chat(models.url).complete(ChatRequest(REQUEST.messages, max_tokens=3), free)
    assert reply.finish_reason == "length"
    assert reply.completion_tokens == 3


@pytest.mark.parametrize("after", [0.3, None])
async def test_throttling_is_waited_out_beyond_the_attempts(
    chat: Make, models: Server, after: float | None
) -> None:
    models.fault("throttle", "baseline", count=2, retry_after=after)
    began = time.monotonic()
    reply = await chat(models.url, attempts=1).complete(REQUEST, free)
    assert reply.text
    assert calls(models) == 3
    assert time.monotonic() - began >= (0.6 if after else 0.5 * 0.75 + 1.0 * 0.75)


async def test_throttling_ends_with_the_patience(chat: Make, models: Server) -> None:
    models.fault("throttle", "baseline", retry_after=0.2)
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="429"):
        await chat(models.url, patience=1).complete(REQUEST, free)
    assert 0.4 < time.monotonic() - began < 1.3
    assert calls(models) > 2


async def test_a_huge_retry_after_is_not_slept_through(chat: Make, models: Server) -> None:
    models.fault("throttle", "baseline", retry_after=86_400)
    began = time.monotonic()
    with pytest.raises(ModelUnavailable):
        await chat(models.url, patience=59).complete(REQUEST, free)
    assert time.monotonic() - began < 1
    with pytest.raises(openai.RateLimitError) as refused, models.client() as client:
        client.chat.completions.create(model="baseline", messages=list(REQUEST.messages))
    assert 60 <= retry_wait(refused.value, 1) < 61


async def test_server_errors_are_tried_again_up_to_the_attempts(chat: Make, models: Server) -> None:
    models.fault("server_error", "baseline", count=1)
    assert (await chat(models.url, attempts=2).complete(REQUEST, free)).text
    models.fault("server_error", "baseline")
    before = calls(models)
    with pytest.raises(ModelUnavailable, match="baseline answered 500"):
        await chat(models.url, attempts=2).complete(REQUEST, free)
    assert calls(models) - before == 2


async def test_a_hanging_service_is_unavailable_after_the_timeout(
    chat: Make, models: Server
) -> None:
    models.fault("hang", "baseline", seconds=30)
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="in time"):
        await chat(models.url, timeout=0.4, attempts=1).complete(REQUEST, free)
    assert time.monotonic() - began < 1.5


async def test_a_service_that_is_not_there_is_unavailable(chat: Make) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await chat("http://127.0.0.1:9", attempts=1).complete(REQUEST, free)


@pytest.mark.parametrize("name", ["baseline", "no-such-deployment"])
async def test_refusals_that_no_repetition_helps_are_fatal_and_sent_once(
    chat: Make, models: Server, name: str
) -> None:
    models.fault("unauthorized", "baseline")
    with pytest.raises(ModelRefusesUs, match=f"{name} answered 40[14]") as caught:
        await chat(models.url, name=name).complete(REQUEST, free)
    assert caught.value.fatal
    assert calls(models) == 1


async def test_a_filtered_prompt_costs_that_prompt_only(chat: Make, models: Server) -> None:
    models.fault("content_filter", "baseline")
    with pytest.raises(ContentFiltered) as caught:
        await chat(models.url).complete(REQUEST, free)
    assert not caught.value.fatal
    assert calls(models) == 1


async def test_calls_in_flight_never_exceed_the_places(chat: Make, models: Server) -> None:
    models.fault("latency", "baseline", ms=80)
    model = chat(models.url, places=3)
    await asyncio.gather(*(model.complete(REQUEST, free) for _ in range(12)))
    assert models.admin("status")["max_in_flight"] == 3


async def test_a_call_that_waits_holds_no_place(chat: Make, models: Server) -> None:
    models.fault("throttle", "teacher", count=1, retry_after=1)
    places = asyncio.Semaphore(1)
    waiting = chat(models.url, name="teacher", places=places)
    other = chat(models.url, places=places)
    first = asyncio.create_task(waiting.complete(REQUEST, free))
    await until(lambda: calls(models))
    began = time.monotonic()
    await other.complete(REQUEST, free)
    assert time.monotonic() - began < 0.8
    assert not first.done()
    assert (await first).text


async def test_the_permit_is_asked_before_each_try_and_stops_the_next(
    chat: Make, models: Server
) -> None:
    models.fault("throttle", "baseline", retry_after=0.1)
    asked = 0

    async def thrice() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise RunStopped("stopped")

    with pytest.raises(RunStopped):
        await chat(models.url).complete(REQUEST, thrice)
    assert calls(models) == 2


async def test_a_call_that_waited_for_its_place_is_not_sent_after_the_stop(
    chat: Make, models: Server
) -> None:
    models.fault("latency", "baseline", ms=200)
    model, stopped = chat(models.url, places=1), asyncio.Event()

    async def permit() -> None:
        if stopped.is_set():
            raise RunStopped("stopped")

    both = [asyncio.create_task(model.complete(REQUEST, permit)) for _ in range(2)]
    await until(lambda: calls(models))
    stopped.set()
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert (isinstance(first, RunStopped), isinstance(second, RunStopped)) == (False, True)
    assert calls(models) == 1


@pytest.mark.parametrize("fault", ["unauthorized", "throttle", "server_error", "content_filter"])
async def test_no_error_shows_the_key_or_the_prompt(chat: Make, models: Server, fault: str) -> None:
    models.fault(fault, "baseline")
    model = chat(models.url, attempts=1, patience=0)
    with pytest.raises(ModelError) as caught:
        await model.complete(REQUEST, free)
    shown = f"{caught.value!r} {caught.value.__cause__!r} {model!r} {vars(model)!r}"
    assert KEY not in shown
    assert "fee" not in str(caught.value)


@pytest.mark.parametrize("mark", ["\x00", "\n", "é", "\ud83d"])
async def test_a_key_that_no_header_can_carry_is_refused_unshown(
    chat: Make, models: Server, mark: str
) -> None:
    with pytest.raises(RaftError) as caught:
        await chat(models.url, key=f"{KEY}{mark}{KEY}", attempts=1).complete(REQUEST, free)
    assert caught.value.fatal
    assert KEY not in str(caught.value)


async def test_an_answer_without_text_or_usage_is_an_empty_reply(
    chat: Make, canned: Canned
) -> None:
    canned.answers = [(200, completion(None, usage=None))]
    reply = await chat(canned.url).complete(REQUEST, free)
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("", 0, 0)


@pytest.mark.parametrize(
    "body", ["<html>a proxy</html>", "", "[]", completion("x", choices=[]), {"error": "odd"}]
)
async def test_an_answer_that_is_no_completion_is_an_error_of_ours(
    chat: Make, canned: Canned, body: Any
) -> None:
    canned.answers = [(200, body)]
    with pytest.raises(ModelError):
        await chat(canned.url, attempts=1).complete(REQUEST, free)


@pytest.mark.parametrize("header", ["soon", "-1", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_a_retry_after_that_is_no_number_means_our_own_pace(
    chat: Make, canned: Canned, header: str
) -> None:
    canned.answers = [(429, {}, {"retry-after": header}), (200, completion("x"))]
    began = time.monotonic()
    await chat(canned.url).complete(REQUEST, free)
    assert 0.3 < time.monotonic() - began < 2


SCHEMA = {"type": "object", "properties": {"questions": {"type": "array"}}}


async def test_a_schema_and_an_image_are_sent_as_the_service_reads_them(
    chat: Make, canned: Canned
) -> None:
    canned.answers = [(200, completion("{}"))]
    request = ChatRequest(REQUEST.messages, image="data:image/png;base64,AAAA", schema=SCHEMA)
    await chat(canned.url).complete(request, free)
    body = json.loads(canned.bodies[0])
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True},
    }
    assert body["messages"][0] == dict(REQUEST.messages[0])
    assert body["messages"][-1]["content"] == [
        {"type": "text", "text": REQUEST.messages[-1]["content"]},
        {"type": "image_url", "image_url": {"url": request.image, "detail": "high"}},
    ]


async def test_a_model_without_structured_output_is_asked_without_it_from_then_on(
    chat: Make, canned: Canned
) -> None:
    refusal = {
        "message": "Invalid parameter: 'response_format' of type 'json_schema' is not supported",
        "param": "response_format",
    }
    canned.answers = [(400, {"error": refusal}), (200, completion("plain"))]
    model = chat(canned.url)
    request = ChatRequest(REQUEST.messages, schema=SCHEMA)
    replies = [await model.complete(request, free) for _ in range(2)]
    assert [reply.text for reply in replies] == ["plain", "plain"]
    asked = ["response_format" in json.loads(body) for body in canned.bodies]
    assert asked == [True, False, False]


async def test_a_reasoning_model_is_asked_without_temperature_from_then_on(
    chat: Make, canned: Canned
) -> None:
    refusal = {"message": "Unsupported value: 'temperature'", "param": "temperature"}
    canned.answers = [(400, {"error": refusal}), (200, completion("plain"))]
    model = chat(canned.url)
    for _ in range(2):
        assert (await model.complete(REQUEST, free)).text == "plain"
    assert ["temperature" in json.loads(body) for body in canned.bodies] == [True, False, False]


async def test_another_bad_request_is_no_matter_of_the_schema(chat: Make, canned: Canned) -> None:
    canned.answers = [(400, {"error": {"message": "too long", "param": "messages"}})]
    with pytest.raises(ModelError, match="too long"):
        await chat(canned.url).complete(ChatRequest(REQUEST.messages, schema=SCHEMA), free)
    assert len(canned.asked) == 1
