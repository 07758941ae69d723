"""Chooses what a row shows beside (or instead of) its oracle, and where the oracle stands.

Each row's choice is seeded by its own id, so it hangs on the pool and never on other rows.
Distractors come from the row's own split: a test passage is never shown in training.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

from shared.raft.answers import squash
from shared.raft.bm25 import Bm25
from shared.raft.documents import Chunk
from shared.raft.examples import Example, Row, ShownDocument
from shared.raft.splitting import seeded
from shared.raft.words import content_words

_SAME_PASSAGE = 0.8  # Jaccard index of words from which two chunks are the same passage
_ABOUT_THE_QUESTION = 0.7  # share of the question's words that a chunk on its subject holds
_SPARE = 10  # more candidates than needed, since some hold the answer


def rows_with_oracle(examples: Sequence[Example], p: float, seed: int) -> set[str]:
    """Ids of the share `p` of examples whose oracle is shown: exact to within one row."""
    order = sorted(examples, key=lambda example: seeded(seed, "oracle", example.id))
    return {example.id for example in order[: round(p * len(order))]}


def distractor_count(example: Example, most: int, fewest: int | None, seed: int) -> int:
    """How many distractors a row shows: seeded, uniform from `fewest` (or always `most`)."""
    low = most if fewest is None else min(fewest, most)
    return random.Random(seeded(seed, "count", example.id)).randint(low, most)


class DistractorPool:
    """The chunks that rows of one split may be shown, indexed for retrieval."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = chunks
        self.texts = [squash(chunk.text) for chunk in chunks]
        self.words = [frozenset(content_words(text)) for text in self.texts]
        self._index: Bm25 | None = None

    def nearest(self, query: str, count: int) -> list[int]:
        """Indexes of the chunks that a retriever would confuse with the query's, best first."""
        if self._index is None:
            self._index = Bm25(self.texts)
        return self._index.nearest(query, count)


def choose_distractors(
    example: Example,
    oracle: Chunk,
    pool: DistractorPool,
    count: int,
    seed: int,
    choice: str = "random",
) -> list[Chunk]:
    """Up to `count` chunks of the pool that do not hold the answer, no two alike.

    `choice`: random; hard, those that a retriever finds for the question (The Distracting
    Effect, arXiv 2505.06914: they teach more); mixed, the first half hard.
    """
    rng = random.Random(seeded(seed, "distractors", example.id))
    wanted_hard = {"random": 0, "hard": count, "mixed": (count + 1) // 2}[choice]
    holds = _AnswerHolder(example, oracle)
    chosen: list[int] = []
    taken: set[str] = set()

    def take(indexes: Iterable[int], limit: int) -> None:
        for index in indexes:
            if len(chosen) >= limit:
                return
            text = pool.texts[index]
            if text not in taken and not holds.answer_in(pool, index):
                taken.add(text)
                chosen.append(index)

    if wanted_hard:
        take(pool.nearest(example.question, 4 * count + _SPARE), wanted_hard)
    take(_shuffled(len(pool.chunks), rng), count)
    return [pool.chunks[index] for index in chosen]


class _AnswerHolder:
    """Tells whether a chunk holds an example's answer, so that it is no distractor."""

    def __init__(self, example: Example, oracle: Chunk) -> None:
        self._chunk = example.chunk
        self._quotes = [squash(quote) for quote in example.quotes]
        self._oracle_words = frozenset(content_words(oracle.text))
        self._question_words = frozenset(content_words(example.question))
        self._final = squash(example.final).casefold().rstrip(".")

    def answer_in(self, pool: DistractorPool, index: int) -> bool:
        """By oracle, near-duplicate text, quote, or the answer beside the question's words."""
        if pool.chunks[index].id == self._chunk:
            return True
        words = pool.words[index]
        shared = len(words & self._oracle_words)
        if shared >= _SAME_PASSAGE * max(1, len(words | self._oracle_words)):
            return True
        text = pool.texts[index]
        if any(quote in text for quote in self._quotes):
            return True
        covered = len(words & self._question_words)
        about_it = covered >= _ABOUT_THE_QUESTION * max(1, len(self._question_words))
        return about_it and bool(self._final) and self._final in text.casefold()


def _shuffled(size: int, rng: random.Random) -> Iterator[int]:
    """All indexes in random order, drawn one by one: few are ever asked for."""
    moved: dict[int, int] = {}
    for position in range(size):
        other = rng.randrange(position, size)
        yield moved.get(other, other)
        moved[other] = moved.get(position, position)


def compose_row(
    example: Example,
    oracle: Chunk,
    distractors: Sequence[Chunk],
    *,
    split: str,
    group: str,
    label: str | None,
    seed: int,
) -> Row:
    """A row with its documents shuffled. `label` None: the oracle is shown and the teacher's
    answer is the label; otherwise the oracle is left out and `label` stands."""
    shown = [*distractors, oracle] if label is None else list(distractors)
    random.Random(seeded(seed, "position", example.id)).shuffle(shown)
    return Row(
        id=example.id,
        split=split,
        group=group,
        question=example.question,
        documents=[
            ShownDocument(chunk.id, chunk.text, chunk.document, chunk.pages, chunk.heading)
            for chunk in shown
        ],
        oracle=shown.index(oracle) if label is None else -1,
        label=example.answer if label is None else label,
        answer=example.answer,
        final=example.final,
        quotes=example.quotes,
    )
