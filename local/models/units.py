"""Cuts a document into units: sentences, list items, table rows, entries and headings.

A unit is what can be quoted. Its `text` is the document's own text with runs of white space made
one space, so a quote stays verbatim up to white space; `plain` is the same for people, without
markup and citation marks. Works on markdown and on line-wrapped text from a PDF alike.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

SENTENCE, ITEM, ROW, ENTRY, HEADING = "sentence", "item", "row", "entry", "heading"

BULLET = re.compile(r"^\s*(?:[-*+•·▪◦–●○■✓]|\(?\d{1,2}[.)]|\(?[a-z]\))\s+(?:\[[ x]\]\s*)?(?=\S)")
MARKED_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(\S.*?)\s*#*$")
BOLD_LINE = re.compile(r"^\s*\*\*([^*]+)\*\*\s*:?\s*$")
TABLE_ROW = re.compile(r"^\s*\|.*\|?\s*$")
TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*\|?\s*$")
FENCE = re.compile(r"^\s*(?:```.*|~~~.*|-{3,}|\*{3,}|_{3,}|!\[[^\]]*\]\([^)]*\))\s*$")
ENTRY_LINE = re.compile(r"^\s*(?:\*\*)?([A-Z][\w ,/&()'’-]{1,45}?)\s?:(?:\*\*)?\s+(\S.{0,90})$")
VALUE = (
    r"(?:[$€£]\s?\d[\d,]*(?:\.\d+)?%?|\d[\d,]*(?:\.\d+)?\s?%"
    r"|Free|FREE|Included|Unlimited|None|Waived)"
)
VALUE_LINE = re.compile(
    rf"^(?P<label>[A-Z•][^.:;!?]{{2,80}}?)[\s.…]*\s"
    rf"(?P<values>{VALUE}(?:\s+(?:{VALUE}|per \w+|–|-|✔))*)$"
)
SENTENCE_END = re.compile(
    r"[.!?](?::\s?\d{1,3}(?:[–-]\d{1,3})?|[\"”’')\]]|\[\d+\]|[¹²³⁴⁵⁶⁷⁸⁹])*(\s+)(?=[\"“‘'(\[]?(?:[A-Z0-9À-Þ]|[ei]\.\w|epost))"
)
ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|Dr|Mr|Mrs|Ms|St|No|vs|Inc|Ltd|Co|Corp|approx|ca|Fig|Vol|pp?|cf|Prof|Jr|Sr"
    r"|U\.S|P\.O|a\.m|p\.m|sp|spp|gen|[A-Z]))$"
)
MARKUP = re.compile(
    r"<sup>.*?</sup>|<[^<>]{1,20}>|\*\*|__|`+|(?<=\w)[¹²³⁴⁵⁶⁷⁸⁹]+|\[\d{1,3}\]|\[[a-z]\]|&nbsp;"
)


@dataclass(frozen=True)
class Unit:
    """A quotable piece of a document with its offsets, kind and the heading above it."""

    text: str
    plain: str
    start: int
    end: int
    kind: str
    heading: str = ""
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


def collapse(text: str) -> str:
    """Runs of white space become one space."""
    return " ".join(text.split())


def plain_text(raw: str) -> str:
    """The text for people: no markup, no citation marks, line-end hyphens joined."""
    raw = re.sub(r"(?<=\w)-[ \t]*\n\s*(?=[a-z])", "-", raw)
    raw = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", raw)
    return re.sub(r"\s+([,.;:!?])", r"\1", collapse(MARKUP.sub("", raw)))


@dataclass
class _Line:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def _lines(text: str) -> list[_Line]:
    found, at = [], 0
    for raw in text.split("\n"):
        found.append(_Line(at, raw))
        at += len(raw) + 1
    return found


def _is_plain_heading(lines: list[_Line], index: int, width: int, fresh: bool) -> bool:
    """Whether an unmarked short line stands between paragraphs as a heading does."""
    text = plain_text(lines[index].text)
    if not text or not fresh or not 2 < len(text) <= min(60, max(24, 0.6 * width)):
        return False
    if not (text[0].isupper() or text[0].isdigit()) or text[-1] in ".,;:!?-–" or "$" in text:
        return False
    if re.search(r" (?:and|or|of|in|on|at|to|the|an?|for|from|with|by|its|their)$", text):
        return False
    following = lines[index + 1].text.strip() if index + 1 < len(lines) else ""
    return len(text.split()) <= 8 and (not following or not following[0].islower())


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentence offsets within one paragraph."""
    at = start
    for match in SENTENCE_END.finditer(text, start, end):
        before = text[max(start, match.start() - 8) : match.start()]
        if text[match.start()] == "." and ABBREVIATION.search(before):
            continue
        yield at, match.start(1)
        at = match.end(1)
    yield at, end


class _Reader:
    """Walks the lines once, keeping the open paragraph, the heading and the table header."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.units: list[Unit] = []
        self.heading = ""
        self.header: tuple[str, ...] = ()
        self.flat_header: tuple[str, ...] = ()
        self.above = ""
        self.span: tuple[int, int, str] | None = None

    def add(self, start: int, end: int, kind: str, cells: tuple[str, ...] = ()) -> None:
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        raw = self.text[start:end]
        plain = plain_text(raw)
        if not re.search(r"\w\w", plain):
            return
        header = (self.header or self.flat_header) if kind == ROW else ()
        self.units.append(Unit(collapse(raw), plain, start, end, kind, self.heading, cells, header))

    def close(self) -> None:
        if self.span is None:
            return
        start, end, kind = self.span
        self.span = None
        for left, right in _sentences(self.text, start, end):
            self.add(left, right, kind)

    def extend(self, line: _Line, kind: str, skip: int = 0) -> None:
        if self.span is None:
            self.span = (line.start + skip, line.end, kind)
        else:
            self.span = (self.span[0], line.end, self.span[2])

    def table_row(self, line: _Line, ruled: bool) -> None:
        cells = tuple(plain_text(cell) for cell in line.text.strip().strip("|").split("|"))
        if ruled:
            self.header = cells
        self.add(line.start, line.end, ROW, cells)

    def value_row(self, line: _Line, label: str, value: str) -> None:
        """A row of a table that lost its rules; the line above its first row is its header."""
        self.close()
        last = self.units[-1] if self.units else None
        if last is not None and last.kind == HEADING and line.start - last.end <= 2:
            self.flat_header, self.heading = (last.plain,), self.above
        self.add(line.start, line.end, ROW, (label, value))

    def read(self) -> tuple[Unit, ...]:
        lines = _lines(self.text)
        width = max((len(line.text.strip()) for line in lines), default=0)
        for index, line in enumerate(lines):
            self._line(lines, index, line, width)
        self.close()
        return tuple(self.units)

    def _line(self, lines: list[_Line], index: int, line: _Line, width: int) -> None:
        stripped = line.text.strip()
        table = bool(TABLE_ROW.match(line.text)) and stripped.count("|") >= 2
        if not table:
            self.header = ()
        if not stripped or FENCE.match(line.text) or TABLE_RULE.match(line.text):
            if not (table or TABLE_RULE.match(line.text)) or not stripped:
                self.close()
            return
        if table:
            self.close()
            following = lines[index + 1].text if index + 1 < len(lines) else ""
            self.table_row(line, bool(TABLE_RULE.match(following)))
            return
        marked = MARKED_HEADING.match(line.text) or BOLD_LINE.match(line.text)
        if marked:
            self.close()
            self.above, self.heading = self.heading, plain_text(marked[1])
            self.add(line.start, line.end, HEADING)
            return
        bullet = BULLET.match(line.text)
        if bullet:
            self.close()
            self.extend(line, ITEM, bullet.end())
            return
        open_text = self.text[self.span[0] : self.span[1]].rstrip() if self.span else ""
        ended = not open_text or bool(re.search(r"[.!?:;][\"”’')\]\d[]*$", open_text))
        short = len(lines[index - 1].text.strip()) < 0.75 * width if index else True
        fresh = ended or short
        values = VALUE_LINE.match(stripped)
        if values and fresh and len(values["label"].split()) <= 12:
            self.value_row(line, plain_text(values["label"]), values["values"])
            return
        self.flat_header = ()
        entry = ENTRY_LINE.match(line.text)
        if entry and fresh and len(stripped) < max(60, 0.8 * width):
            self.close()
            self.add(line.start, line.end, ENTRY, (plain_text(entry[1]), plain_text(entry[2])))
            return
        if _is_plain_heading(lines, index, width, fresh):
            self.close()
            self.above, self.heading = self.heading, plain_text(stripped)
            self.add(line.start, line.end, HEADING)
            return
        if self.span and self.span[2] == ITEM and short and (ended or stripped[0].isupper()):
            self.close()
        self.extend(line, SENTENCE)


@lru_cache(maxsize=4096)
def read_units(document: str) -> tuple[Unit, ...]:
    """All units of a document in reading order."""
    return _Reader(document).read()
