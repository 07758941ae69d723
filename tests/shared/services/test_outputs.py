"""Blobs written side by side: all are there at the end, none after an error."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any

import pytest

from shared.services.outputs import Outputs
from tests.shared.services.fakes import MemoryBlobs


async def test_each_blob_holds_its_own_batches_in_order() -> None:
    blobs = MemoryBlobs()
    async with Outputs(blobs) as outputs:
        for name in ("a", "b", "empty"):
            outputs.open(name)
        for number in range(20):
            await outputs.write("ab"[number % 2], b"%d " % number)
        assert blobs.blobs == {}
    found = {name: data for name, (data, _) in blobs.blobs.items()}
    assert found == {
        "a": b"0 2 4 6 8 10 12 14 16 18 ",
        "b": b"1 3 5 7 9 11 13 15 17 19 ",
        "empty": b"",
    }


async def test_a_form_turns_batches_into_bytes() -> None:
    async def doubled(batches: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        async for batch in batches:
            yield b"%d " % (2 * batch)
        yield b"end"

    blobs = MemoryBlobs()
    async with Outputs(blobs) as outputs:
        outputs.open("a", doubled)
        await outputs.write("a", 4)
        await outputs.write("a", 5)
    assert await blobs.read("a") == b"8 10 end"


async def test_an_error_in_between_writes_nothing_and_leaves_no_task() -> None:
    blobs = MemoryBlobs()
    with pytest.raises(ValueError, match="in between"):
        async with Outputs(blobs) as outputs:
            outputs.open("a")
            await outputs.write("a", b"one")
            raise ValueError("in between")
    assert blobs.blobs == {}
    assert len(asyncio.all_tasks()) == 1


async def test_an_upload_that_fails_ends_the_writing() -> None:
    class Full(MemoryBlobs):
        async def put_stream(self, name: str, parts: AsyncIterable[bytes]) -> None:
            async for part in parts:
                if part == b"3":
                    raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        async with Outputs(Full()) as outputs:
            outputs.open("a")
            outputs.open("b")
            for number in range(100):
                await outputs.write("a", b"%d" % number)
    assert len(asyncio.all_tasks()) == 1
