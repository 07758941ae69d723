"""Nouns of the corpus: pages as they were read, and the chunks cut from them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

_DIGITS = re.compile(r"\d+")
_EDGE_LINES = 2  # running heads and page numbers stand within the outer two lines of a page
_REPEATED_SHARE = 0.5


@dataclass(frozen=True)
class Page:
    """One page's text. `number` counts from 1; `problem` says why there is none, if known."""

    number: int
    text: str
    read_by: str = "pypdf"
    problem: str = ""


@dataclass(frozen=True)
class Chunk:
    """A span of one document. `id` is `{document}#{ordinal}`; `tokens` by the run's tokenizer."""

    id: str
    text: str
    document: str
    pages: list[int]
    tokens: int


def drop_running_lines(pages: Sequence[Page]) -> list[Page]:
    """Pages without the heads, feet and page numbers that repeat on most of them.

    A line counts as running when it stands, digits aside, within the outer two lines (blank ones
    aside) of more than half of at least three pages.
    """
    if len(pages) < 3:
        return list(pages)
    seen: Counter[str] = Counter()
    for page in pages:
        lines = page.text.splitlines()
        seen.update({_shape(lines[index]) for index in _edges(lines)})
    running = {shape for shape, count in seen.items() if count > len(pages) * _REPEATED_SHARE}
    return [replace(page, text=_without(page.text, running)) for page in pages]


def _shape(line: str) -> str:
    return _DIGITS.sub("0", " ".join(line.split()))


def _without(text: str, running: set[str]) -> str:
    lines = text.splitlines()
    dropped = {index for index in _edges(lines) if _shape(lines[index]) in running}
    return "\n".join(line for index, line in enumerate(lines) if index not in dropped)


def _edges(lines: Sequence[str]) -> set[int]:
    written = [index for index, line in enumerate(lines) if line.strip()]
    return {*written[:_EDGE_LINES], *written[-_EDGE_LINES:]}
