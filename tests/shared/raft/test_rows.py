"""Rows of two oracles, replaced distractors, and labels of rows without their oracles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shared.raft.answers import abstention, parse_answer
from shared.raft.examples import Choice, Example, ShownDocument
from shared.raft.rows import compose_row, label_without_oracle, replaced_distractors


def documents(*names: str) -> list[ShownDocument]:
    return [ShownDocument(name, f"text of {name}") for name in names]


EXAMPLE = Example("d#0/0", "d#0", "What?", "why", "so", [], "multi_hop", "d#1")
CHOICE = Choice(
    EXAMPLE,
    "train",
    "d#0",
    documents("d#0", "d#1"),
    documents("a", "b", "c", "d", "e"),
    documents("x", "y", "z"),
)


def names(shown: list[ShownDocument]) -> list[str]:
    return [document.chunk for document in shown]


def test_both_oracles_stand_where_the_row_says_the_examples_own_first() -> None:
    for seed in range(30):
        row = compose_row(CHOICE, CHOICE.distractors[:4], label=None, seed=seed)
        assert [row.documents[place].chunk for place in row.oracles] == ["d#0", "d#1"]
        assert sorted(names(row.documents)) == sorted(["a", "b", "c", "d", "d#0", "d#1"])
        assert (row.label, row.kind, row.shows_oracle) == ("why", "multi_hop", True)


def test_without_oracles_neither_is_shown() -> None:
    row = compose_row(CHOICE, CHOICE.distractors, label="unknown", seed=1)
    assert sorted(names(row.documents)) == ["a", "b", "c", "d", "e"]
    assert (row.oracles, row.label, row.answer) == ([], "unknown", "why")
    assert not row.shows_oracle


def test_two_oracles_stand_anywhere() -> None:
    rows = [
        compose_row(
            replace(CHOICE, example=replace(EXAMPLE, id=f"d#0/{n}")),
            CHOICE.distractors[:4],
            label=None,
            seed=42,
        )
        for n in range(1_500)
    ]
    counts = np.bincount([place for row in rows for place in row.oracles], minlength=6)
    expected = len(rows) * 2 / 6
    assert ((counts - expected) ** 2 / expected).sum() < 20.5  # 5 degrees, p = 0.001


def test_spares_stand_in_for_what_is_replaced_in_their_order() -> None:
    assert names(replaced_distractors(CHOICE, [])) == ["a", "b", "c", "d", "e"]
    assert names(replaced_distractors(CHOICE, ["b", "d"])) == ["a", "x", "c", "y", "e"]
    assert names(replaced_distractors(CHOICE, ["b", "x"])) == ["a", "y", "c", "d", "e"]
    assert names(replaced_distractors(CHOICE, ["a", "b", "c", "d"])) == ["x", "y", "z", "e"]


def test_the_label_without_oracle_quotes_nothing() -> None:
    assert label_without_oracle(EXAMPLE, "abstain") == abstention()
    answer = parse_answer(label_without_oracle(EXAMPLE, "answer"))
    assert (answer.final, answer.quotes) == ("so", [])
