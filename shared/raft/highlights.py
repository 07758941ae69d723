"""Cuts texts into pieces that a page shows in different ways: quotes, the final answer, the rest.

The pieces of a text, put together, are all that is said in it; only marks of form are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from shared.raft.prompts import BEGIN_QUOTE, END_QUOTE

_MARKS = re.compile(
    rf"{BEGIN_QUOTE}(?P<quote>.*?){END_QUOTE}|(?P<answer><ANSWER>(?:\s*:)?)"
    rf"|(?P<half>{BEGIN_QUOTE}|{END_QUOTE})",
    re.DOTALL,
)


@dataclass(frozen=True)
class Piece:
    """Some of a text. `answer` is the mark before a final answer and has no text; `half` is a mark
    of a quote without its other one."""

    kind: Literal["text", "quote", "answer", "half"]
    text: str = ""


def answer_pieces(text: str) -> list[Piece]:
    """An answer in RAFT's form, in pieces."""
    return [piece for piece in _answer(text) if piece.text or piece.kind == "answer"]


def source_pieces(text: str, quotes: Iterable[str]) -> list[Piece]:
    """A document with the quotes that stand in it, white space aside."""
    pieces: list[Piece] = []
    end = 0
    for first, last in _joined(sorted(_places(text, quotes))):
        pieces += [Piece("text", text[end:first]), Piece("quote", text[first:last])]
        end = last
    return [piece for piece in (*pieces, Piece("text", text[end:])) if piece.text]


def _answer(text: str) -> Iterator[Piece]:
    end = 0
    for found in _MARKS.finditer(text):
        yield Piece("text", text[end : found.start()])
        if found["answer"]:
            yield Piece("answer")
        elif found["half"]:
            yield Piece("half", found["half"])
        else:
            yield Piece("quote", found["quote"].strip())
        end = found.end()
    yield Piece("text", text[end:])


def _places(text: str, quotes: Iterable[str]) -> Iterator[tuple[int, int]]:
    for quote in quotes:
        if words := quote.split():
            pattern = r"\s+".join(map(re.escape, words))
            yield from (found.span() for found in re.finditer(pattern, text))


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in order of which none overlap."""
    joined: list[tuple[int, int]] = []
    for first, last in places:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
