"""Which questions of a run repeat an earlier one: in form, in words, or in meaning.

Meaning is compared by embeddings, and only where two questions may well be the same: on the same
chunk or neighbouring ones, or with overlapping words; always when they name the same numbers.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from shared.raft.near_duplicates import THRESHOLD, Overlaps
from shared.raft.questions import normalise_question
from shared.raft.word_table import WordTable

OVERLAP = 0.4  # Jaccard index of words from which meaning is compared over the whole run
_MOST_ALIKE = 32  # questions so compared with one, those of the most overlap
_BLOCK = 2_048  # pairs whose vectors are held at a time
_ROUNDING = 1e-6
_FLOATS = np.dtype("<f2")


class Questions:
    """A run's questions in reading order, kept as word numbers; each is known by its position."""

    def __init__(self) -> None:
        self._table = WordTable()
        self._chunks = array("i")
        self._forms: dict[bytes, int] = {}
        self._repeats: dict[int, int] = {}
        self._pairs: NDArray[np.int32] = np.zeros((0, 2), np.int32)

    def add(self, question: str, chunk: int) -> None:
        """Add the next question, of the chunk at that place of the run."""
        position = len(self._chunks)
        form = hashlib.blake2b(normalise_question(question).encode(), digest_size=12).digest()
        if (first := self._forms.setdefault(form, position)) != position:
            self._repeats[position] = first
        self._table.add(question)
        self._chunks.append(chunk)

    def compare_words(self, follows: Sequence[bool]) -> dict[int, int]:
        """Position of each question that repeats an earlier one's form or words → the earlier.

        `follows[chunk]`: whether a chunk is of the same document as the one before it.
        """
        self._forms.clear()
        overlaps = Overlaps(self._table, OVERLAP)
        pairs = array("i")
        for index in range(len(self._chunks)):
            if index in self._repeats:
                continue
            alike, jaccard = overlaps.of(index)
            same = alike[jaccard >= THRESHOLD - _ROUNDING]
            if len(same):
                self._repeats[index] = int(same[0])
                continue
            overlaps.add(index)
            most = np.argsort(-jaccard, kind="stable")[:_MOST_ALIKE]
            others = {*alike[most].tolist(), *self._beside(index, follows, overlaps)}
            for other in sorted(others):
                pairs.extend((index, other))
        self._pairs = np.array(pairs, np.int32).reshape(-1, 2)
        return dict(self._repeats)

    def to_embed(self) -> list[int]:
        """Positions of the questions whose meaning `compare_meaning` looks at, in order."""
        positions: list[int] = np.unique(self._pairs).tolist()
        return positions

    def compare_meaning(self, vector: Callable[[int], bytes], similarity: float) -> dict[int, int]:
        """Position of each question whose cosine with an earlier kept one reaches `similarity`
        → the earlier. `vector` gives what `packed` made of a position's embedding."""
        repeats: dict[int, int] = {}
        for start in range(0, len(self._pairs), _BLOCK):
            block = self._pairs[start : start + _BLOCK]
            positions, rows = np.unique(block, return_inverse=True)
            data = b"".join(vector(int(position)) for position in positions)
            vectors = np.frombuffer(data, _FLOATS).reshape(len(positions), -1).astype(np.float32)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            later, earlier = rows.reshape(-1, 2).T
            cosines = np.einsum("ij,ij->i", vectors[later], vectors[earlier])
            for index, other in block[cosines >= similarity - _ROUNDING].tolist():
                if index not in repeats and other not in repeats:
                    repeats[index] = other
        return repeats

    def _beside(self, index: int, follows: Sequence[bool], overlaps: Overlaps) -> list[int]:
        """Earlier kept questions on the same chunk or the one before it."""
        chunk = self._chunks[index]
        first = chunk - 1 if follows[chunk] else chunk
        found = []
        for other in range(index - 1, -1, -1):
            if self._chunks[other] < first:
                break
            if other not in self._repeats and overlaps.same_numbers(index, other):
                found.append(other)
        return found


def packed(vector: Sequence[float]) -> bytes:
    """A vector's direction in two bytes a number: its cosines stay true to four digits."""
    numbers = np.asarray(vector, np.float64)
    return (numbers / max(float(np.linalg.norm(numbers)), 1e-12)).astype(_FLOATS).tobytes()
