"""What the settings show: oracles replaced in their places, distractors nested, search in order."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shared.raft.distractors import DistractorPool
from shared.raft.documents import Chunk
from shared.raft.examples import Row, ShownDocument
from shared.raft.metrics import DISTRACTORS, NO_ORACLE, OPEN_BOOK
from shared.raft.sheets import (
    Item,
    further_distractors,
    with_distractors,
    with_nothing,
    with_retrieved,
    without_oracle,
)

THINGS = "kettle ladder mirror needle orchid pillow quiver ribbon saddle teapot urchin violin"
CHUNKS = [
    Chunk(f"d#{n}", f"The {thing} costs {n} pounds in shop {n}.", "d", [1], 12)
    for n, thing in enumerate(THINGS.split())
]
POOL = DistractorPool(CHUNKS)


def shown(*numbers: int) -> list[ShownDocument]:
    return [ShownDocument(CHUNKS[n].id, CHUNKS[n].text, "d", [1]) for n in numbers]


def row(*documents: int, oracles: tuple[int, ...] = (2,), name: str = "r") -> Row:
    """A row over chunks by number; its question is about the first oracle."""
    about = THINGS.split()[oracles[0]]
    return Row(
        id=name,
        split="test",
        group="d#0",
        question=f"What does the {about} cost?",
        documents=shown(*documents),
        oracles=[documents.index(oracle) for oracle in oracles],
        label="x",
        answer="x",
        final=f"{oracles[0]} pounds",
        quotes=[f"The {about} costs {oracles[0]} pounds"],
    )


def numbers(shown: Row) -> list[int]:
    return [int(document.chunk.removeprefix("d#")) for document in shown.documents]


def test_further_distractors_are_new_and_hold_no_answer() -> None:
    one = row(0, 2, 1)
    found = further_distractors(one, POOL, 20, 1, "mixed")
    assert {document.chunk for document in found} == {c.id for c in CHUNKS} - {"d#0", "d#1", "d#2"}
    assert further_distractors(one, POOL, 4, 1, "mixed") == further_distractors(
        one, POOL, 4, 1, "mixed"
    )
    assert len(further_distractors(one, POOL, 4, 1, "random")) == 4


def test_oracles_are_replaced_where_they_stood() -> None:
    without = without_oracle(row(0, 2, 1, 3, oracles=(2, 3)), shown(5, 6, 7))
    assert without is not None
    assert (numbers(without), without.oracles) == ([0, 5, 1, 6], [])
    assert not without.shows_oracle


def test_without_enough_distractors_there_is_no_such_sheet() -> None:
    assert without_oracle(row(0, 2), []) is None
    assert with_distractors(row(0, 2), 3, shown(5), 1) is None


def test_as_many_distractors_as_the_row_has_is_the_row_itself() -> None:
    one = row(4, 2, 1, 0)
    assert with_distractors(one, 3, shown(5, 6), 1) == one


def test_fewer_distractors_are_part_of_more() -> None:
    one, further = row(4, 2, 1, 0), shown(5, 6, 7, 8)
    sheets = [with_distractors(one, count, further, 1) for count in range(8)]
    kept = [numbers(sheet) for sheet in sheets if sheet is not None]
    assert [len(each) for each in kept] == list(range(1, 9))
    for less, more in pairwise(kept):
        assert [each for each in more if each in less] == less
    for sheet in sheets:
        assert sheet is not None
        assert [numbers(sheet)[place] for place in sheet.oracles] == [2]


@pytest.mark.parametrize("count", [1, 5])
def test_the_oracle_stands_anywhere(count: int) -> None:
    places: list[int] = []
    for n in range(400):
        order = [(0, 1, 2)[(n + at) % 3] for at in range(3)]
        sheet = with_distractors(row(*order, name=f"r{n}"), count, shown(5, 6, 7), 1)
        assert sheet is not None
        places += sheet.oracles
    mean = count / 2
    spread = ((count + 1) ** 2 - 1) ** 0.5 / 12**0.5 / 400**0.5
    assert sum(places) / 400 == pytest.approx(mean, abs=4 * spread)


def test_a_search_shows_what_it_finds_best_first() -> None:
    found = with_retrieved(row(0, 2, 1), POOL, 3)
    assert numbers(found)[0] == 2
    assert (len(found.documents), found.oracles) == (3, [0])
    missed = with_retrieved(row(0, 2, 1), DistractorPool(CHUNKS[3:]), 3)
    assert missed.oracles == []


def test_nothing_is_the_bare_question() -> None:
    assert (with_nothing(row(0, 2)).documents, with_nothing(row(0, 2)).oracles) == ([], [])


def test_answers_of_a_setting_are_beside_each_other() -> None:
    items = [
        Item(OPEN_BOOK, -1, 0, "student"),
        Item(NO_ORACLE, -1, 0, "student"),
        Item(DISTRACTORS, 0, 0, "student"),
    ]
    assert [item.folder for item in items] == [
        "student",
        "student/no_oracle",
        "student/distractors_0",
    ]
