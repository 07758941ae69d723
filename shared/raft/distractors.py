"""Chooses what a row shows beside (or instead of) its oracles.

Each row's choice is seeded by its own id, so it hangs on the pool and never on other rows.
Distractors come from the row's own split: a test passage is never shown in training.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from shared.raft.answers import squash
from shared.raft.bm25 import Bm25
from shared.raft.documents import Chunk
from shared.raft.examples import Example
from shared.raft.splitting import seeded
from shared.raft.word_table import WordTable
from shared.raft.words import content_words

_SAME_PASSAGE = 0.8  # Jaccard index of words from which two chunks are the same passage
_ABOUT_THE_QUESTION = 0.7  # share of the question's words that a chunk on its subject holds
_SPARE = 10  # more candidates than needed, since some hold the answer


def distractor_count(example_id: str, most: int, fewest: int | None, seed: int) -> int:
    """How many distractors a row shows: seeded, uniform from `fewest` (or always `most`)."""
    low = most if fewest is None else min(fewest, most)
    return random.Random(seeded(seed, "count", example_id)).randint(low, most)


class DistractorPool:
    """The chunks that rows of one split may be shown, indexed for retrieval.

    `chunks` is gone through once, and then asked for the few that are looked at: it may lie on
    disk. Only ids and word numbers are held.
    """

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = chunks
        self._table = WordTable()
        self._ids: list[str] = []
        for chunk in chunks:
            self._ids.append(chunk.id)
            self._table.add(chunk.text)
        self._mark = np.zeros(len(self._table.vocabulary), np.bool_)
        self._index: Bm25 | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def id_of(self, index: int) -> str:
        """The chunk's id."""
        return self._ids[index]

    def nearest(self, query: str, count: int) -> list[int]:
        """Indexes of the chunks that a retriever would confuse with the query's, best first."""
        if self._index is None:
            self._index = Bm25(self._table)
        return self._index.nearest(query, count)

    def known(self, words: Collection[str]) -> NDArray[np.int32]:
        """Numbers of those words that some chunk holds."""
        return self._table.known(words)

    def shared(self, index: int, known: NDArray[np.int32]) -> tuple[int, int]:
        """How many of these words the chunk holds, and how many words it has."""
        own = self._table.of(index)
        self._mark[known] = True
        shared = int(np.count_nonzero(self._mark[own]))
        self._mark[known] = False
        return shared, len(own)


def choose_distractors(
    example: Example,
    oracles: Sequence[Chunk],
    pool: DistractorPool,
    count: int,
    seed: int,
    choice: str = "random",
    extra: Sequence[int] = (),
) -> list[Chunk]:
    """Up to `count` chunks of the pool that do not hold the answer, no two alike.

    `choice`: random; hard, those that a retriever finds for the question (The Distracting
    Effect, arXiv 2505.06914: they teach more); mixed, the first half hard. After them come as
    many more as the numbers in `extra` say, each lot chosen by the same rule.
    """
    rng = random.Random(seeded(seed, "distractors", example.id))
    total = count + sum(extra)
    holds = _AnswerHolder(example, oracles, pool)
    chosen: list[Chunk] = []
    taken: set[str] = set()

    def take(indexes: Iterator[int], limit: int) -> None:
        while len(chosen) < limit and (index := next(indexes, None)) is not None:
            if holds.is_near(index):
                continue
            chunk = pool.chunks[index]
            text = squash(chunk.text)
            if text not in taken and not holds.answer_in(text, index):
                taken.add(text)
                chosen.append(chunk)

    near: Iterator[int] = iter(())
    if choice != "random":
        near = iter(pool.nearest(example.question, 4 * total + _SPARE))
    anywhere = _shuffled(len(pool), rng)
    for lot in (count, *extra):
        upto = len(chosen) + lot
        hard = {"random": 0, "hard": lot, "mixed": (lot + 1) // 2}[choice]
        take(islice(near, 4 * lot + _SPARE), len(chosen) + hard)
        take(anywhere, upto)
    return chosen


class _AnswerHolder:
    """Tells whether a chunk holds an example's answer, so that it is no distractor."""

    def __init__(self, example: Example, oracles: Sequence[Chunk], pool: DistractorPool) -> None:
        self._pool = pool
        self._chunks = {*example.oracles, *(oracle.id for oracle in oracles)}
        self._quotes = [squash(quote) for quote in example.quotes]
        words = [set(content_words(oracle.text)) for oracle in oracles]
        self._oracles = [(pool.known(own), len(own)) for own in words]
        asked = set(content_words(example.question))
        self._asked, self._asked_size = pool.known(asked), len(asked)
        self._final = squash(example.final).casefold().rstrip(".")

    def is_near(self, index: int) -> bool:
        """Whether the chunk is an oracle, or in its words the same passage as one."""
        if self._pool.id_of(index) in self._chunks:
            return True
        for words, own in self._oracles:
            shared, size = self._pool.shared(index, words)
            if shared >= _SAME_PASSAGE * max(1, own + size - shared):
                return True
        return False

    def answer_in(self, text: str, index: int) -> bool:
        """By a quote of the answer, or the answer beside the question's words."""
        if any(quote in text for quote in self._quotes):
            return True
        covered, _ = self._pool.shared(index, self._asked)
        about_it = covered >= _ABOUT_THE_QUESTION * max(1, self._asked_size)
        return about_it and bool(self._final) and self._final in text.casefold()


def _shuffled(size: int, rng: random.Random) -> Iterator[int]:
    """All indexes in random order, drawn one by one: few are ever asked for."""
    moved: dict[int, int] = {}
    for position in range(size):
        other = rng.randrange(position, size)
        yield moved.get(other, other)
        moved[other] = moved.get(position, position)
