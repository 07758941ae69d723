"""Cuts answers and documents into the pieces that the report marks: who quotes what, and whence.

A quote is looked for in the documents shown, white space aside, as the scores do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.raft.answers import is_verbatim
from shared.raft.highlights import answer_pieces, source_pieces

Quotes = Mapping[str, Sequence[str]]  # by whose they are


def answer_parts(text: str, documents: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """[{kind, text}] of an answer, kinds as in `Piece`. A quote has the positions of the
    `documents` that hold it, [] for none, where documents are given."""
    parts: list[dict[str, Any]] = []
    for piece in answer_pieces(text):
        part: dict[str, Any] = {"kind": piece.kind, "text": piece.text}
        if piece.kind == "quote" and documents is not None:
            part["documents"] = holding(piece.text, documents)
        parts.append(part)
    return parts


def holding(quote: str, documents: Sequence[str]) -> list[int]:
    """Positions of the documents in which the quote stands."""
    return [at for at, document in enumerate(documents) if is_verbatim(quote, document)]


def source_parts(text: str, quotes: Quotes) -> list[dict[str, Any]]:
    """[{text, by}] of a document: `by` names all who quote the whole of that part."""
    spans = {whose: list(_spans(text, own)) for whose, own in quotes.items()}
    edges = {0, len(text)} | {edge for own in spans.values() for span in own for edge in span}
    parts = []
    for first, last in itertools.pairwise(sorted(edges)):
        quoting = [
            whose for whose, own in spans.items() if any(a <= first and last <= b for a, b in own)
        ]
        parts.append({"text": text[first:last], "by": quoting})
    return parts


def _spans(text: str, quotes: Sequence[str]) -> Iterator[tuple[int, int]]:
    at = 0
    for piece in source_pieces(text, quotes):
        if piece.kind == "quote":
            yield at, at + len(piece.text)
        at += len(piece.text)
