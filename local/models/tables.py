"""Questions from table rows and `label: value` entries.

A row's first cell says what it is about, its header says what a value means. A row that lost its
header, or whose parts do not fit the few safe sentences here, asks nothing.
"""

import re
from collections.abc import Iterator

from local.models.asking import Draft
from local.models.grammar import lower_start
from local.models.patterns import PRICED
from local.models.tokens import is_common_word
from local.models.units import ENTRY, Unit

EMPTY = re.compile(r"^(?:[-–—✔✓•xX]|n/?a|not available|none|&nbsp;)?$", re.I)
VALUE = re.compile(
    r"^(?:up to |about |at least )?[$€£]?\s?\d|^(?:free|waived|unlimited|no (?:fee|charge))\b", re.I
)
COST = re.compile(r"^(?:up to )?[$€£]\s?\d|^(?:free|waived|no (?:fee|charge))\b", re.I)
MEASURE = re.compile(
    r"\b(?:number|time|term|period|hours|age|share|percentage|length|duration|size|height|weight"
    r"|capacity|speed|opening|notice)\b",
    re.I,
)
FIRST_COLUMN = re.compile(
    r"^(?:account|card|loan|service|item|type|plan|stage|product|mortgage|channel|country|currency"
    r"|branch|size|bond|saver|payment|transaction|policy|step|name)(?: type| name)? (?=[A-Z(a-z])",
    re.I,
)
GENERIC = re.compile(
    r"^(?:accounts?|fees?|amount|type|name|services?|plans?|description|costs?|prices?|items?|date|value"
    r"|total|notes?|details?|small|medium|large|other|per item|yes|no)$",
    re.I,
)
CONTACT = {
    "call": "What number can you call to reach", "phone": "What is the phone number of",
    "telephone": "What is the telephone number of", "tty": "What is the TTY number of",
    "fax": "What is the fax number of", "e-mail": "What is the e-mail address of",
    "email": "What is the email address of", "website": "What is the website of",
    "address": "What is the address of", "hours": "What are the opening hours of",
}  # fmt: skip
UNTITLED = re.compile(r"[\d,:?]|^(?:note|example|tip|step|section|part|contents|page)\b", re.I)


def _clean(cell: str) -> str:
    cell = re.sub(r"\s*\([^)]*\)", "", cell)
    return re.sub(r"^[•\-–\s]+", "", cell).strip(" :.*")


def _phrase(text: str) -> str:
    """A label as it continues a sentence: all lower case after its capital, it is no name."""
    head, _, tail = text.partition(" ")
    plain = head[1:].islower() and tail and tail == tail.lower()
    return text[0].lower() + text[1:] if plain else lower_start(text)


def _the(text: str) -> str:
    return text if re.match(r"(?:the|a|an|your|each|any)\b", text, re.I) else f"the {text}"


def _is_label(label: str, most: int = 9) -> bool:
    """Whether a label is one phrase: cells that ran together have capitals in their midst."""
    count = len(label.split())
    ran_together = re.search(r"\b[a-z]{3,} (?:[A-Z][a-z]+ [a-z]+)", label)
    known = not GENERIC.match(label) and not re.search(r"[=<>#%]|\bif\b", label, re.I)
    return bool(re.match(r"[A-Za-z]{2}", label)) and count <= most and known and not ran_together


def row_drafts(unit: Unit) -> Iterator[Draft]:
    """Questions of one table row."""
    if len(unit.cells) == 2 and len(unit.header) <= 1:
        label, value = _clean(unit.cells[0]), unit.cells[1].strip()
        column = FIRST_COLUMN.sub("", unit.header[0]) if unit.header else ""
        if len(re.findall(r"[$€£%]", value)) > 1 or not VALUE.match(value):
            return
        if column and column != unit.header[0]:
            yield from _cell(label, _clean(column), value)
        elif not unit.header:
            yield from _label_value(label, value)
    elif len(unit.cells) == len(unit.header):
        label = _clean(unit.cells[0])
        for cell, head in list(zip(unit.cells, unit.header, strict=True))[1:]:
            yield from _cell(label, _clean(head), cell.strip())


def _label_value(label: str, value: str) -> Iterator[Draft]:
    """A row without a header: only a label that names a price says what the value is."""
    if PRICED.search(label) and COST.match(value) and _is_label(label, 11) and " " in label:
        yield Draft(f"What is {_the(_phrase(label))}?", value, "money", 0.75)


def _cell(label: str, column: str, value: str) -> Iterator[Draft]:
    """A row and a column: one of them names what is measured, the other what it is measured of."""
    if EMPTY.match(value) or not _is_label(label) or len(value.split()) > 9:
        return
    if (
        not re.match(r"[A-Za-z]", column)
        or len(column.split()) > 6
        or re.search(r"[\d$£€]", column)
    ):
        return
    asks_column = PRICED.search(column) or MEASURE.search(column)
    asks_label = PRICED.search(label) or MEASURE.search(label)
    if re.match(r"per \w+$", column, re.I) and asks_label:
        yield Draft(f"What is {_the(_phrase(label))} {column.lower()}?", value, "money", 0.8)
    elif asks_column and not GENERIC.match(label) and not (asks_label and PRICED.search(label)):
        score = 0.85 if VALUE.match(value) else 0.65
        yield Draft(
            f"What is {_the(_phrase(column))} for {_the(_phrase(label))}?",
            value,
            "money",
            score,
        )
    elif asks_label and not asks_column and re.search(r"[A-Z]", column) and VALUE.match(value):
        yield Draft(f"What is {_the(_phrase(label))} for {_the(column)}?", value, "money", 0.85)


def entry_drafts(unit: Unit) -> Iterator[Draft]:
    """Questions of a `label: value` line under a heading that is a name."""
    if len(unit.cells) != 2 or not 1 < len(unit.heading.split()) <= 7:
        return
    label, value, topic = _clean(unit.cells[0]), unit.cells[1].strip(), _clean(unit.heading)
    if UNTITLED.search(topic) or EMPTY.match(value):
        return
    contact = CONTACT.get(label.lower())
    if contact:
        yield Draft(f"{contact} {_the(topic)}?", value, "contact", 0.85)
    elif PRICED.search(label) and len(label.split()) <= 5 and len(value.split()) <= 14:
        yield Draft(f"What is {_the(_phrase(label))} of {_the(topic)}?", value, "entry", 0.8)


RANKS = ("kingdom", "phylum", "class", "order", "family", "subfamily", "genus")


def rank_drafts(unit: Unit, title: str) -> Iterator[Draft]:
    """`To which family does … belong?` for the box of ranks at the head of an article."""
    label = unit.cells[0].lower() if unit.kind == ENTRY and len(unit.cells) == 2 else ""
    named = re.fullmatch(r"[A-Z][a-z-]+(?: [a-z-]+){1,3}", title)
    if label not in RANKS or named is None or not re.fullmatch(r"[A-Z][a-z]+", unit.cells[1]):
        return
    first = title.split()[0].lower().split("-")[0]
    common = is_common_word(first) or "-" in title
    name = f"the {title[0].lower()}{title[1:]}" if common else title
    score = 0.8 if label in ("family", "order", "genus") else 0.6
    yield Draft(f"To which {label} does {name} belong?", unit.cells[1], "rank", score)
