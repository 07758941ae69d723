"""What people read of a run's results: records, and rows of its dataset by the page.

`rows.jsonl` may hold a hundred thousand rows. It is read through once, a part at a time, to learn
where each row stands; a page then reads only its own rows. Finished datasets never change, so what
was learnt is kept, for a few runs.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.errors import SpecError
from shared.ports import BlobStore
from shared.raft.splitting import SPLITS
from shared.services.runs import checked_id

MOST_ROWS = 100
_PAGE_BYTES = 4 * 1024 * 1024
_PART = 4 * 1024 * 1024
_GAP = 64 * 1024  # rows nearer to each other than this are read in one go
_HELD = 4


class BlobParts(Protocol):
    """Reads parts of blobs of one container."""

    async def read_part(self, name: str, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`, b"" from the end on; raises BlobNotFound."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in its file, and what it can be found by. `group` is its split, or the
    code for which it was dropped. `documents` hold its answer; of a row that does not show them
    they are known by the name of its first chunk alone."""

    offset: int
    length: int
    group: str
    kind: str
    documents: tuple[str, ...]


Finder = Callable[[dict[str, Any], int, int], Place]


class ResultViews:
    """Use cases of reading results; they write nothing."""

    def __init__(self, runs: BlobStore, parts: BlobParts) -> None:
        self._runs = runs
        self._parts = parts
        self._indices: OrderedDict[str, asyncio.Task[list[Place]]] = OrderedDict()

    async def report(self, run: str) -> bytes:
        """report.json as it is stored; raises BlobNotFound until it is written."""
        return await self._runs.read(f"{checked_id(run)}/report.json")

    async def scores(self, run: str) -> dict[str, Any]:
        """The record scores.json; raises BlobNotFound until both models were compared."""
        scores: dict[str, Any] = json.loads(
            await self._runs.read(f"{checked_id(run)}/evaluation/scores.json")
        )
        return scores

    async def rows(
        self,
        run: str,
        *,
        split: str = "",
        kind: str = "",
        document: str = "",
        offset: int = 0,
        limit: int = 20,
    ) -> dict[str, Any]:
        """A page of rows as in rows.jsonl: {run, total, offset, next, splits, kinds, rows}.

        '' takes any; `document` is a blob's name, as in bank/fees.pdf. `total` counts what was
        asked for, `splits` and `kinds` count all rows; `next` is the offset of the following page,
        None on the last. A page ends early before it is over 4 MB. Raises BlobNotFound until the
        dataset is written, SpecError on a wrong split, limit or offset.
        """
        if split and split not in SPLITS:
            raise SpecError("split", f"must be one of {', '.join(SPLITS)}")
        name = f"{checked_id(run)}/dataset/rows.jsonl"
        return {"run": run} | await self._page(
            *(name, _row_place, "splits", split, kind, document, offset, limit)
        )

    async def dropped(
        self,
        run: str,
        *,
        code: str = "",
        kind: str = "",
        document: str = "",
        offset: int = 0,
        limit: int = 20,
    ) -> dict[str, Any]:
        """A page of dropped.jsonl, as `rows` gives one, with `codes` in place of `splits`."""
        name = f"{checked_id(run)}/dataset/dropped.jsonl"
        return {"run": run} | await self._page(
            *(name, _dropped_place, "codes", code, kind, document, offset, limit)
        )

    async def _page(
        self,
        name: str,
        finder: Finder,
        groups: str,
        group: str,
        kind: str,
        document: str,
        offset: int,
        limit: int,
    ) -> dict[str, Any]:
        if not 1 <= limit <= MOST_ROWS:
            raise SpecError("limit", f"must be from 1 to {MOST_ROWS}")
        if offset < 0:
            raise SpecError("offset", "must not be under 0")
        places = await self._index(name, finder)
        found = [
            place
            for place in places
            if group in ("", place.group)
            and kind in ("", place.kind)
            and (not document or document in place.documents)
        ]
        shown = _bounded(found[offset : offset + limit])
        rows = [row async for row in self._read(name, shown)]
        after = offset + len(shown)
        return {
            "total": len(found),
            "offset": offset,
            "next": after if shown and after < len(found) else None,
            groups: dict(Counter(place.group for place in places)),
            "kinds": dict(Counter(place.kind for place in places)),
            "rows": rows,
        }

    async def _read(self, name: str, places: Sequence[Place]) -> AsyncIterator[Any]:
        for group in _neighbours(places):
            start, end = group[0].offset, group[-1].offset + group[-1].length
            data = await self._parts.read_part(name, start, end - start)
            for place in group:
                at = place.offset - start
                yield json.loads(data[at : at + place.length])

    async def _index(self, name: str, finder: Finder) -> list[Place]:
        task = self._indices.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._scan(name, finder))
            self._indices[name] = task
            while len(self._indices) > _HELD:
                self._indices.popitem(last=False)
        return await asyncio.shield(task)

    async def _scan(self, name: str, finder: Finder) -> list[Place]:
        places: list[Place] = []
        offset, rest = 0, b""
        while part := await self._parts.read_part(name, offset, _PART):
            begin, offset = offset - len(rest), offset + len(part)
            lines, _, rest = (rest + part).rpartition(b"\n")
            places += await asyncio.to_thread(_places, lines, begin, finder)
        return places


def _places(lines: bytes, offset: int, finder: Finder) -> list[Place]:
    """The rows in whole lines that begin at `offset` of the file."""
    places = []
    for line in lines.split(b"\n"):
        if line:
            places.append(finder(json.loads(line), offset, len(line)))
        offset += len(line) + 1
    return places


def _row_place(row: dict[str, Any], offset: int, length: int) -> Place:
    oracles = {row["documents"][at]["document"] for at in row["oracles"]}
    source = row["id"].rpartition("#")[0]
    documents = tuple(sys.intern(name) for name in sorted(oracles or {source}))
    return Place(offset, length, sys.intern(row["split"]), sys.intern(row["kind"]), documents)


def _dropped_place(row: dict[str, Any], offset: int, length: int) -> Place:
    document = row["chunk"].rpartition("#")[0]
    return Place(
        offset,
        length,
        sys.intern(row["code"]),
        sys.intern(row["kind"]),
        (sys.intern(document),),
    )


def _bounded(places: Sequence[Place]) -> Sequence[Place]:
    """The first places, up to a page's bytes; always one."""
    size = 0
    for count, place in enumerate(places):
        size += place.length
        if count and size > _PAGE_BYTES:
            return places[:count]
    return places


def _neighbours(places: Sequence[Place]) -> Iterator[list[Place]]:
    """Places that are read in one go."""
    group: list[Place] = []
    for place in places:
        if group and place.offset - (group[-1].offset + group[-1].length) > _GAP:
            yield group
            group = []
        group.append(place)
    if group:
        yield group
