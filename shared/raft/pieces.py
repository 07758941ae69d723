"""Cuts a document into pieces that a chunk holds whole: sentences, list items, rows, headings.

Pieces follow one another without a gap and begin with the white space before them: any run of
pieces is a span of the text, and counts about as many tokens as its pieces together. No piece is
over the limit; a sentence that is gets cut between words, a longer word between characters.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from shared.raft.documents import Page
from shared.raft.markdown import Block, Kind, blocks
from shared.raft.text import between_pages

Count = Callable[[str], int]

# A sentence ends at .!?… (with what closes it, and citation marks) before white space and what can
# begin another; in scripts without spaces at their own full stops.
_END = re.compile(
    r"[.!?…][\"”’')\]*_]*(?:\[\w{1,4}\])*(\s+)(?=[A-Z0-9À-ÞΑ-ΩА-Я\"'“‘(\[•*_-])|[。！？](?=\S)()"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|Dr|Mr|Mrs|Ms|St|No|vs|approx|ca|cf|Fig|Vol|Prof|Jr|Sr|[A-Z])"
    r"|(?:^|\n)\s*\d{1,3})$"
)
# Of a long run of white space eight characters are kept: it must never fill a chunk.
_LONG_SPACE = re.compile(r"(\s{8})\s+")
_WORD = re.compile(r"\s*\S+")
_RUN = 1 / 8  # a long sentence is cut into runs of this share, so that chunks around it fill up
_HEADER_SHARE = 1 / 3  # a table's header above this share of a chunk is not repeated


@dataclass(frozen=True)
class Piece:
    """text[start:end] and its tokens. A row that begins a chunk gets its table's `header`."""

    start: int
    end: int
    tokens: int
    path: tuple[str, ...]
    leads: bool = False  # a heading or a table's header: nothing may end with it
    header: str = ""
    header_tokens: int = 0


@dataclass(frozen=True)
class Flow:
    """The document's text in one piece, and where its pages are in it."""

    text: str
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def pages(self, start: int, end: int) -> list[int]:
        """Numbers of the pages of which text[start:end] holds something."""
        return self.numbers[bisect_right(self.ends, start) : bisect_left(self.starts, end)]


def flow_of(pages: Sequence[Page]) -> Flow:
    """The pages' texts as one; a paragraph that goes on from page to page is not parted."""
    flow = Flow("")
    parts: list[str] = []
    length = 0
    above = ""
    for page in pages:
        text = _LONG_SPACE.sub(r"\1", page.text.strip())
        if not text:
            continue
        if parts:
            joint = between_pages(above, text)
            parts.append(joint)
            length += len(joint)
        parts.append(text)
        flow.starts.append(length)
        length += len(text)
        flow.ends.append(length)
        flow.numbers.append(page.number)
        above = text
    return Flow("".join(parts), flow.starts, flow.ends, flow.numbers)


def cut_pieces(text: str, count: Count, size: int) -> list[Piece]:
    """All pieces of the text, each of at most `size` tokens with the header it may be given."""
    pieces: list[Piece] = []
    for block in blocks(text):
        pieces += _of_block(text, block, count, size)
    return pieces


def _of_block(text: str, block: Block, count: Count, size: int) -> Iterator[Piece]:
    if block.kind is Kind.HEADING:
        yield from _fitting(text, block.start, block.end, block.path, count, size, leads=True)
    elif block.kind is Kind.TABLE:
        yield from _of_table(text, block, count, size)
    elif block.kind is Kind.CODE and count(text[block.start : block.end]) <= size:
        yield from _fitting(text, block.start, block.end, block.path, count, size)
    else:
        for start, end in _sentences(text, block.start, block.end):
            yield from _fitting(text, start, end, block.path, count, size)


def _of_table(text: str, block: Block, count: Count, size: int) -> Iterator[Piece]:
    header = text[block.start : block.body].strip() + "\n"
    tokens = count(header)
    repeated = tokens <= size * _HEADER_SHARE
    before_rows = block.body - 1  # a row begins with the line's end before it
    yield from _fitting(text, block.start, before_rows, block.path, count, size, leads=repeated)
    start = before_rows
    while start < block.end:
        end = text.find("\n", start + 1, block.end)
        end = block.end if end < 0 else end
        row = count(text[start:end])
        if repeated and row + tokens <= size:
            yield Piece(start, end, row, block.path, header=header, header_tokens=tokens)
        else:
            yield from _fitting(text, start, end, block.path, count, size)
        start = end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for match in _END.finditer(text, start, end):
        cut = match.start(1) if match[1] is not None else match.end()
        if cut <= at or _ABBREVIATION.search(text, max(at, match.start() - 12), match.start()):
            continue
        yield at, cut
        at = cut
    if at < end:
        yield at, end


def _fitting(
    text: str,
    start: int,
    end: int,
    path: tuple[str, ...],
    count: Count,
    size: int,
    *,
    leads: bool = False,
) -> Iterator[Piece]:
    """The span as one piece, or as several where it is over the size."""
    if start >= end or text[start:end].isspace():
        return
    tokens = count(text[start:end])
    if tokens <= size:
        yield Piece(start, end, tokens, path, leads)
        return
    run = max(1, int(size * _RUN))
    held = start
    for left, right in _words(text, start, end, count, run):
        if held < left and count(text[held:right]) > run:
            yield Piece(held, left, count(text[held:left]), path)
            held = left
    yield Piece(held, end, count(text[held:end].rstrip()), path)


def _words(text: str, start: int, end: int, count: Count, run: int) -> Iterator[tuple[int, int]]:
    for match in _WORD.finditer(text, start, end):
        if match.end() - match.start() <= run or count(match[0]) <= run:
            yield match.span()
        else:
            yield from _bites(text, *match.span(), count, run)


def _bites(text: str, start: int, end: int, count: Count, run: int) -> Iterator[tuple[int, int]]:
    if end - start <= 1 or count(text[start:end]) <= run:
        yield start, end
        return
    half = (start + end) // 2
    yield from _bites(text, start, half, count, run)
    yield from _bites(text, half, end, count, run)
