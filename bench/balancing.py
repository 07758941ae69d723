"""Endpoints with limits, faults and outages: our pool, and the same job by a plain AsyncOpenAI.

Calls of 300 ms, 16 in flight, against stand-ins with sliding windows. Each time is given over an
ideal that knows every window and outage and never waits without need. The service's minute is
scaled down, 300 calls a minute to 30 in 6 seconds, and every other time and count with it: the
same shape in a tenth of the time. Where the 300 ms of one call would blur the figure the minute is
twice as long; scenarios whose limit the pool is not told run side by side, as they mostly wait.
`--minute 60` runs it unscaled (with `--ours` in 11 minutes).

    python -m bench.balancing [--minute 6] [--ours] [--only "three endpoints"]
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import logging
import math
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai

from local.processes import Process, free_port
from shared.adapters.chat import OpenAIChat
from shared.ports import ChatRequest
from shared.settings import ModelEndpoint

_SECONDS = 0.3
_PLACES = 16
_NAME = "baseline"
_ROOT = Path(__file__).parents[1]
_MESSAGES = [{"role": "user", "content": "<DOCUMENT>The fee is $5.</DOCUMENT>\nQuestion: The fee?"}]
_AUTOMATIC = "automatic"
_BOOT = 1.2  # seconds a stand-in takes to start, about


@dataclass(frozen=True)
class Scenario:
    """One job. Counts and seconds are those of a minute of 60 s; `told`: the pool knows the limit;
    `outage`: the last endpoint is killed and back at these seconds; `instances` share the quota."""

    name: str
    calls: int
    endpoints: int = 1
    limit: int | None = None
    told: bool = True
    retry_after: float | str | None = _AUTOMATIC
    outage: tuple[float, float] | None = None
    instances: int = 1
    longer: int = 1  # by how much its minute is longer than that of the others
    plain: bool = True


SCENARIOS = (
    Scenario("no limits", 346),
    Scenario("one endpoint of 300", 1_200, limit=300),
    Scenario(
        "429s without Retry-After, limit unknown",
        346,
        limit=300,
        told=False,
        longer=2,
        retry_after=None,
    ),
    Scenario(
        "429s with Retry-After 90, limit unknown",
        346,
        limit=300,
        told=False,
        longer=2,
        retry_after=90,
    ),
    Scenario(
        "429s with Retry-After 150, limit unknown",
        346,
        limit=300,
        told=False,
        longer=2,
        retry_after=150,
    ),
    Scenario("three endpoints of 300", 1_800, 3, limit=300),
    Scenario(
        "one of three dies at 20 s, back at 60 s", 1_800, 3, limit=300, outage=(20, 60), longer=2
    ),
    Scenario(
        "one of three dies at 10 s, back at 40 s", 1_800, 3, limit=300, outage=(10, 40), plain=False
    ),
    Scenario("two instances share one endpoint of 300", 1_200, limit=300, instances=2, plain=False),
)


@dataclass
class Server:
    """A stand-in that can be killed and started again on its port; keeps its log beyond that."""

    folder: Path
    port: int = field(default_factory=free_port)
    log: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def boot(self) -> None:
        command = [sys.executable, "-m", "local.models", "--port", str(self.port)]
        command += ["--data", str(self.folder)]
        self.process = Process("models", command, self.folder / "log", os.environ, _ROOT)

    def ready(self) -> None:
        assert self.process is not None
        self.process.wait_for_line("models ready", 30)
        for fault in self.faults:
            self.admin("PUT", "faults", fault)

    def reset(self, faults: list[dict[str, Any]]) -> None:
        self.faults, self.log = faults, []
        self.admin("DELETE", "faults")
        self.admin("DELETE", "requests")
        for fault in faults:
            self.admin("PUT", "faults", fault)

    def kill(self) -> None:
        self.collect()
        assert self.process is not None
        self.process.kill()

    def collect(self) -> None:
        known = {each["started"] for each in self.log}
        found = self.admin("GET", "requests")["requests"]
        self.log += [each for each in found if each["started"] not in known]

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_stand-in/{path}", data, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as reply:
            return json.load(reply)


@dataclass(frozen=True)
class Result:
    """What one job took."""

    seconds: float
    ideal: float
    throttled: float
    failures: int
    used_again: float | None


Call = Callable[[int], Awaitable[Any]]


async def _free() -> None:
    """Nobody stops these calls."""


def _ours(scenario: Scenario, urls: Sequence[str], minute: float) -> Call:
    rpm = _scaled(scenario.limit, minute) if scenario.limit and scenario.told else None
    endpoints = [ModelEndpoint(_NAME, azure_endpoint=url, api_key="x", rpm=rpm) for url in urls]
    request = ChatRequest(_MESSAGES, max_tokens=64)
    chats = [
        OpenAIChat(
            endpoints,
            deployment=_NAME,
            concurrency=asyncio.Semaphore(_PLACES // scenario.instances),
            timeout=30,
            window=minute,
        )
        for _ in range(scenario.instances)
    ]
    return lambda number: chats[number % len(chats)].complete(request, _free)


def _plain(scenario: Scenario, urls: Sequence[str], minute: float) -> Call:
    places = asyncio.Semaphore(_PLACES)
    clients = [
        openai.AsyncOpenAI(base_url=f"{url}/openai/v1/", api_key="x", max_retries=5, timeout=30)
        for url in urls
    ]

    async def call(number: int) -> Any:
        async with places:
            return await clients[number % len(clients)].chat.completions.create(
                model=_NAME,
                messages=_MESSAGES,  # type: ignore[arg-type]
                max_completion_tokens=64,
                temperature=0,
            )

    return call


async def _run(scenario: Scenario, call: Call, servers: Sequence[Server], minute: float) -> Result:
    limit = scenario.limit and _scaled(scenario.limit, minute)
    faults: list[dict[str, Any]] = [{"kind": "latency", "ms": 1000 * _SECONDS}]
    if limit:
        after = scenario.retry_after
        after = after * minute / 60 if isinstance(after, int | float) else after
        faults.append({"kind": "rpm", "limit": limit, "window": minute, "retry_after": after})
    for server in servers:
        server.reset([{**fault, "deployment": _NAME} for fault in faults])
    count = _scaled(scenario.calls, minute) if limit else scenario.calls
    began = time.time()
    outage = asyncio.create_task(_outage(scenario, servers[-1], minute))
    answers = await asyncio.gather(*(call(n) for n in range(count)), return_exceptions=True)
    ended = time.time()
    down, up = await outage
    for server in servers:
        server.collect()
    log = [each for server in servers for each in server.log]
    again = [each["started"] for each in servers[-1].log if each["started"] > up]
    return Result(
        seconds=ended - began,
        ideal=_ideal(count, len(servers), limit, minute, (down - began, up - began)),
        throttled=sum(each["status"] == 429 for each in log) / count,
        failures=sum(isinstance(answer, BaseException) for answer in answers),
        used_again=min(again) - up if again and scenario.outage else None,
    )


async def _outage(scenario: Scenario, server: Server, minute: float) -> tuple[float, float]:
    """Kill the server and bring it back; when it went and when it was there again."""
    if scenario.outage is None:
        return 0.0, 0.0
    down, up = (seconds * minute / 60 for seconds in scenario.outage)
    began = time.time()
    await asyncio.sleep(down)
    await asyncio.to_thread(server.kill)
    killed = time.time()
    await asyncio.sleep(began + up - _BOOT - time.time())
    server.boot()
    await asyncio.to_thread(server.ready)
    return killed, time.time()


def _ideal(
    calls: int, endpoints: int, limit: int | None, minute: float, outage: tuple[float, float]
) -> float:
    """The time of one who knows the windows and the outage of the last endpoint."""
    if not limit:
        return math.ceil(calls / _PLACES) * _SECONDS
    down, up = outage
    places = [0.0] * _PLACES
    sent: list[list[float]] = [[] for _ in range(endpoints)]

    def soonest(endpoint: int, free: float) -> float:
        own = sent[endpoint]
        at = max(free, own[-limit] + minute if len(own) >= limit else 0.0)
        last = endpoint == endpoints - 1
        return max(at, up) if last and at + _SECONDS > down and at < up else at

    for _ in range(calls):
        free = heapq.heappop(places)
        at, endpoint = min((soonest(each, free), each) for each in range(endpoints))
        sent[endpoint].append(at)
        heapq.heappush(places, at + _SECONDS)
    return max(places)


def _scaled(count: int, minute: float) -> int:
    return max(1, round(count * minute / 60))


def _line(scenario: Scenario, ours: Result, plain: Result | None, minute: float) -> str:
    count = _scaled(scenario.calls, minute) if scenario.limit else scenario.calls
    other = f"{plain.seconds / plain.ideal:>6.3f} {plain.failures:>6}" if plain else ""
    again = "" if ours.used_again is None else f"  used again after {ours.used_again:.2f} s"
    return (
        f"  {scenario.name:<41} {count:>5} {ours.seconds:>7.2f} {ours.ideal:>7.2f} "
        f"{ours.seconds / ours.ideal:>6.3f} {100 * ours.throttled:>5.1f}% {ours.failures:>5} "
        f" | {other}{again}"
    )


def _groups(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    """What may run at the same time: jobs that mostly wait, on one server each."""
    unknown = [each for each in scenarios if each.limit and not each.told]
    return [[each] for each in scenarios if each not in unknown] + ([unknown] if unknown else [])


async def _both(scenario: Scenario, servers: Sequence[Server], minute: float, compare: bool) -> str:
    minute = min(60, minute * scenario.longer)
    used = servers[: scenario.endpoints]
    urls = [server.url for server in used]
    ours = await _run(scenario, _ours(scenario, urls, minute), used, minute)
    plain = None
    if compare and scenario.plain:
        plain = await _run(scenario, _plain(scenario, urls, minute), used, minute)
    return _line(scenario, ours, plain, minute)


async def _measure(minute: float, scenarios: Sequence[Scenario], compare: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="raft-bench-") as folder:
        servers = [Server(Path(folder) / str(number)) for number in range(3)]
        try:
            for server in servers:
                server.boot()
            for server in servers:
                server.ready()
            for make in (_ours, _plain):  # what an SDK does at its first call is nobody's time
                await make(SCENARIOS[0], [servers[0].url], minute)(0)
            for group in _groups(scenarios):
                shifts = range(0, 3, 3 // len(group))
                jobs = [
                    _both(scenario, servers[shift:], minute, compare)
                    for scenario, shift in zip(group, shifts, strict=False)
                ]
                for line in await asyncio.gather(*jobs):
                    print(line, flush=True)
        finally:
            for server in servers:
                if server.process is not None:
                    server.process.stop()


def main(minute: float = 6.0, compare: bool = True, only: str = "") -> None:
    """Measure and print."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"  # the SDKs would use a proxy
    logging.getLogger("shared.adapters.pool").setLevel(logging.ERROR)
    print(f"\nCalls of 300 ms, {_PLACES} in flight; a minute is {minute:g} s, counts alike")
    print(
        "  scenario                                  calls    time   ideal  ratio   429s  lost  |",
        end="",
    )
    print(" plain AsyncOpenAI (max_retries=5): ratio, lost" if compare else "")
    chosen = [scenario for scenario in SCENARIOS if only in scenario.name]
    asyncio.run(_measure(minute, chosen, compare))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minute", type=float, default=6.0, help="length of the service's minute")
    parser.add_argument("--ours", action="store_true", help="leave out the plain client")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    options = parser.parse_args()
    main(options.minute, not options.ours, options.only)
