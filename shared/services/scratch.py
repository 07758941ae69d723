"""Records of one step that are asked for at random and are too many for memory: on disk, for now.

A SQLite file in a temporary folder, with a bounded page cache; it is gone when the step ends,
however it ends. An instance on Azure has about a gigabyte of such room.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

from shared.raft.documents import Chunk

_CACHE_KILOBYTES = 8 * 1024


class Scratch:
    """A context manager that makes shelves. One thread at a time may use what is on them."""

    def __enter__(self) -> Scratch:
        self._folder = TemporaryDirectory(prefix="raft-")
        path = Path(self._folder.name) / "scratch.db"
        self._data = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A file that no one opens again needs no journal.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KILOBYTES}"):
            self._data.execute(f"PRAGMA {pragma}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._data.close()
        self._folder.cleanup()

    def shelf(self, name: str) -> Shelf:
        """An empty shelf; `name` is a word of our own."""
        self._data.execute(f"CREATE TABLE {name} (position INTEGER PRIMARY KEY, record BLOB)")
        return Shelf(self._data, name)


class Shelf:
    """Byte strings by position."""

    def __init__(self, data: sqlite3.Connection, name: str) -> None:
        self._data = data
        self._name = name
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, records: Iterable[bytes]) -> None:
        """Put records at the next positions."""
        self.put(enumerate(records, self._size))

    def put(self, records: Iterable[tuple[int, bytes]]) -> None:
        """Put records at these positions."""
        before = self._data.total_changes
        self._data.execute("BEGIN")
        self._data.executemany(f"INSERT INTO {self._name} VALUES (?, ?)", records)
        self._data.execute("COMMIT")
        self._size += self._data.total_changes - before

    def __getitem__(self, position: int) -> bytes:
        query = f"SELECT record FROM {self._name} WHERE position = ?"
        (record,) = self._data.execute(query, (position,)).fetchone()
        return bytes(record)

    def __iter__(self) -> Iterator[bytes]:
        query = f"SELECT record FROM {self._name} ORDER BY position"
        for (record,) in self._data.execute(query):
            yield bytes(record)


class ChunksOnShelf(Sequence[Chunk]):
    """Some of the chunks that stand on a shelf, by their positions there."""

    def __init__(self, shelf: Shelf, positions: Sequence[int]) -> None:
        self._shelf = shelf
        self._positions = positions

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, index: Any) -> Any:
        return Chunk(**json.loads(self._shelf[self._positions[index]]))


def to_record(value: Any) -> bytes:
    """A record as a shelf takes it."""
    return json.dumps(value, ensure_ascii=False).encode()
