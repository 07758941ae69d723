"""Several endpoints over HTTP: limits held, load spread, trouble of one borne by the others."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.processes import Process, free_port
from shared.adapters.chat import OpenAIChat
from shared.errors import ModelRefusesUs, ModelUnavailable, RunStopped
from shared.ports import ChatRequest
from shared.settings import ModelEndpoint, Role, read_settings
from tests.local.models.support import ROOT, Server, ask
from tests.shared.support import KEY, Canned, completion

REQUEST = ChatRequest(ask(["The fee is $5 a month."], "How much is the fee?"), max_tokens=64)
NAMES = ("baseline", "teacher", "judge")
WINDOW = 1.2


async def free() -> None:
    """A permit that lets everything go."""


def pool(url: str, *names: str, places: int = 16, **more: Any) -> OpenAIChat:
    """A pool of deployments of one stand-in, which throttles and fails them one by one."""
    limits = {key: more.pop(key) for key in ("rpm", "tpm") if key in more}
    each = [ModelEndpoint(name, azure_endpoint=url, api_key=KEY, **limits) for name in names]
    options = {"deployment": names[0], "timeout": 5, "window": WINDOW, **more}
    return OpenAIChat(each, concurrency=asyncio.Semaphore(places), **options)


async def job(*chats: OpenAIChat, calls: int) -> list[Any]:
    """So many calls at once; what each came to."""
    tasks = (chats[number % len(chats)].complete(REQUEST, free) for number in range(calls))
    return await asyncio.gather(*tasks, return_exceptions=True)


def log(models: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = models.admin("requests")["requests"]
    return found


def shares(models: Server, status: int = 200) -> Counter[str]:
    return Counter(each["deployment"] for each in log(models) if each["status"] == status)


def lost(answers: list[Any]) -> list[Any]:
    return [answer for answer in answers if isinstance(answer, BaseException)]


@pytest.fixture(autouse=True)
async def warm(models: Server) -> None:
    """What the SDK loads at its first call would blur the times that windows are held by."""
    await pool(models.url, "baseline").complete(REQUEST, free)
    models.admin("requests", "DELETE")


async def test_known_limits_are_not_run_into(models: Server) -> None:
    models.fault("latency", ms=20)
    for name in NAMES:
        models.fault("rpm", name, limit=10, window=WINDOW)
    assert not lost(await job(pool(models.url, *NAMES, rpm=10), calls=50))
    assert shares(models, 429) == {}
    assert all(15 <= share <= 20 for share in shares(models).values())


async def test_known_token_limits_are_not_run_into(models: Server) -> None:
    models.fault("tpm", "baseline", limit=1_000, window=WINDOW)
    assert not lost(await job(pool(models.url, "baseline", tpm=1_000), calls=20))
    assert shares(models, 429) == {}


async def test_load_goes_where_there_is_room(models: Server) -> None:
    models.fault("latency", ms=20)
    wide = ModelEndpoint("baseline", azure_endpoint=models.url, api_key=KEY, rpm=300)
    narrow = ModelEndpoint("teacher", azure_endpoint=models.url, api_key=KEY, rpm=100)
    both = OpenAIChat(
        [wide, narrow], deployment="baseline", concurrency=asyncio.Semaphore(4), timeout=5
    )
    await job(both, calls=80)
    assert shares(models)["baseline"] > 2 * shares(models)["teacher"] > 0


async def test_endpoints_without_limits_share_the_calls_in_flight(models: Server) -> None:
    models.fault("latency", ms=50)
    await job(pool(models.url, *NAMES, places=6), calls=60)
    assert models.admin("status")["max_in_flight"] == 6
    assert all(15 <= share <= 25 for share in shares(models).values())


@pytest.mark.parametrize("after", [None, 90, 150, "automatic"])
async def test_429s_of_an_unknown_limit_cost_no_call(models: Server, after: Any) -> None:
    models.fault("latency", ms=20)
    models.fault("rpm", "baseline", limit=20, window=WINDOW, retry_after=after)
    assert not lost(await job(pool(models.url, "baseline", places=4), calls=30))
    assert shares(models)["baseline"] == 30
    assert shares(models, 429)["baseline"] <= 12


async def test_instances_that_share_a_quota_lose_nothing(models: Server) -> None:
    models.fault("latency", ms=20)
    models.fault("rpm", "baseline", limit=30, window=WINDOW)
    chats = [pool(models.url, "baseline", rpm=30, places=3) for _ in range(2)]
    assert not lost(await job(*chats, calls=60))
    assert shares(models, 429)["baseline"] <= 20


async def test_a_throttled_endpoint_leaves_the_work_to_the_others(models: Server) -> None:
    models.fault("throttle", "teacher", retry_after=60)
    models.fault("latency", ms=20)
    assert not lost(await job(pool(models.url, *NAMES, window=60), calls=60))
    assert shares(models, 429)["teacher"] <= 8, "those in flight at the first 429"
    assert shares(models)["baseline"] + shares(models)["judge"] == 60


async def test_one_that_fails_is_out_probed_and_back(
    models: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shared.adapters.pool")
    models.fault("latency", ms=20)
    models.fault("server_error", "teacher")
    three = pool(models.url, *NAMES, places=9)
    assert not lost(await job(three, calls=90))
    assert 3 <= shares(models, 500)["teacher"] <= 9
    assert "teacher at 127.0.0.1 is out: teacher answered 500" in caplog.text
    models.admin("faults?deployment=teacher", "DELETE")
    while not shares(models)["teacher"]:
        assert not lost(await job(three, calls=3))
        await asyncio.sleep(0.05)
    assert "teacher at 127.0.0.1 answers again" in caplog.text
    assert shares(models, 500)["teacher"] <= 12, "one probe a second"
    before = shares(models)["teacher"]
    await job(three, calls=30)
    assert shares(models)["teacher"] - before >= 5
    assert KEY not in caplog.text


@pytest.fixture
def dying(tmp_path: Path) -> Iterator[tuple[str, Process]]:
    """A stand-in of its own that may be killed."""
    port = free_port()
    command = [sys.executable, "-m", "local.models", "--port", str(port), "--data", str(tmp_path)]
    process = Process("models", command, tmp_path / "log", os.environ, ROOT)
    process.wait_for_line("models ready", 20)
    yield f"http://127.0.0.1:{port}", process
    process.stop()


async def test_one_killed_amid_its_calls_loses_none(
    models: Server, dying: tuple[str, Process]
) -> None:
    url, process = dying
    models.fault("latency", ms=100)
    each = [ModelEndpoint("baseline", azure_endpoint=at, api_key=KEY) for at in (models.url, url)]
    both = OpenAIChat(each, deployment="baseline", concurrency=asyncio.Semaphore(8), timeout=5)
    running = asyncio.create_task(job(both, calls=60))
    await asyncio.sleep(0.25)  # some calls are answered by now, others under way
    process.kill()
    assert not lost(await running)


async def test_a_refusal_takes_one_out_and_the_work_goes_on(
    models: Server, caplog: pytest.LogCaptureFixture
) -> None:
    models.fault("unauthorized", "baseline")
    models.fault("latency", ms=20)
    assert not lost(await job(pool(models.url, *NAMES, places=6), calls=40))
    assert shares(models, 401)["baseline"] <= 6, "those in flight at the first refusal"
    assert caplog.text.count("is out: baseline answered 401") == 1


async def test_when_all_refuse_the_call_ends_and_asks_each_once(models: Server) -> None:
    models.fault("unauthorized")
    with pytest.raises(ModelRefusesUs):
        await pool(models.url, *NAMES).complete(REQUEST, free)
    assert shares(models, 401) == dict.fromkeys(NAMES, 1)


async def test_the_only_one_that_refused_is_asked_again_by_the_next_call(models: Server) -> None:
    only = pool(models.url, "baseline")
    models.fault("unauthorized", count=1)
    with pytest.raises(ModelRefusesUs):
        await only.complete(REQUEST, free)
    assert (await only.complete(REQUEST, free)).text


async def test_one_bad_request_does_not_take_out_all(canned: Canned) -> None:
    canned.answers = [*[(500, {})] * 2, (200, completion("x"))]
    three = pool(canned.url, *NAMES, attempts=2)
    with pytest.raises(ModelUnavailable):
        await three.complete(REQUEST, free)
    assert len(canned.asked) == 2
    answers = await job(three, calls=3)
    assert not lost(answers)


async def test_a_call_that_is_cancelled_or_not_permitted_gives_all_back(models: Server) -> None:
    models.fault("latency", ms=50)
    two = pool(models.url, "baseline", "teacher", places=2)

    async def stopped() -> None:
        raise RunStopped("stopped")

    tasks = [asyncio.create_task(two.complete(REQUEST, free)) for _ in range(12)]
    await asyncio.sleep(0.08)
    for task in tasks[::2]:
        task.cancel()
    with pytest.raises(RunStopped):
        await two.complete(REQUEST, stopped)
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(each, asyncio.CancelledError) for each in done) <= 6
    assert not lost(await job(two, calls=8))
    assert models.admin("status")["max_in_flight"] == 2


async def test_calls_are_served_in_the_order_they_came(models: Server) -> None:
    one, order = pool(models.url, "baseline", places=1), list[int]()

    async def call(number: int) -> None:
        await one.complete(REQUEST, free)
        order.append(number)

    await asyncio.gather(*(call(number) for number in range(12)))
    assert order == list(range(12))


def test_numbered_endpoints_take_from_the_first_what_they_leave_out() -> None:
    settings = read_settings(
        {
            "TEACHER_AZURE_OPENAI_ENDPOINT": "https://a",
            "TEACHER_AZURE_OPENAI_API_KEY": "k",
            "TEACHER_AZURE_OPENAI_DEPLOYMENT": "d",
            "TEACHER_OPENAI_API_VERSION": "v",
            "TEACHER_RPM": "300",
            "TEACHER_3_AZURE_OPENAI_ENDPOINT": "https://c",
            "TEACHER_3_AZURE_OPENAI_DEPLOYMENT": "e",
            "TEACHER_3_TPM": "5000",
            "TEACHER_10_OPENAI_BASE_URL": "http://localhost/v1",
        }
    )
    first, second, third = settings.endpoints(Role.TEACHER)
    assert (first.rpm, first.tpm) == (300, None)
    assert (second.azure_endpoint, second.deployment, second.api_key) == ("https://c", "e", "k")
    assert (second.api_version, second.rpm, second.tpm) == ("v", None, 5000)
    assert (third.base_url, third.deployment) == ("http://localhost/v1", "d")
    assert settings.models_are_local
