"""From pieces of text with where they stand on a picture to markdown.

Pieces side by side are a row; rows of the same cells, one below the other, are a table; type larger
than the page's usual is a heading; a step further to the right with a mark or without is a list.
Pure functions: what reads the picture is in `vision`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

GAP = 1.2  # heights of type between two pieces of a row that are cells, not words
LARGER = ((1.55, 1), (1.2, 2))  # size of type against the usual one → level of the heading
TITLE_CHARACTERS = 100
PARAGRAPH = 1.35  # of the usual distance of lines
INDENT, CENTRED = 0.6, 0.15  # in heights of type, and of the page's width
SHORT = 0.2  # of the width: a line that leaves so much free ends its paragraph
MARK = re.compile(r"^(?:[-–•·*▪]|\d{1,2}[.)])\s*(?=\S)")
FURNITURE = re.compile(r"^(?:page\s*)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?$", re.I)


@dataclass(frozen=True)
class Piece:
    """Text in a box of the picture, in pixels, y growing downwards."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return max(self.bottom - self.top, 1.0)

    @property
    def pitch(self) -> float:
        """The width of a character: boxes tell it better than the height of the type."""
        return (self.right - self.left) / len(self.text)

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


@dataclass(frozen=True)
class Type:
    """Height and width of the page's usual characters."""

    height: float
    pitch: float


Row = list[Piece]


def to_markdown(pieces: Sequence[Piece]) -> str:
    """The page as markdown; '' without pieces."""
    pieces = [piece for piece in pieces if piece.text.strip()]
    if not pieces:
        return ""
    body = _usual_type(pieces)
    blocks: list[str] = []
    for column in columns(pieces):
        blocks += _blocks(rows(column), body)
    return "\n\n".join(blocks)


def _usual_type(pieces: Sequence[Piece]) -> Type:
    by_length = [piece for piece in pieces for _ in range(len(piece.text) // 8 + 1)]
    return Type(median(p.height for p in by_length), median(p.pitch for p in by_length))


def columns(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Two columns of prose one after the other, where an empty strip parts the page in two."""
    left, right = min(p.left for p in pieces), max(p.right for p in pieces)
    for share in (0.5, 0.48, 0.52, 0.45, 0.55):
        cut = left + share * (right - left)
        sides = [p for p in pieces if p.right < cut], [p for p in pieces if p.left > cut]
        across = [p for p in pieces if p.left <= cut <= p.right]
        wide = [[p for p in side if p.right - p.left > 0.3 * (right - left)] for side in sides]
        if min(map(len, wide)) >= 5 and len(across) <= 2:
            start = min(p.top for side in wide for p in side)
            head = [p for p in pieces if p in across or p.bottom < start]
            rest = [[p for p in side if p not in head] for side in sides]
            return [part for part in (head, *rest) if part]
    return [list(pieces)]


def rows(pieces: Sequence[Piece]) -> list[Row]:
    """Pieces that stand on one line, from left to right, the lines from top to bottom."""
    found: list[Row] = []
    for piece in sorted(pieces, key=lambda p: p.middle):
        for row in found[-3:]:
            near = abs(row[-1].middle - piece.middle) < 0.5 * min(row[-1].height, piece.height)
            if near and all(p.right <= piece.left + 4 or p.left >= piece.right - 4 for p in row):
                row.append(piece)
                break
        else:
            found.append([piece])
    for row in found:
        row.sort(key=lambda p: p.left)
    return sorted(found, key=lambda row: row[0].middle)


def _blocks(lines: list[Row], body: Type) -> list[str]:
    step = _usual_step(lines)
    edge, end = min(line[0].left for line in lines), max(line[-1].right for line in lines)
    blocks: list[str] = []
    kind = ""
    at = 0
    while at < len(lines):
        table = [_cells(line) for line in _same_cells(lines, at)]
        if len(table) > 1:
            blocks.append(_table(table))
            kind, at = "table", at + len(table)
            continue
        line = lines[at]
        text = " ".join(piece.text.strip() for piece in line)
        before, kind = kind, _kind(lines, at, text, body, step, edge, end)
        at += 1
        if kind == "furniture":
            continue
        goes_on = at > 1 and kind == before and _near(lines, at - 1, step)
        short = at > 1 and lines[at - 2][-1].right < end - SHORT * (end - edge)
        if goes_on and (kind[0] == "#" or not (short or MARK.match(text))):
            blocks[-1] += " " + text
        elif kind == "item":
            blocks.append(text if text[0].isdigit() else "- " + MARK.sub("", text))
        else:
            blocks.append(f"{kind} {text}" if kind[0] == "#" else text)
    return blocks


def _kind(
    lines: list[Row], at: int, text: str, body: Type, step: float, edge: float, end: float
) -> str:
    """What a line is: the marks of a heading, item, prose or furniture."""
    line = lines[at]
    if FURNITURE.match(text):
        return "furniture"
    if level := _level(line, text, body):
        return "#" * level
    alone = at > 0 and len(text) < TITLE_CHARACTERS // 2 and not _near(lines, at, step)
    if alone and text[0].isupper() and text[-1].isalpha() and not re.search(r"\d", text):
        below = lines[at + 1] if at + 1 < len(lines) else []
        if below and below[-1].right - below[0].left > (1 - SHORT) * (end - edge):
            return "####"
    indent = line[0].left - edge
    indented = INDENT * body.height < indent < CENTRED * (end - edge)
    return "item" if indented or MARK.match(text) else "prose"


def _near(lines: list[Row], at: int, step: float) -> bool:
    """Whether the line stands as close below the one before as lines of a paragraph do."""
    return lines[at][0].middle - lines[at - 1][0].middle < PARAGRAPH * step


def _usual_step(lines: list[Row]) -> float:
    steps = [below[0].middle - above[0].middle for above, below in pairwise(lines)]
    return median(steps) if steps else 0.0


def _level(line: Row, text: str, body: Type) -> int:
    if len(text) > TITLE_CHARACTERS or text.endswith((".", ",", ";")):
        return 0
    if not re.search(r"[^\W\d_]{2}", text):
        return 0
    size = max((p.height / body.height + p.pitch / body.pitch) / 2 for p in line)
    return next((level for larger, level in LARGER if size >= larger), 0)


def _cells(line: Row) -> list[Piece]:
    """The row's cells: pieces that stand close together are one."""
    cells = [line[0]]
    for piece in line[1:]:
        last = cells[-1]
        if piece.left - last.right < GAP * last.height:
            text = f"{last.text} {piece.text}"
            cells[-1] = Piece(text, last.left, last.top, piece.right, last.bottom)
        else:
            cells.append(piece)
    return cells


def _same_cells(lines: list[Row], at: int) -> list[Row]:
    """The rows from here on that have the first one's columns."""
    head = _cells(lines[at])
    if len(head) < 2:
        return []
    found = [lines[at]]
    for line in lines[at + 1 :]:
        cells = _cells(line)
        aligned = len(cells) == len(head) and all(
            abs(one.left - other.left) < 2 * one.height
            or abs(one.right - other.right) < 2 * one.height
            for one, other in zip(head, cells, strict=True)
        )
        if not aligned:
            break
        found.append(line)
    return found


def _table(lines: Sequence[Sequence[Piece]]) -> str:
    written = [
        "| " + " | ".join(cell.text.strip().replace("|", "\\|") for cell in line) + " |"
        for line in lines
    ]
    return "\n".join([written[0], "|" + " --- |" * len(lines[0]), *written[1:]])
