"""Shelves give back what was put on them, and are gone when the step is."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import pytest

from shared.raft.documents import Chunk
from shared.services.scratch import ChunksOnShelf, Scratch, to_record


@pytest.fixture(autouse=True)
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_records_are_found_by_place_and_gone_through_in_order() -> None:
    with Scratch() as scratch:
        first, second = scratch.shelf("first"), scratch.shelf("second")
        first.add([b"a", b"\x00\xff"])
        first.add([b"c"])
        second.put([(7, b"seven"), (3, b"three")])
        assert [first[2], first[1], second[7]] == [b"c", b"\x00\xff", b"seven"]
        assert list(first) == [b"a", b"\x00\xff", b"c"]
        assert list(second) == [b"three", b"seven"]
        assert len(first) == 3


def test_a_shelf_may_be_read_while_another_is_written() -> None:
    with Scratch() as scratch:
        first, second = scratch.shelf("first"), scratch.shelf("second")
        first.add([b"%d" % n for n in range(5_000)])
        for record in first:
            second.add([record * 2])
        assert second[4_999] == b"49994999"


def test_chunks_are_taken_from_their_places() -> None:
    chunks = [Chunk(f"d#{n}", f"é {n}", "d", [n], n, "A > B") for n in range(9)]
    with Scratch() as scratch:
        shelf = scratch.shelf("chunks")
        shelf.add(to_record(asdict(chunk)) for chunk in chunks)
        some = ChunksOnShelf(shelf, [1, 4, 8])
        assert list(some) == [chunks[1], chunks[4], chunks[8]]
        assert (some[1], len(some)) == (chunks[4], 3)


def test_nothing_is_left_on_disk(rooms: Path) -> None:
    with pytest.raises(ValueError, match="in between"), Scratch() as scratch:
        scratch.shelf("one").add([b"x" * 10_000_000])
        assert sum(path.stat().st_size for path in rooms.rglob("*.db")) > 5_000_000
        raise ValueError("in between")
    assert list(rooms.iterdir()) == []
