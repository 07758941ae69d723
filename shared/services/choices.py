"""Where examples wait, with the documents they will be shown with, between planning and building.

Planning writes them, checking reads a few at a time and leaves its verdicts beside them, building
reads both as streams.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.ports import BlobStore
from shared.raft.examples import Choice, ChoiceVerdict, Example, ShownDocument
from shared.raft.formats import to_jsonl
from shared.services.shards import read_ahead, records_in

_AHEAD = 8


def choices_prefix(run: str) -> str:
    """Where a run's choices are, in shards."""
    return f"{run}/choices"


def drops_prefix(run: str) -> str:
    """Where all that generation and planning dropped is, in shards."""
    return f"{run}/drops"


@dataclass(frozen=True)
class Planned:
    """What building has to know of every choice before it composes the first row.

    `quotes` are those of test examples, [] of the others.
    """

    id: str
    split: str
    quotes: list[str]


def planned_name(run: str) -> str:
    """Where the list of a run's choices is, one line each, in their order."""
    return f"{run}/planned.jsonl"


def planned_line(planned: Planned) -> bytes:
    """The choice's line in the list."""
    return to_jsonl([[planned.id, planned.split, planned.quotes]])


async def read_planned(runs: BlobStore, run: str) -> Iterator[Planned]:
    """The list of a run's choices; raises BlobNotFound before it is planned."""
    data = await runs.read(planned_name(run))
    return (Planned(*json.loads(line)) for line in io.BytesIO(data))


def choice_record(choice: Choice) -> dict[str, Any]:
    """The choice as plain JSON values."""
    return asdict(choice)


def choice_from(record: Mapping[str, Any]) -> Choice:
    """The choice that `choice_record` wrote."""
    shown = {
        name: [ShownDocument(**document) for document in record[name]]
        for name in ("oracles", "distractors", "spares")
    }
    return Choice(**{**record, "example": Example(**record["example"]), **shown})


async def write_verdicts(
    runs: BlobStore, run: str, item: int, verdicts: list[ChoiceVerdict]
) -> str:
    """Keep what checking one item found; returns the blob's name."""
    name = _verdicts_name(run, item)
    await runs.put(name, to_jsonl(asdict(verdict) for verdict in verdicts))
    return name


async def read_verdicts(runs: BlobStore, run: str, items: int) -> AsyncIterator[ChoiceVerdict]:
    """All verdicts of a run, in the order of its choices; none of items that left none: the spec
    does not ask, or the item failed."""
    there = {blob.name for blob in await runs.listing(f"{run}/checks/")}
    names = [name for item in range(items) if (name := _verdicts_name(run, item)) in there]
    async for data in read_ahead(names, runs.read, _AHEAD):
        for record in records_in(data):
            yield ChoiceVerdict(**record)


def _verdicts_name(run: str, item: int) -> str:
    return f"{run}/checks/{item:05}.jsonl"
