"""Shards and manifests: sequences come back whole, records change without losing a writer."""

from __future__ import annotations

import asyncio

import pytest

from shared.errors import BlobChanged, BlobNotFound
from shared.services.manifest import (
    Manifest,
    change_manifest,
    create_manifest,
    manifest_name,
    read_manifest,
)
from shared.services.shards import Shards, read_ahead
from tests.shared.services.fakes import MemoryBlobs


@pytest.mark.parametrize(
    ("count", "blobs"), [(0, 0), (1, 1), (49, 1), (50, 1), (51, 2), (1_001, 21)]
)
async def test_a_sequence_comes_back_in_order(count: int, blobs: int) -> None:
    store = MemoryBlobs()
    records = [{"n": n, "text": "line\n\u2028and é"} for n in range(count)]
    await Shards(store).write("run/chunks", records)
    assert len(store.blobs) == blobs
    assert await Shards(store).all("run/chunks") == records
    reader = Shards(store)
    assert [await reader.item("run/chunks", n) for n in range(count)] == records


@pytest.mark.parametrize("count", [0, 49, 50, 51])
async def test_past_the_end_there_is_no_item(count: int) -> None:
    shards = Shards(MemoryBlobs())
    await shards.write("run/chunks", list(range(count)))
    with pytest.raises((IndexError, BlobNotFound)):
        await shards.item("run/chunks", count)


async def test_sequences_whose_names_begin_alike_are_kept_apart() -> None:
    shards = Shards(MemoryBlobs())
    await shards.write("run/chunks", [1])
    await shards.write("run/chunks2", [2])
    assert await shards.all("run/chunks") == [1]


async def test_fifty_items_of_one_shard_read_it_once() -> None:
    store = MemoryBlobs()
    await Shards(store).write("run/chunks", list(range(50)))
    shards = Shards(store)
    assert await asyncio.gather(*(shards.item("run/chunks", n) for n in range(50))) == [*range(50)]
    assert len(store.reads) == 1


async def test_a_shard_that_was_not_there_is_looked_for_again() -> None:
    store = MemoryBlobs()
    shards = Shards(store)
    with pytest.raises(BlobNotFound):
        await shards.item("run/chunks", 0)
    await Shards(store).write("run/chunks", ["late"])
    assert await shards.item("run/chunks", 0) == "late"


async def test_few_shards_are_held_in_memory() -> None:
    shards = Shards(MemoryBlobs())
    await shards.write("run/chunks", list(range(50 * 80)))
    for n in range(0, 50 * 80, 50):
        assert await shards.item("run/chunks", n) == n
    assert len(shards._held) <= 64


async def test_a_manifest_is_made_once() -> None:
    store = MemoryBlobs()
    assert await create_manifest(store, {"run": "r", "n": 1}) is True
    assert await create_manifest(store, {"run": "r", "n": 2}) is False
    assert await read_manifest(store, "r") == {"run": "r", "n": 1}
    with pytest.raises(BlobNotFound):
        await read_manifest(store, "unknown")


async def test_no_change_is_lost_among_many_writers() -> None:
    store = MemoryBlobs()
    await create_manifest(store, {"run": "r", "seen": {}})

    async def write(n: int) -> None:
        def note(manifest: Manifest) -> None:
            manifest["seen"][str(n)] = True

        await change_manifest(store, "r", note)

    await asyncio.gather(*(write(n) for n in range(10)))
    assert len((await read_manifest(store, "r"))["seen"]) == 10


async def test_a_change_that_changes_nothing_writes_nothing() -> None:
    store = MemoryBlobs()
    await create_manifest(store, {"run": "r", "state": "running"})
    _, before = await store.read_versioned(manifest_name("r"))
    await change_manifest(store, "r", lambda manifest: manifest.update(state="running"))
    assert (await store.read_versioned(manifest_name("r")))[1] == before


async def test_an_endless_race_ends_in_an_error_that_may_be_repeated() -> None:
    class Contested(MemoryBlobs):
        async def replace(self, name: str, data: bytes, etag: str) -> None:
            raise BlobChanged("another writer was first")

    store = Contested()
    await create_manifest(store, {"run": "r"})
    with pytest.raises(BlobChanged) as caught:
        await change_manifest(store, "r", lambda manifest: manifest.update(n=1))
    assert caught.value.retryable


async def test_records_written_as_they_come_are_the_shards_of_the_whole() -> None:
    whole, stream = MemoryBlobs(), MemoryBlobs()
    records = list(range(173))
    await Shards(whole).write("run/chunks", records)
    writer = Shards(stream).writer("run/chunks")
    for start in range(0, 173, 7):
        await writer.add(records[start : start + 7])
    await writer.close()
    assert {n: d for n, (d, _) in stream.blobs.items()} == {
        n: d for n, (d, _) in whole.blobs.items()
    }


@pytest.mark.parametrize("count", [0, 49, 50, 51, 230])
async def test_a_sequence_is_gone_through_one_by_one(count: int) -> None:
    shards = Shards(MemoryBlobs())
    await shards.write("run/chunks", list(range(count)))
    assert [record async for record in shards.each("run/chunks")] == list(range(count))


async def test_what_a_longer_sequence_left_behind_is_not_gone_through() -> None:
    shards = Shards(MemoryBlobs())
    await shards.write("run/chunks", list(range(230)))
    await shards.write("run/chunks", list(range(60)))
    found = [record async for record in shards.each("run/chunks", 60)]
    assert found == list(range(60))


async def test_few_shards_are_read_ahead_of_their_use() -> None:
    store = MemoryBlobs()
    await Shards(store).write("run/chunks", list(range(50 * 40)))
    records = Shards(store).each("run/chunks")
    assert await anext(records) == 0
    await asyncio.sleep(0.01)
    assert 1 <= len(store.reads) <= 5
    await records.aclose()


async def test_reading_ahead_keeps_order_and_passes_errors_on() -> None:
    async def read(key: int) -> int:
        await asyncio.sleep(0.01 if key % 2 else 0)
        if key == 7:
            raise ValueError("seven")
        return key

    found = []
    with pytest.raises(ValueError, match="seven"):
        async for value in read_ahead(range(20), read, 4):
            found.append(value)
    assert found == list(range(7))
    assert len(asyncio.all_tasks()) == 1
