"""The leakage report: what test shares with train and valid, in figures that should be zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shared.raft.answers import is_verbatim, parse_answer, squash
from shared.raft.examples import Row
from shared.raft.near_duplicates import near_duplicates
from shared.raft.questions import normalise_question
from shared.raft.splitting import SPLITS


def leakage_report(
    rows: Sequence[Row], chunk_text: dict[str, str], oracle_of: dict[str, str]
) -> dict[str, Any]:
    """Counts of what stands in more than one split, and quotes of text that is not shown.

    `chunk_text` by chunk id; `oracle_of` gives a row's oracle chunk id by row id.
    """
    groups: dict[str, set[str]] = {name: set() for name in SPLITS}
    questions: dict[str, set[str]] = {name: set() for name in SPLITS}
    oracles: dict[str, set[str]] = {name: set() for name in SPLITS}
    shown: dict[str, set[str]] = {name: set() for name in SPLITS}
    for row in rows:
        groups[row.split].add(row.group)
        questions[row.split].add(normalise_question(row.question))
        oracles[row.split].add(squash(chunk_text[oracle_of[row.id]]))
        shown[row.split].update(squash(document.text) for document in row.documents)
    trained_on = oracles["train"] | shown["train"] | oracles["valid"] | shown["valid"]
    trained_text = "\n".join(sorted(trained_on))
    return {
        "oracle_groups_in_two_splits": _astride(groups),
        "questions_in_two_splits": _astride(questions),
        "near_duplicate_questions_in_two_splits": _near_duplicates_astride(rows),
        "test_oracles_shown_in_train_or_valid": len(oracles["test"] & trained_on),
        "test_quotes_in_train_or_valid": sum(
            any(squash(quote) in trained_text for quote in row.quotes)
            for row in rows
            if row.split == "test"
        ),
        "test_oracles": len(oracles["test"]),
        "rows_quoting_text_not_shown": sum(_quotes_unseen(row) for row in rows),
        "oracle_positions": _positions(rows),
    }


def _astride(by_split: dict[str, set[str]]) -> int:
    held = Counter(member for members in by_split.values() for member in members)
    return sum(splits > 1 for splits in held.values())


def _near_duplicates_astride(rows: Sequence[Row]) -> int:
    repeats = near_duplicates([row.question for row in rows])
    return sum(rows[index].split != rows[other].split for index, other in repeats.items())


def _quotes_unseen(row: Row) -> bool:
    quotes = parse_answer(row.label).quotes
    return any(not any(is_verbatim(q, d.text) for d in row.documents) for q in quotes)


def _positions(rows: Sequence[Row]) -> list[int]:
    width = max((len(row.documents) for row in rows), default=0)
    counts = [0] * width
    for row in rows:
        if row.oracle >= 0:
            counts[row.oracle] += 1
    return counts
