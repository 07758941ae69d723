"""Choices and verdicts come back as they were left, in order, whatever is missing between them."""

from __future__ import annotations

import json

import pytest

from shared.errors import BlobNotFound
from shared.raft.examples import Choice, ChoiceVerdict, Example, ShownDocument
from shared.services.choices import (
    Planned,
    choice_from,
    choice_record,
    planned_line,
    planned_name,
    read_planned,
    read_verdicts,
    write_verdicts,
)
from tests.shared.services.fakes import MemoryBlobs


def test_a_choice_survives_its_record() -> None:
    shown = [ShownDocument(name, f"é {name}\u2028", "d", [1, 2], "A > B") for name in "abcd"]
    example = Example("d#0/0", "d#0", "What?", "why", "so", ["q"], "multi_hop", "d#1")
    choice = Choice(example, "train", "d#0", shown[:2], shown[2:3], shown[3:])
    assert choice_from(json.loads(json.dumps(choice_record(choice)))) == choice


async def test_verdicts_come_in_the_order_of_their_items_and_gaps_are_no_trouble() -> None:
    blobs = MemoryBlobs()
    for item in (7, 0, 3, 12):
        verdicts = [ChoiceVerdict(f"{item}/{n}", [f"c{n}"], "", "\u2028") for n in range(3)]
        await write_verdicts(blobs, "run", item, verdicts)
    await write_verdicts(blobs, "run2", 1, [ChoiceVerdict("other")])
    found = [verdict async for verdict in read_verdicts(blobs, "run", 10)]
    assert [verdict.id for verdict in found] == [f"{i}/{n}" for i in (0, 3, 7) for n in range(3)]
    assert found[0] == ChoiceVerdict("0/0", ["c0"], "", "\u2028")


async def test_a_run_that_was_not_checked_has_no_verdicts() -> None:
    assert [verdict async for verdict in read_verdicts(MemoryBlobs(), "run", 5)] == []


async def test_the_list_of_choices_comes_back() -> None:
    blobs = MemoryBlobs()
    planned = [Planned("d#0/0", "train", []), Planned("d#1/0", "test", ["a \u2028 b", "\x85"])]
    await blobs.put(planned_name("run"), b"".join(map(planned_line, planned)))
    assert list(await read_planned(blobs, "run")) == planned
    with pytest.raises(BlobNotFound):
        await read_planned(blobs, "other")
