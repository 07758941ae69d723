"""Long sequences of records as blobs of fifty: an activity reads the shard of its item only.

Shards of a run never change once written, so they are held in memory, a few at a time; what goes
through a whole sequence reads a few shards ahead and holds no more than those.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from shared.errors import BlobNotFound
from shared.ports import BlobStore
from shared.raft.formats import to_jsonl

SHARD = 50
_HELD = 64
_AHEAD = 4
_WRITERS = 4

T = TypeVar("T")
K = TypeVar("K")


class Shards:
    """Reads items and whole sequences; one instance serves the process."""

    def __init__(self, runs: BlobStore) -> None:
        self._runs = runs
        self._held: OrderedDict[str, asyncio.Task[list[Any]]] = OrderedDict()

    async def write(self, prefix: str, records: Sequence[Any]) -> None:
        """Write all shards of a sequence."""
        writer = self.writer(prefix)
        await writer.add(records)
        await writer.close()

    def writer(self, prefix: str) -> ShardWriter:
        """Writes a sequence as its records come."""
        return ShardWriter(self._runs, prefix)

    async def item(self, prefix: str, index: int) -> Any:
        """One record; IndexError or BlobNotFound past the end."""
        shard = await self._shard(_shard_name(prefix, index // SHARD))
        return shard[index % SHARD]

    async def some(self, prefix: str, first: int, count: int) -> list[Any]:
        """Up to `count` records from `first` on: fewer at the sequence's end."""
        records = []
        for index in range(first, first + count):
            try:
                records.append(await self.item(prefix, index))
            except (IndexError, BlobNotFound):
                break
        return records

    async def all(self, prefix: str) -> list[Any]:
        """The whole sequence."""
        return [record async for record in self.each(prefix)]

    async def each(self, prefix: str, count: int | None = None) -> AsyncIterator[Any]:
        """The records of a sequence, one by one. With `count` only so many: what an earlier,
        longer sequence left behind them is not looked at."""
        async for data in self.blobs(prefix, count):
            for record in records_in(data):
                yield record

    async def blobs(self, prefix: str, count: int | None = None) -> AsyncIterator[bytes]:
        """The shards of a sequence as they are stored, for `records_in`."""
        if count is None:
            names = [blob.name for blob in await self._runs.listing(f"{prefix}/")]
        else:
            names = [_shard_name(prefix, number) for number in range(-(-count // SHARD))]
        async for data in read_ahead(names, self._runs.read, _AHEAD):
            yield data

    async def _shard(self, name: str) -> list[Any]:
        task = self._held.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._load(name))
            self._held[name] = task
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return await asyncio.shield(task)

    async def _load(self, name: str) -> list[Any]:
        return list(records_in(await self._runs.read(name)))


class ShardWriter:
    """One sequence in the writing; `close` it, or its last shard is missing."""

    def __init__(self, runs: BlobStore, prefix: str) -> None:
        self._runs = runs
        self._prefix = prefix
        self._waiting: list[Any] = []
        self._writing: deque[asyncio.Task[None]] = deque()
        self._number = 0

    async def add(self, records: Iterable[Any]) -> None:
        """The next records."""
        for record in records:
            self._waiting.append(record)
            if len(self._waiting) == SHARD:
                await self._put(self._waiting)
                self._waiting = []

    async def close(self) -> None:
        """Write what is left, and wait for all of it."""
        if self._waiting:
            await self._put(self._waiting)
        while self._writing:
            await self._writing.popleft()

    async def _put(self, records: Sequence[Any]) -> None:
        name = _shard_name(self._prefix, self._number)
        self._number += 1
        while len(self._writing) >= _WRITERS:
            await self._writing.popleft()
        self._writing.append(asyncio.create_task(self._runs.put(name, to_jsonl(records))))


async def read_ahead(
    keys: Iterable[K], read: Callable[[K], Awaitable[T]], places: int
) -> AsyncIterator[T]:
    """What `read` gives for each key, in order, with a few reads under way at a time."""
    flights: deque[asyncio.Future[T]] = deque()
    try:
        for key in keys:
            flights.append(asyncio.ensure_future(read(key)))
            if len(flights) >= places:
                yield await flights.popleft()
        while flights:
            yield await flights.popleft()
    finally:
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)


def records_in(data: bytes) -> Iterator[Any]:
    """The records of a file of JSON lines."""
    return (json.loads(line) for line in data.decode().split("\n") if line)


def _shard_name(prefix: str, number: int) -> str:
    return f"{prefix}/{number:05}.jsonl"
