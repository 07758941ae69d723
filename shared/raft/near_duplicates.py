"""Finds questions that ask the same thing in other words, over a whole run.

Two questions are near duplicates when their content words overlap by a Jaccard index of at least
0.8 and they name the same numbers. The prefix filter (Chaudhuri et al. 2006) compares only
questions that share one of their rarest words, so the work stays near linear.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from shared.raft.word_table import WordTable

THRESHOLD = 0.8
_ROUNDING = 1e-9


def near_duplicates(questions: Iterable[str], threshold: float = THRESHOLD) -> dict[int, int]:
    """Index of each repeated question → index of the earlier one that it repeats.

    The first of its kind is never in the result; earlier repeats are not compared with.
    """
    table = WordTable(questions)
    return repeated_in(table, Overlaps(table, threshold))


def repeated_in(table: WordTable, overlaps: Overlaps) -> dict[int, int]:
    """`near_duplicates` of questions that are in a table already."""
    repeats: dict[int, int] = {}
    for index in range(len(table)):
        earlier, _ = overlaps.of(index)
        if len(earlier):
            repeats[index] = int(earlier[0])
        else:
            overlaps.add(index)
    return repeats


class Overlaps:
    """Those of the questions added so far whose words overlap with a question's."""

    def __init__(self, table: WordTable, least: float) -> None:
        self._least = least
        self._ends = table.ends
        self._sizes = np.diff(self._ends).astype(np.int32)
        self._words, rarity = _rarest_first(table)
        self._numbers = _named_numbers(table)
        self._prefixes = np.maximum(
            0, self._sizes - np.ceil(least * self._sizes - _ROUNDING).astype(np.int32) + 1
        )
        self._prefixes[self._sizes == 0] = 0
        self._mark = np.zeros(rarity, np.int8)
        place = np.arange(len(self._words)) - np.repeat(self._ends[:-1], self._sizes)
        in_prefix = place < np.repeat(self._prefixes, self._sizes)
        room = np.bincount(self._words[in_prefix], minlength=rarity)
        self._held = np.zeros(int(room.sum()), np.int32)
        self._starts = np.concatenate(([0], np.cumsum(room))).tolist()
        self._filled = self._starts[:-1].copy()

    def add(self, index: int) -> None:
        """Let later questions be compared with this one; indexes are added in rising order."""
        for word in self._prefix(index):
            self._held[self._filled[word]] = index
            self._filled[word] += 1

    def of(self, index: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Questions added so far that overlap enough and name the same numbers, in order, and
        the Jaccard index of each."""
        lists = [self._held[self._starts[w] : self._filled[w]] for w in self._prefix(index)]
        found = np.concatenate(lists) if lists else np.zeros(0, np.int32)
        size = int(self._sizes[index])
        sizes = self._sizes[found]
        fits = (self._numbers[found] == self._numbers[index]) & (
            np.minimum(sizes, size) >= self._least * np.maximum(sizes, size) - _ROUNDING
        )
        found = np.unique(found[fits])
        if not len(found):
            return found, np.zeros(0)
        sizes = self._sizes[found]
        own = self._words[self._ends[index] : self._ends[index + 1]]
        self._mark[own] = 1
        begin = np.cumsum(sizes) - sizes
        flat = np.arange(int(sizes.sum())) + np.repeat(self._ends[found] - begin, sizes)
        shared = np.add.reduceat(self._mark[self._words[flat]], begin, dtype=np.int32)
        self._mark[own] = 0
        jaccard = shared / (size + sizes - shared)
        near = jaccard >= self._least - _ROUNDING
        return found[near], jaccard[near]

    def same_numbers(self, first: int, second: int) -> bool:
        """Whether two questions name the same numbers."""
        return bool(self._numbers[first] == self._numbers[second])

    def _prefix(self, index: int) -> list[int]:
        """The rarest words, of which two questions that overlap must share at least one."""
        start = int(self._ends[index])
        words: list[int] = self._words[start : start + int(self._prefixes[index])].tolist()
        return words


def _rarest_first(table: WordTable) -> tuple[NDArray[np.int32], int]:
    """Each text's words by rarity, rarest first, numbered by it; and how many words there are."""
    words, vocabulary = table.words, len(table.vocabulary)
    often = np.bincount(words, minlength=vocabulary)
    rank = np.empty(vocabulary, np.int64)
    rank[np.argsort(often, kind="stable")] = np.arange(vocabulary)
    texts = np.repeat(np.arange(len(table), dtype=np.int64), np.diff(table.ends))
    keys = np.sort(texts * max(1, vocabulary) + rank[words])
    return (keys % max(1, vocabulary)).astype(np.int32), vocabulary


def _named_numbers(table: WordTable) -> NDArray[np.int32]:
    """A number for each text that is equal for texts which name the same figures."""
    with_digit = {n for word, n in table.vocabulary.items() if any(c.isdigit() for c in word)}
    sets: dict[tuple[int, ...], int] = {}
    numbers = np.zeros(len(table), np.int32)
    for index in range(len(table)):
        named = tuple(sorted(with_digit.intersection(table.of(index).tolist())))
        numbers[index] = sets.setdefault(named, len(sets))
    return numbers
