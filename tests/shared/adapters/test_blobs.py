"""The promises of `ports.BlobStore`, kept alike by Azure storage and by the store of the tests."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.errors import BlobChanged, BlobNotFound
from shared.ports import BlobStore
from shared.settings import Storage
from tests.shared.services.fakes import MemoryBlobs


@pytest.fixture(params=["azure", "memory"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[BlobStore]:
    """A store whose container does not exist yet."""
    if request.param == "memory":
        yield MemoryBlobs()
        return
    storage = Storage(request.getfixturevalue("storage"))
    async with connect_storage(storage) as service:
        yield AzureBlobStore(service, f"blobs-{uuid.uuid4().hex}")


async def test_nothing_is_there_before_the_container_is_made(store: BlobStore) -> None:
    assert await store.listing() == []
    assert await store.listing("a/") == []
    assert await store.folders() == []
    assert not await store.exists("a/b")
    for reading in (store.read, store.read_versioned):
        with pytest.raises(BlobNotFound, match="a/b"):
            await reading("a/b")


@pytest.mark.parametrize("write", ["put", "create"])
async def test_the_first_write_makes_the_container(store: BlobStore, write: str) -> None:
    await getattr(store, write)("a/b", b"one")
    assert await store.read("a/b") == b"one"
    assert await store.exists("a/b")


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"x" * 5_000_000], ids=len)
async def test_bytes_come_back_as_they_were_written(store: BlobStore, data: bytes) -> None:
    await store.put("some name/é #?%.pdf", data)
    assert await store.read("some name/é #?%.pdf") == data
    assert [blob.name for blob in await store.listing()] == ["some name/é #?%.pdf"]


async def test_create_writes_once_and_never_overwrites(store: BlobStore) -> None:
    assert await store.create("a", b"first") is True
    assert await store.create("a", b"second") is False
    assert await store.read("a") == b"first"


async def test_of_many_creators_at_once_exactly_one_wrote(store: BlobStore) -> None:
    written = await asyncio.gather(*(store.create("a", b"%d" % n) for n in range(12)))
    assert written.count(True) == 1
    assert await store.read("a") == b"%d" % written.index(True)


async def test_many_first_writers_of_one_container_all_write(store: BlobStore) -> None:
    await asyncio.gather(*(store.put(f"a/{n:02}", b"%d" % n) for n in range(12)))
    assert len(await store.listing("a/")) == 12


async def test_replace_takes_the_version_it_was_read_as(store: BlobStore) -> None:
    await store.put("a", b"one")
    data, etag = await store.read_versioned("a")
    await store.replace("a", data + b" two", etag)
    assert await store.read("a") == b"one two"


async def test_replace_of_a_stale_version_is_refused_and_changes_nothing(store: BlobStore) -> None:
    await store.put("a", b"one")
    _, stale = await store.read_versioned("a")
    await store.put("a", b"two")
    with pytest.raises(BlobChanged):
        await store.replace("a", b"three", stale)
    assert await store.read("a") == b"two"


async def test_replace_of_a_missing_blob_is_refused(store: BlobStore) -> None:
    await store.put("other", b"")
    _, etag = await store.read_versioned("other")
    with pytest.raises(BlobChanged):
        await store.replace("a", b"one", etag)
    assert not await store.exists("a")


async def test_of_many_replacers_of_one_version_exactly_one_wins(store: BlobStore) -> None:
    await store.put("a", b"")
    _, etag = await store.read_versioned("a")
    tries = (store.replace("a", b"%d" % n, etag) for n in range(8))
    ends = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [BlobChanged] * 7


async def test_put_overwrites(store: BlobStore) -> None:
    await store.put("a", b"one")
    await store.put("a", b"two")
    assert await store.read("a") == b"two"


async def test_a_listing_is_by_name_with_etags_that_change_with_each_write(
    store: BlobStore,
) -> None:
    for name in ("b/2", "a", "b/10", "bc/1", "b"):
        await store.put(name, name.encode())
    assert [blob.name for blob in await store.listing()] == ["a", "b", "b/10", "b/2", "bc/1"]
    before = {blob.name: blob for blob in await store.listing("b/")}
    assert list(before) == ["b/10", "b/2"]
    assert before["b/10"].size == 4
    await store.put("b/2", b"b/2")
    after = {blob.name: blob for blob in await store.listing("b/")}
    assert after["b/2"].etag != before["b/2"].etag
    assert after["b/10"] == before["b/10"]


async def test_a_listed_etag_is_the_one_that_is_read(store: BlobStore) -> None:
    """A document's version is taken from the listing and compared when it is read."""
    await store.put("a", b"one")
    _, etag = await store.read_versioned("a")
    (listed,) = await store.listing()
    assert listed.etag.strip('"') == etag.strip('"')


async def test_folders_are_the_first_segments_each_once(store: BlobStore) -> None:
    for name in ("b/2", "b/x/1", "a/1", "root.pdf", "a b/1"):
        await store.put(name, b"")
    assert await store.folders() == ["a", "a b", "b"]


async def parts_of(*sizes: int) -> AsyncIterator[bytes]:
    for number, size in enumerate(sizes):
        yield bytes([number % 251]) * size


@pytest.mark.parametrize(
    "sizes",
    [(), (0,), (1,), (1_048_576,), (700_000,) * 5, (3_500_000, 1), (1,) * 3_000],
    ids=lambda sizes: f"{len(sizes)}x{sum(sizes)}",
)
async def test_a_stream_comes_back_as_the_parts_in_order(
    store: BlobStore, sizes: tuple[int, ...]
) -> None:
    await store.put_stream("a/b", parts_of(*sizes))
    assert await store.read("a/b") == b"".join([part async for part in parts_of(*sizes)])


async def test_a_stream_overwrites_whatever_was_there(store: BlobStore) -> None:
    await store.put("a", b"one")
    await store.put_stream("a", parts_of(3_000_000))
    assert len(await store.read("a")) == 3_000_000
    await store.put_stream("a", parts_of(5))
    assert await store.read("a") == bytes(5)
    await store.put("a", b"put")
    assert await store.read("a") == b"put"


async def test_nothing_is_seen_of_a_stream_until_it_is_whole(store: BlobStore) -> None:
    async def looked_at() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 1_200_000
            assert not await store.exists("new")
            assert await store.listing() == before
            assert await store.read("old") == b"one"

    await store.put("old", b"one")
    before = await store.listing()
    await store.put_stream("new", looked_at())
    assert len(await store.read("new")) == 4_800_000


async def test_a_stream_that_breaks_off_leaves_the_blob_as_it_was(store: BlobStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 2_500_000
        raise ValueError("no more")

    await store.put("old", b"one")
    for name in ("old", "new"):
        with pytest.raises(ValueError, match="no more"):
            await store.put_stream(name, broken())
    assert await store.read("old") == b"one"
    assert not await store.exists("new")


async def test_two_streams_of_the_same_bytes_do_not_disturb_each_other(store: BlobStore) -> None:
    """An activity that was thought lost may run beside its second try."""
    turn = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 1_048_576
        await turn.wait()  # the other has been committed, and staged blocks are forgotten
        yield b"y" * 1_048_576

    async def quick() -> AsyncIterator[bytes]:
        yield b"x" * 1_048_576
        yield b"y" * 1_048_576

    first = asyncio.create_task(store.put_stream("a", slow()))
    await asyncio.sleep(0.1)
    await store.put_stream("a", quick())
    turn.set()
    await first
    assert await store.read("a") == b"x" * 1_048_576 + b"y" * 1_048_576


async def test_of_two_streams_of_other_bytes_one_is_there_whole(store: BlobStore) -> None:
    turn = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 1_048_576
        await turn.wait()
        yield b"y" * 1_048_576

    first = asyncio.create_task(store.put_stream("a", slow()))
    await asyncio.sleep(0.1)
    await store.put_stream("a", parts_of(2_000_000))
    turn.set()
    (end,) = await asyncio.gather(first, return_exceptions=True)
    assert end is None or (isinstance(end, BlobChanged) and end.retryable)
    assert await store.read("a") in (bytes(2_000_000), b"x" * 1_048_576 + b"y" * 1_048_576)


@pytest.mark.parametrize("secret", ["AccountKey=a2V5;", "SharedAccessSignature=sv=1&sig=a2V5;"])
async def test_a_blobs_url_names_it_and_carries_no_secret(secret: str) -> None:
    connection = f"{secret}AccountName=a;BlobEndpoint=https://a.blob.core.windows.net;"
    async with connect_storage(Storage(connection)) as service:
        url = AzureBlobStore(service, "runs").url("training/raft 1.jsonl")
    assert url == "https://a.blob.core.windows.net/runs/training/raft%201.jsonl"
