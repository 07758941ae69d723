"""From the lines of a PDF page, with where they stand, to text that keeps its paragraphs.

A PDF holds glyphs at places and no paragraphs, tables or headings: they are read off the geometry.
Paragraphs come out apart by a blank line, tables and headings as markdown. No character is added
but that markup, and none is lost. Pure functions on `Line`: what a PDF library says of a page, in
points, y growing upwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_CELL_GAP = 1.2  # in sizes of type: wider white space inside a line parts the cells of a table
_LEADING = 1.3  # lines further apart than so many usual distances are of two paragraphs
_NEAR = 2.2  # and further apart than this never of one
_SIZE_CHANGE = 0.12
_LARGER = ((1.75, 1), (1.35, 2), (1.15, 3))  # size against the body's → level of the heading
_TITLE_CHARACTERS = 120
_AROUND = 6  # lines before and after that show how wide the column is here
_SHORT = 0.7  # of its column: a line that ends so early ends its paragraph
_PROSE_CELL = 45  # two columns of longer texts are columns of prose, not a table
_REFERENCE = re.compile(r"(?:\[[\w ]{1,8}\][:\d–-]*)+")
_ITEM = re.compile(r"(?:[-*•·▪◦–●○■‣]|\(?\d{1,3}[.)]|\(?[a-z]\))\s")
_ENDED = re.compile(r"[.!?:;][\"”’')\]\d[]*$")


@dataclass(frozen=True)
class Line:
    """One line of a page. `gaps`: (offset, end of a word, begin of the next) between its words."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    gaps: tuple[tuple[int, float, float], ...] = ()

    @property
    def size(self) -> float:
        """The height of its type."""
        return max(self.top - self.bottom, 0.1)


@dataclass(frozen=True)
class _Cell:
    text: str
    left: float
    right: float


def lay_out(lines: Sequence[Line], *, mark_larger: bool) -> str:
    """The page's text with its paragraphs and tables, in reading order.

    `mark_larger` writes short lines of larger type as markdown headings: for files without an
    outline, which tells headings better.
    """
    ordered = _put_back([line for line in lines if line.text.strip()])
    if not ordered:
        return ""
    body = _body_size(ordered)
    leading = _usual_leading(ordered)
    blocks: list[list[str]] = []
    level, at = 0, 0
    while at < len(ordered):
        if rows := _table_at(ordered, at):
            blocks.append(_markdown_table(rows))
            level, at = 0, at + len(rows)
            continue
        text = ordered[at].text.strip()
        before, level = level, _level(ordered[at], body) if mark_larger else 0
        after_table = bool(blocks) and blocks[-1][0].startswith("|")
        parts = not blocks or after_table or _parts(ordered, at, leading)
        if level and before == level and not parts:
            blocks[-1][-1] += " " + text
        elif level:
            blocks.append(["#" * level + " " + text])
        elif parts or before:
            blocks.append([text])
        else:
            blocks[-1].append(text)
        at += 1
    return "\n\n".join("\n".join(block) for block in blocks)


def _put_back(lines: Sequence[Line]) -> list[Line]:
    """Lines that a producer drew late, as headings often are, back to where they stand.

    A short line moves, only up, and only when the lines of its own column leave it room: those
    before its new place all stand above it, those after it below.
    """
    ordered: list[Line] = []
    for line in lines:
        place = len(ordered)
        late = len(line.text) <= _TITLE_CHARACTERS // 2
        if late and ordered and line.bottom >= ordered[-1].top:
            place = _place_of(line, ordered)
        ordered.insert(place, line)
    return ordered


def _place_of(line: Line, ordered: Sequence[Line]) -> int:
    slack = line.size * 0.3
    place = len(ordered)
    for index, other in enumerate(ordered):
        if not _overlap(line, other):
            continue
        if other.top <= line.bottom + slack:
            place = min(place, index)
        elif other.bottom < line.top - slack or index > place:
            return len(ordered)  # it crosses another line, or the column goes up again
    return place


def _overlap(one: Line, other: Line) -> bool:
    shared = min(one.right, other.right) - max(one.left, other.left)
    return shared >= 0.5 * min(one.right - one.left, other.right - other.left)


def _body_size(lines: Sequence[Line]) -> float:
    sizes = [line.size for line in lines for _ in range(len(line.text) // 8 + 1)]
    return median(sizes)


def _usual_leading(lines: Sequence[Line]) -> float:
    steps = [
        above.bottom - below.bottom
        for above, below in pairwise(lines)
        if 0 < above.bottom - below.bottom < 3 * max(above.size, below.size)
    ]
    return median(steps) if steps else 0.0


def _level(line: Line, body: float) -> int:
    text = line.text.strip()
    if len(text) > _TITLE_CHARACTERS or text.endswith(".") or not re.search(r"[^\W\d_]{2}", text):
        return 0
    return next((level for larger, level in _LARGER if line.size >= larger * body), 0)


def _parts(lines: Sequence[Line], at: int, leading: float) -> bool:
    """Whether a paragraph ends between the line before and this one."""
    above, line = lines[at - 1], lines[at]
    if _REFERENCE.fullmatch(above.text.strip()) or _REFERENCE.match(line.text.strip()):
        return False  # a raised citation mark, set as a line of its own
    near_by = lines[max(at - _AROUND, 0) : at + _AROUND]
    column = [one for one in near_by if _overlap(one, above)]
    left, right = min(one.left for one in column), max(one.right for one in column)
    word = line.text.split()[0]
    width = (line.right - line.left) * (len(word) + 2) / max(len(line.text), 1)
    room = above.right + width < right
    ended = bool(_ENDED.search(above.text))
    step = above.bottom - line.bottom
    if step <= 0 or step > leading * _LEADING:
        near = 0 < step < leading * _NEAR and not room and abs(above.left - line.left) < 1
        return ended or not (near or line.text[:1].islower())
    if abs(above.size - line.size) > _SIZE_CHANGE * max(above.size, line.size):
        return ended or not line.text[:1].islower()
    if _ITEM.match(line.text):
        return False
    shift = line.left - above.left
    if ended and (shift < -0.5 * line.size or (shift > line.size and not _ITEM.match(above.text))):
        return True
    short = above.right - left < _SHORT * (right - left)
    return room and (ended or (short and not line.text[:1].islower()))


def _cells(line: Line) -> list[_Cell]:
    cells = []
    start, left = 0, line.left
    for offset, ends, begins in line.gaps:
        if begins - ends >= _CELL_GAP * line.size:
            cells.append(_Cell(line.text[start:offset].strip(), left, ends))
            start, left = offset, begins
    cells.append(_Cell(line.text[start:].strip(), left, line.right))
    return [cell for cell in cells if cell.text]


def _table_at(lines: Sequence[Line], at: int) -> list[list[str]]:
    """The rows of the table that begins with this line; [] when none does."""
    rows: list[list[_Cell]] = []
    for line in lines[at:]:
        cells = _cells(line)
        if len(cells) < 2 or (rows and not _aligned(rows[0], cells, line.size)):
            break
        rows.append(cells)
    if len(rows) < 2:
        return []
    if sum(row[0].text.endswith(":") for row in rows) > len(rows) / 2:
        return []  # `label: value` lines say on their own what they are about
    usual = [median(len(row[column].text) for row in rows) for column in range(len(rows[0]))]
    if len(usual) == 2 and min(usual) > _PROSE_CELL:
        return []
    return [[cell.text for cell in row] for row in rows]


def _aligned(header: Sequence[_Cell], row: Sequence[_Cell], size: float) -> bool:
    return len(header) == len(row) and all(
        abs(one.left - other.left) < size
        or abs(one.right - other.right) < size
        or abs(one.left + one.right - other.left - other.right) < 2 * size
        for one, other in zip(header, row, strict=True)
    )


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    written = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [written[0], "|" + " --- |" * len(rows[0]), *written[1:]]
