"""Brings pieces together: how chunks of pieces are filled, joined and kept from being tiny.

A span is [start, end) of a document's pieces. Spans follow one another and hold every piece; only
overlap repeats some. No span ends with what leads on (a heading, a table's header) while pieces
follow, unless nothing else is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.raft.pieces import Piece

Span = tuple[int, int]


@dataclass(frozen=True)
class Section:
    """A span that belongs together. `opens`: the path of its first heading; `part`: it is one of
    several that a longer section was cut into."""

    start: int
    end: int
    opens: tuple[str, ...] = ()
    part: bool = False


def tokens_of(pieces: Sequence[Piece], start: int, end: int) -> int:
    """Tokens of a span as a chunk, the repeated header of its table included."""
    total = sum(piece.tokens for piece in pieces[start:end])
    return total + (pieces[start].header_tokens if start < end else 0)


def tidy_end(pieces: Sequence[Piece], start: int, end: int) -> int:
    """Where a span that would end here ends, so that no heading is its last piece, and a table
    that goes on has more than its first row in it."""
    tidy = end
    goes_on = end < len(pieces) and pieces[end].header and pieces[end - 1].header
    if goes_on and tidy - 2 > start and pieces[tidy - 2].leads:
        tidy -= 2
    while tidy > start and pieces[tidy - 1].leads:
        tidy -= 1
    return tidy if tidy > start else end


def pack(pieces: Sequence[Piece], size: int, overlap: int, small: int) -> list[Span]:
    """Spans as full as whole pieces make them. The last is no smaller than `small`, if it can be.

    The sum of the pieces is what is held to `size`: the count of the whole is at or below it.
    """
    spans: list[Span] = []
    start = total = 0
    for index, piece in enumerate(pieces):
        if index == start:
            total = piece.header_tokens
        elif total + piece.tokens > size:
            end = tidy_end(pieces, start, index)
            if end < index and tokens_of(pieces, end, index + 1) > size:
                end = index
            spans.append((start, end))
            room = size - tokens_of(pieces, end, index + 1)
            start = _overlap_start(pieces, start, end, min(overlap, room)) if end <= index else end
            total = tokens_of(pieces, start, index) if start < index else piece.header_tokens
        total += piece.tokens
    if start < len(pieces):
        spans.append((start, len(pieces)))
    return _balance_tail(pieces, spans, size, overlap, small)


def _overlap_start(pieces: Sequence[Piece], low: int, end: int, budget: int) -> int:
    start = end
    while start - 1 > low and tokens_of(pieces, start - 1, end) <= budget:
        start -= 1
    return start


def _balance_tail(
    pieces: Sequence[Piece], spans: list[Span], size: int, overlap: int, small: int
) -> list[Span]:
    if len(spans) < 2:
        return spans
    (first, cut), (_, end) = spans[-2], spans[-1]
    if tokens_of(pieces, cut, end) >= small:  # what the overlap repeats is not new
        return spans
    if tokens_of(pieces, first, end) <= size:
        return [*spans[:-2], (first, end)]
    moved = _borrow(pieces, first, cut, end, small)
    start = _overlap_start(pieces, first, moved, min(overlap, size - tokens_of(pieces, moved, end)))
    return [*spans[:-2], (first, moved), (start, end)]


def _borrow(pieces: Sequence[Piece], first: int, cut: int, end: int, small: int) -> int:
    """Where the first of two neighbours ends so that the second is not small."""
    moved = cut
    while (
        moved - 1 > first
        and tokens_of(pieces, moved, end) < small
        and tokens_of(pieces, moved - 1, end) <= 2 * small
    ):
        moved -= 1
    return tidy_end(pieces, first, moved)


def markdown_sections(pieces: Sequence[Piece], size: int) -> list[Section]:
    """Sections under one heading each, cut evenly where too long, joined under one parent where
    they fit together."""
    found: list[Section] = []
    for start, end in _headed(pieces):
        opens = pieces[start].path
        if tokens_of(pieces, start, end) <= size:
            whole = Section(start, end, opens)
            if found and _siblings(found[-1], whole, pieces, size):
                found[-1] = Section(found[-1].start, end, found[-1].opens)
            else:
                found.append(whole)
        else:
            found += [Section(*span, opens, True) for span in evenly(pieces, start, end, size)]
    return found


def _headed(pieces: Sequence[Piece]) -> list[Span]:
    """Spans that begin where a heading follows text; headings without text lead to the next."""
    starts = [
        index
        for index, piece in enumerate(pieces)
        if index == 0 or (piece.path != pieces[index - 1].path and not pieces[index - 1].leads)
    ]
    return list(pairwise([*starts, len(pieces)]))


def _siblings(one: Section, other: Section, pieces: Sequence[Piece], size: int) -> bool:
    parent = other.opens[:-1]
    together = parent == one.opens[:-1] or parent[: len(one.opens)] == one.opens
    return together and not one.part and tokens_of(pieces, one.start, other.end) <= size


def evenly(pieces: Sequence[Piece], start: int, end: int, size: int) -> list[Span]:
    """The span in as few parts as `size` allows, all about as long."""
    fewest = _filled(pieces, start, end, size)
    total = tokens_of(pieces, start, end)
    for eighths in range(1, 8):
        least = total // len(fewest)
        parts = _filled(pieces, start, end, least + (size - least) * eighths // 8)
        if len(parts) == len(fewest):
            return parts
    return fewest


def _filled(pieces: Sequence[Piece], start: int, end: int, size: int) -> list[Span]:
    parts: list[Span] = []
    total = pieces[start].header_tokens
    for index in range(start, end):
        if index > start and total + pieces[index].tokens > size:
            cut = tidy_end(pieces, start, index)
            parts.append((start, cut))
            start = cut
            total = tokens_of(pieces, start, index) or pieces[index].header_tokens
        total += pieces[index].tokens
    return [*parts, (start, end)]


def join_small(
    pieces: Sequence[Piece], sections: Sequence[Section], size: int, small: int
) -> list[Span]:
    """The sections' spans, none below `small` that fits with a neighbour or can borrow from one."""
    spans: list[Span] = []
    for section in sections:
        start, end = section.start, section.end
        if spans and _small_beside(pieces, spans[-1], (start, end), size, small):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    for index in range(1, len(spans)):
        (first, cut), (_, end) = spans[index - 1], spans[index]
        if tokens_of(pieces, cut, end) < small:
            moved = _borrow(pieces, first, cut, end, small)
            spans[index - 1], spans[index] = (first, moved), (moved, end)
    return spans


def _small_beside(pieces: Sequence[Piece], one: Span, other: Span, size: int, small: int) -> bool:
    is_small = min(tokens_of(pieces, *one), tokens_of(pieces, *other)) < small
    return is_small and tokens_of(pieces, one[0], other[1]) <= size


def with_overlap(pieces: Sequence[Piece], span: Span, overlap: int) -> Span:
    """The span with the last pieces before it under the same heading, up to `overlap` tokens."""
    start, end = span
    low, budget = start, overlap
    while low > 0 and pieces[low - 1].path == pieces[start].path and not pieces[low - 1].leads:
        budget -= pieces[low - 1].tokens
        if budget < pieces[low - 1].header_tokens:
            break
        low -= 1
    return low, end
