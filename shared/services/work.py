"""Paid work: each distinct model call is sent once, stored, and counted where it was made.

A reply is kept in `work/{key}.json`, keyed by everything that shaped it, as soon as it arrives:
a killed activity that runs again finds what it paid for, and another run over the same content
pays nothing. The record names its payer, so that repeating an item gives the same spend again.
Deployments are part of the key by name: pointing a name at another model is not noticed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import weakref
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar, cast

from shared.contracts import Spend
from shared.errors import BlobNotFound, ModelRefusesUs, RunStopped
from shared.ports import BlobStore, Chat, ChatRequest, PaidCalls, Reply, Send
from shared.raft.costs import PriceTable
from shared.raft.formats import to_json

T = TypeVar("T")

_LOOK_EVERY = 1.0  # seconds between looks at a run's stop marker


class StopMarkers:
    """Runs that were told to stop, by a blob that every instance of the app looks at."""

    def __init__(self, runs: BlobStore) -> None:
        self._runs = runs
        self._stopped: dict[str, str] = {}
        self._looked: dict[str, float] = {}

    async def stop(self, run: str, reason: str) -> None:
        """Stop paid calls of the run, here at once and elsewhere within a second."""
        self._stopped.setdefault(run, reason)
        await self._runs.create(_marker(run), to_json({"reason": reason}))

    async def check(self, run: str) -> None:
        """Raise RunStopped when the run has its marker."""
        now = time.monotonic()
        if run not in self._stopped and now - self._looked.get(run, -_LOOK_EVERY) >= _LOOK_EVERY:
            self._looked[run] = now
            try:
                marker = json.loads(await self._runs.read(_marker(run)))
                self._stopped[run] = marker["reason"]
            except BlobNotFound:
                pass
        if run in self._stopped:
            raise RunStopped(f"not sent, the run was stopped: {self._stopped[run]}")


class WorkStore:
    """Stored replies shared by all runs, with one flight per key within this process."""

    def __init__(self, runs: BlobStore, stops: StopMarkers, prices: PriceTable) -> None:
        self._runs = runs
        self._stops = stops
        self.prices = prices
        self._flights: weakref.WeakValueDictionary[str, asyncio.Lock] = (
            weakref.WeakValueDictionary()
        )  # a lock lives as long as someone flies or waits under it

    def item(self, run: str, item: str) -> ItemCalls:
        """The ledger of one item of a run."""
        return ItemCalls(self, run, f"{run}/{item}")

    async def once(
        self, run: str, payer: str, kind: str, shape: Mapping[str, Any], send: Send
    ) -> tuple[Reply, Reply | None]:
        """The reply, and what this payer was billed for it, now or before it was killed."""
        name = f"work/{_key(kind, shape)}.json"
        flight = self._flights.setdefault(name, asyncio.Lock())
        async with flight:
            stored = await self._stored(name)
            if stored is None:
                reply = await self._send(run, send)
                record = {"kind": kind, "payer": payer, "reply": asdict(reply)}
                if await self._runs.create(name, to_json(record)):
                    return reply, reply
                # Another instance was answered first; both were billed, its reply stands.
                stored = await self._stored(name)
                assert stored is not None
                return Reply(**stored["reply"]), reply
            reply = Reply(**stored["reply"])
            return reply, reply if stored["payer"] == payer else None

    async def _send(self, run: str, send: Send) -> Reply:
        try:
            return await send(lambda: self._stops.check(run))
        except ModelRefusesUs as refusal:
            await self._stops.stop(run, refusal.reason)
            raise

    async def _stored(self, name: str) -> Any:
        try:
            return json.loads(await self._runs.read(name))
        except BlobNotFound:
            return None


class ItemCalls:
    """Keeps the promises of `ports.PaidCalls` for one item, and sums what it spent."""

    def __init__(self, store: WorkStore, run: str, payer: str) -> None:
        self._store = store
        self._run = run
        self._payer = payer
        self._counted: set[str] = set()
        self.spend = Spend()

    async def once(self, kind: str, shape: Mapping[str, Any], send: Send) -> Reply:
        """See the port."""
        reply, billed = await self._store.once(self._run, self._payer, kind, shape, send)
        if (key := _key(kind, shape)) not in self._counted:  # ragas asks some things three times
            self._counted.add(key)
            self.spend += _spend_of(billed, self._store.prices) if billed else Spend(reused=1)
        return reply


async def settled(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results, in order. Every one has ended, and been paid for, before the first error that
    any of them raised goes on."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast(list[T], results)


async def ask(
    calls: PaidCalls, kind: str, chat: Chat, request: ChatRequest, *, model: str = ""
) -> Reply:
    """Ask a chat model through the ledger. `model` names what answers better than the
    deployment's name does: a fine-tuned model keeps its answers when it is deployed anew."""
    given = {name: value for name, value in asdict(request).items() if value not in ("", None)}
    shape = {"deployment": model or chat.deployment, "request": given}
    return await calls.once(kind, shape, lambda permit: chat.complete(request, permit))


def _spend_of(reply: Reply, prices: PriceTable) -> Spend:
    usd = prices.call_cost(reply.model, reply.prompt_tokens, reply.completion_tokens)
    return Spend(1, reply.prompt_tokens, reply.completion_tokens, usd)


def _key(kind: str, shape: Mapping[str, Any]) -> str:
    text = json.dumps([kind, shape], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _marker(run: str) -> str:
    return f"{run}/stop.json"
