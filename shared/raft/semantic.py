"""Finds where the meaning of a text changes, from vectors of its sentences.

A boundary's distance is that between what stands just before it and just after it (two sentences
each). Chunks end at the largest distances: as many as leave sections of about three quarters of
the size, and where a section is still too long, at its largest distance within.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shared.raft.pieces import Piece
from shared.raft.spans import Section, evenly, tokens_of

Vectors = Sequence[Sequence[float]]
_BESIDE = 2  # sentences on either side of a boundary
_FILLED = 0.75


def semantic_sections(
    pieces: Sequence[Piece], vectors: Vectors | None, size: int, small: int
) -> list[Section]:
    """Sections between the largest changes of meaning, none over the size."""
    if not pieces:
        return []
    if vectors is None or len(vectors) != len(pieces):
        raise ValueError("semantic chunking takes one vector for each sentence")
    distances = boundary_distances(pieces, vectors)
    total = sum(piece.tokens for piece in pieces)
    wanted = max(0, round(total / (size * _FILLED)) - 1)
    largest = np.argsort(-distances, kind="stable")[:wanted]
    cuts = sorted(int(index) + 1 for index in largest if np.isfinite(distances[index]))
    bounds = [0, *cuts, len(pieces)]
    sections: list[Section] = []
    for start, end in pairwise(bounds):
        sections += _short_enough(pieces, distances, start, end, size, small)
    return sections


def boundary_distances(pieces: Sequence[Piece], vectors: Vectors) -> NDArray[np.float64]:
    """Cosine distance across each boundary; -inf after what leads on to the next piece."""
    matrix = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    distances = np.full(len(pieces) - 1, -np.inf)
    for index in range(len(pieces) - 1):
        if pieces[index].leads:
            continue
        before = matrix[max(0, index + 1 - _BESIDE) : index + 1].sum(axis=0)
        after = matrix[index + 1 : index + 1 + _BESIDE].sum(axis=0)
        scale = float(np.linalg.norm(before) * np.linalg.norm(after))
        distances[index] = 1 - float(before @ after) / scale if scale else 0.0
    return distances


def _short_enough(
    pieces: Sequence[Piece],
    distances: NDArray[np.float64],
    start: int,
    end: int,
    size: int,
    small: int,
) -> list[Section]:
    waiting = [(start, end)]
    done: list[Section] = []
    while waiting:
        start, end = waiting.pop()
        if tokens_of(pieces, start, end) <= size:
            done.append(Section(start, end))
            continue
        cut = _largest_within(pieces, distances, start, end, small)
        if cut:
            waiting += [(cut, end), (start, cut)]
        else:
            done += [Section(*span) for span in evenly(pieces, start, end, size)]
    return done


def _largest_within(
    pieces: Sequence[Piece], distances: NDArray[np.float64], start: int, end: int, small: int
) -> int:
    """The boundary to cut at, with `small` tokens on either side; 0 when there is none."""
    tokens = np.cumsum([piece.tokens for piece in pieces[start:end]])
    best, cut = -np.inf, 0
    for offset in range(end - start - 1):
        inside = small <= tokens[offset] <= tokens[-1] - small
        if inside and distances[start + offset] > best:
            best, cut = float(distances[start + offset]), start + offset + 1
    return cut
