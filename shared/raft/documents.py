"""Nouns of the corpus: pages as they were read, and the chunks cut from them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.errors import DocumentError

_DIGITS = re.compile(r"\d+")
_EDGE_LINES = 2  # running heads and page numbers stand within the outer two lines of a page
_REPEATED_SHARE = 0.5
_FACING_SHARE = 0.75  # of the left or the right pages, when heads alternate
_FACING_PAGES = 3  # so many of one side at least
_FOLIO_NUMBERS = 2  # "3" and "3 / 12" are page numbers; a line of more figures may be a table's

BY_VISION = "vision"  # `Page.read_by` of a page whose picture a model transcribed

# Which reader a file gets by its name, unless the spec says so for all.
DOCTYPES = {
    ".pdf": "pdf",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "txt",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
    ".jsonl": "json",
}


@dataclass(frozen=True)
class Page:
    """One page's text. `number` counts from 1; `problem` says why there is none, if known.

    `label` is the number printed on it where that differs; `headings` are (level, title) of the
    document's outline that begin on it; `note` tells what a reader had to assume. `pictured` is the
    share of a PDF's page that pictures cover, and `drawn` whether it shows anything besides text.
    An item of a JSON list counts as a page.
    """

    number: int
    text: str
    read_by: str = "pypdf"
    problem: str = ""
    label: str = ""
    headings: list[tuple[int, str]] = field(default_factory=list)
    note: str = ""
    pictured: float = 0.0
    drawn: bool = False


@dataclass(frozen=True)
class Chunk:
    """A span of one document. `id` is `{document}#{ordinal}`; `tokens` by the run's tokenizer.

    `heading` is the path of titles it stands under, as in "Fees > Payments abroad".
    """

    id: str
    text: str
    document: str
    pages: list[int]
    tokens: int
    heading: str = ""


def doctype_of(name: str, asked: str = "auto") -> str:
    """How the file is to be read; raises DocumentError for what cannot be."""
    if asked != "auto":
        return asked
    _, dot, ending = name.rpartition("/")[2].casefold().rpartition(".")
    suffix = dot + ending
    if suffix not in DOCTYPES:
        known = ", ".join(sorted(DOCTYPES))
        raise DocumentError("unsupported", f"{name} was not read: only {known} files are")
    return DOCTYPES[suffix]


def drop_running_lines(pages: Sequence[Page]) -> list[Page]:
    """Pages without the heads, feet and page numbers that repeat on most of them.

    A line counts as running when it stands, digits aside, within the outer two lines (blank ones
    aside) of more than half of at least three pages, or of three quarters of at least three left
    or right pages.
    """
    if len(pages) < 3:
        return list(pages)
    seen: Counter[str] = Counter()
    facing: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for index, page in enumerate(pages):
        lines = page.text.splitlines()
        shapes = {_shape(lines[edge]) for edge in _edges(lines)}
        seen.update(shapes)
        facing[index % 2].update(shapes)
    running = {shape for shape, count in seen.items() if count > len(pages) * _REPEATED_SHARE}
    for side, counts in enumerate(facing):
        least = max(_FACING_PAGES, len(pages[side::2]) * _FACING_SHARE)
        running |= {shape for shape, count in counts.items() if count >= least}
    running = {shape for shape in running if not _is_row(shape)}
    return [replace(page, text=_without(page.text, running)) for page in pages]


def _is_row(shape: str) -> bool:
    """Whether a repeated line may be a row of a table that goes on from page to page."""
    figures_only = not any(character.isalpha() for character in shape)
    return shape.startswith("|") or (figures_only and shape.count("0") > _FOLIO_NUMBERS)


def _shape(line: str) -> str:
    return _DIGITS.sub("0", " ".join(line.split()))


def _without(text: str, running: set[str]) -> str:
    lines = text.splitlines()
    dropped = {index for index in _edges(lines) if _shape(lines[index]) in running}
    return "\n".join(line for index, line in enumerate(lines) if index not in dropped)


def _edges(lines: Sequence[str]) -> set[int]:
    written = [index for index, line in enumerate(lines) if line.strip()]
    return {*written[:_EDGE_LINES], *written[-_EDGE_LINES:]}
