"""Runs in their order without reading them, and those that the index missed."""

from __future__ import annotations

from typing import Any

from shared.raft.formats import to_json
from shared.services.run_index import RunIndex
from tests.shared.services.fakes import MemoryBlobs


def manifest(run: str, second: int) -> dict[str, Any]:
    return {"run": run, "created": f"2026-01-01T00:00:{second:02}+00:00"}


async def test_runs_come_newest_first_and_once() -> None:
    index = RunIndex(MemoryBlobs())
    for run, second in (("b-1", 1), ("a-1", 3), ("c-1", 2), ("a-1", 3)):
        await index.add(manifest(run, second))
    assert await index.newest_first(3) == ["a-1", "c-1", "b-1"]


async def test_runs_that_the_index_missed_are_found_once_and_taken_in() -> None:
    blobs = MemoryBlobs()
    index = RunIndex(blobs)
    await index.add(manifest("new-1", 5))
    await blobs.put("old-1/manifest.json", to_json(manifest("old-1", 1)))
    await blobs.put("gone-1/stop.json", b"{}")
    await blobs.put("work/key.json", b"{}")
    assert await index.newest_first(10) == ["new-1", "old-1"]
    blobs.reads.clear()
    assert await index.newest_first(2) == ["new-1", "old-1"]
    assert blobs.reads == []
