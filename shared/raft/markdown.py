"""The structure of a text in markdown: its headings, tables, lists, code and paragraphs.

Blocks follow one another without a gap and begin with the white space before them, so that the
blocks of a text joined are the text. Only what chunking needs is told apart: no inline markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from shared.raft.text import HEADING, ITEM, TABLE_ROW, TABLE_RULE

_MARKUP = re.compile(r"\*\*|__|`+|\\(?=[^\w\s])")
_TITLE_CHARACTERS = 300
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


class Kind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    TABLE = "table"
    ITEM = "item"
    CODE = "code"
    PROSE = "prose"


@dataclass(frozen=True)
class Block:
    """text[start:end]. `path`: titles it stands under, its own included; `body`: where the rows
    of a table begin."""

    kind: Kind
    start: int
    end: int
    path: tuple[str, ...]
    body: int = 0


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    text: str


def blocks(text: str) -> Iterator[Block]:
    """The blocks of the text, in order; white space after the last belongs to it."""
    titles: list[tuple[int, str]] = []
    lines = list(_lines(text))
    start = at = 0
    while at < len(lines):
        if not lines[at].text.strip():
            at += 1
            continue
        kind, after, body = _block_at(lines, at)
        if kind is Kind.HEADING and (match := HEADING.match(lines[at].text)):
            level = len(match[1])
            titles = [entry for entry in titles if entry[0] < level]
            titles.append((level, plain_title(match[2][:_TITLE_CHARACTERS])))
        end = lines[after - 1].end if after < len(lines) else len(text)
        path = tuple(title for _, title in titles)
        yield Block(kind, start, end, path, lines[body].start if body else 0)
        start, at = end, after


def plain_title(title: str) -> str:
    """A heading's text without its inline markup."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", title.rstrip("# \t"))).split())


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield _Line(start, end, text[start:end])
        start = end + 1


def _block_at(lines: list[_Line], at: int) -> tuple[Kind, int, int]:
    """Kind of the block that begins here, the line after it, and the first row of a table."""
    text = lines[at].text
    after = at + 1
    if text.lstrip().startswith(("```", "~~~")):
        fence = text.lstrip()[:3]
        while after < len(lines) and not lines[after].text.lstrip().startswith(fence):
            after += 1
        return Kind.CODE, min(after + 1, len(lines)), 0
    if HEADING.match(text):
        return Kind.HEADING, after, 0
    if _table(lines, at):
        while after < len(lines) and TABLE_ROW.match(lines[after].text):
            after += 1
        return (Kind.TABLE, after, at + 2) if after > at + 2 else (Kind.PROSE, after, 0)
    kind = Kind.ITEM if ITEM.match(text) else Kind.PROSE
    while after < len(lines) and _goes_on(lines, after):
        after += 1
    return kind, after, 0


def _table(lines: list[_Line], at: int) -> bool:
    following = lines[at + 1].text if at + 1 < len(lines) else ""
    return bool(TABLE_ROW.match(lines[at].text) and TABLE_RULE.match(following))


def _goes_on(lines: list[_Line], at: int) -> bool:
    text = lines[at].text
    return not (
        not text.strip()
        or HEADING.match(text)
        or ITEM.match(text)
        or text.lstrip().startswith(("```", "~~~"))
        or _table(lines, at)
    )
