"""The leakage report: what test shares with train and valid, in figures that should be zero.

It is fed row by row and holds digests of texts, so that it can look at any number of rows.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from shared.raft.answers import is_verbatim, parse_answer, squash
from shared.raft.examples import Row
from shared.raft.near_duplicates import THRESHOLD, Overlaps, repeated_in
from shared.raft.questions import normalise_question
from shared.raft.quotes import QuoteFinder
from shared.raft.splitting import SPLITS
from shared.raft.word_table import WordTable

_TEST = SPLITS.index("test")


class LeakageReport:
    """Counts of what stands in more than one split, and quotes of text that is not shown.

    `test_quotes` are those of each test row, in any order: they are looked for in every text
    that train and valid show or answer about.
    """

    def __init__(self, test_quotes: Iterable[Sequence[str]]) -> None:
        self._finder = QuoteFinder(enumerate(test_quotes))
        self._quoted: set[int] = set()
        self._groups: dict[bytes, int] = {}  # bit by split, as in the next two
        self._forms: dict[bytes, int] = {}
        self._oracles: dict[bytes, int] = {}
        self._trained: set[bytes] = set()
        self._questions = WordTable()
        self._splits = array("b")
        self._unseen = 0
        self._positions: Counter[int] = Counter()
        self._width = 0

    def add(self, row: Row, oracle_texts: Sequence[str]) -> None:
        """Look at one row; `oracle_texts` are its oracles' whether or not it shows them."""
        split = SPLITS.index(row.split)
        _mark(self._groups, _digest(row.group), split)
        _mark(self._forms, _digest(normalise_question(row.question)), split)
        self._questions.add(row.question)
        self._splits.append(split)
        oracles = [squash(text) for text in oracle_texts]
        for text in oracles:
            _mark(self._oracles, _digest(text), split)
        shown = [squash(document.text) for document in row.documents]
        if split != _TEST:
            for text in (*oracles, *shown):
                if (digest := _digest(text)) not in self._trained:
                    self._trained.add(digest)
                    self._quoted |= self._finder.owners_in(text)
        quotes = parse_answer(row.label).quotes
        self._unseen += any(not any(is_verbatim(q, text) for text in shown) for q in quotes)
        self._positions.update(row.oracles)
        self._width = max(self._width, len(row.documents))

    def figures(self) -> dict[str, Any]:
        """The report on all rows added."""
        tests = {digest for digest, splits in self._oracles.items() if splits & 1 << _TEST}
        repeats = repeated_in(self._questions, Overlaps(self._questions, THRESHOLD))
        return {
            "oracle_groups_in_two_splits": _astride(self._groups),
            "questions_in_two_splits": _astride(self._forms),
            "near_duplicate_questions_in_two_splits": sum(
                self._splits[index] != self._splits[other] for index, other in repeats.items()
            ),
            "test_oracles_shown_in_train_or_valid": len(tests & self._trained),
            "test_quotes_in_train_or_valid": len(self._quoted),
            "test_oracles": len(tests),
            "rows_quoting_text_not_shown": self._unseen,
            "oracle_positions": [self._positions[place] for place in range(self._width)],
        }


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=12).digest()


def _mark(members: dict[bytes, int], member: bytes, split: int) -> None:
    members[member] = members.get(member, 0) | 1 << split


def _astride(members: dict[bytes, int]) -> int:
    return sum(splits.bit_count() > 1 for splits in members.values())
