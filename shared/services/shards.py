"""Long sequences of records as blobs of fifty: an activity reads the shard of its item only.

Shards of a run never change once written, so they are held in memory, a few at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from shared.ports import BlobStore
from shared.raft.formats import to_jsonl

SHARD = 50
_HELD = 64


class Shards:
    """Reads items and whole sequences; one instance serves the process."""

    def __init__(self, runs: BlobStore) -> None:
        self._runs = runs
        self._held: OrderedDict[str, asyncio.Task[list[Any]]] = OrderedDict()

    async def write(self, prefix: str, records: Sequence[Any]) -> None:
        """Write all shards of a sequence."""
        for start in range(0, len(records), SHARD):
            name = _shard_name(prefix, start // SHARD)
            await self._runs.put(name, to_jsonl(records[start : start + SHARD]))

    async def item(self, prefix: str, index: int) -> Any:
        """One record; IndexError or BlobNotFound past the end."""
        shard = await self._shard(_shard_name(prefix, index // SHARD))
        return shard[index % SHARD]

    async def all(self, prefix: str) -> list[Any]:
        """The whole sequence."""
        blobs = await self._runs.listing(f"{prefix}/")
        parts = [_records(await self._runs.read(blob.name)) for blob in blobs]
        return [record for part in parts for record in part]

    async def _shard(self, name: str) -> list[Any]:
        task = self._held.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._load(name))
            self._held[name] = task
            while len(self._held) > _HELD:
                self._held.popitem(last=False)
        return await asyncio.shield(task)

    async def _load(self, name: str) -> list[Any]:
        return _records(await self._runs.read(name))


def _records(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().split("\n") if line]


def _shard_name(prefix: str, number: int) -> str:
    return f"{prefix}/{number:05}.jsonl"
