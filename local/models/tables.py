"""Questions from table rows and `label: value` entries.

A row's first cell says what it is about, its header says what a value means. A row that lost its
header, or whose parts do not fit the few safe sentences here, asks nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from local.models.asking import Draft
from local.models.grammar import base_forms, lower_start, verbs
from local.models.naming import PRODUCT_NOUN, product_of
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
NAMED_ROWS = ("card", "account", "loan", "mortgage", "plan", "bond")
ORDINAL = r"(?:first|second|third|fourth|fifth|sixth)\b"
UNTITLED = re.compile(r"[\d,:?]|^(?:note|example|tip|step|section|part|contents|page)\b", re.I)


def _clean(cell: str) -> str:
    cell = re.sub(r"\s*\([^)]*\)", "", cell)
    return re.sub(r"^[•\-–\s]+", "", cell).strip(" :.*")


def _phrase(text: str) -> str:
    """A label as it continues a sentence: all lower case after its capital, it is no name."""
    head, _, tail = text.partition(" ")
    if tail.endswith("app"):
        return text
    common = is_common_word(head.lower()) or re.search(r"-|(?:less|ing|ed)$", head)
    plain = head[1:].replace("-", "").islower() and tail and tail == tail.lower() and common
    return text[0].lower() + text[1:] if plain else lower_start(text)


def the(text: str) -> str:
    """The text with its article; a name that is no product's goes without."""
    parts = re.split(r" with ", text)[0].split()
    named = all(part[0].isupper() for part in parts)
    bare = named and len(text) > 2 and not PRODUCT_NOUN.search(text)
    return text if bare or re.match(r"(?:the|a|an|your|each|any)\b", text, re.I) else f"the {text}"


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
    elif len(unit.cells) == len(unit.header) and unit.cells != unit.header:
        label = _clean(unit.cells[0])
        titled = re.match(r"(.*(?:limit|fee|charge|price|rate|cost))s? by \w+$", unit.heading)
        for cell, head in list(zip(unit.cells, unit.header, strict=True))[1:]:
            if titled and VALUE.match(cell) and not is_measure(f"{head} {label}"):
                whom = _phrase(head) if head.endswith("s") else the(head)
                asked = f"What is the {_phrase(titled[1])} for {whom} with {the(_phrase(label))}?"
                yield Draft(asked, cell.strip(), "money", 0.85)
                continue
            yield from _cell(label, _clean(head), cell.strip(), _clean(unit.header[0]))


def _label_value(label: str, value: str) -> Iterator[Draft]:
    """A row without a header: only a label that names a price says what the value is."""
    if PRICED.search(label) and COST.match(value) and _is_label(label, 11) and " " in label:
        yield Draft(f"What is {the(_phrase(label))}?", value, "money", 0.75)


def _cell(label: str, column: str, value: str, corner: str = "") -> Iterator[Draft]:
    """A row and a column: one of them names what is measured, the other what it is measured of."""
    if EMPTY.match(value) or not _is_label(label, 11) or len(value.split()) > 9:
        return
    if (
        not re.match(r"[A-Za-z]", column)
        or len(column.split()) > 6
        or re.search(r"[\d$£€]", column)
    ):
        return
    yield from _said(label, column, value)
    asks_column = is_measure(column) or (plain_phrase(column) and COST.match(value))
    asks_label = PRICED.search(label) or MEASURE.search(label)
    if re.match(r"per \w+$", column, re.I) and asks_label:
        yield Draft(f"What is {the(_phrase(label))} {column.lower()}?", value, "money", 0.8)
    elif asks_column and not GENERIC.match(label) and not (asks_label and PRICED.search(label)):
        score = 0.85 if VALUE.match(value) else 0.65
        start = f"What is {the(_phrase(column))} for"
        yield Draft(f"{start} {row_name(label, corner)}?", value, "money", score)
    elif asks_label and re.search(r"[A-Z]", column) and VALUE.match(value):
        yield Draft(f"What is {the(_phrase(label))} for {the(column)}?", value, "money", 0.85)


def _said(label: str, column: str, value: str) -> Iterator[Draft]:
    """Columns that are the rest of a sentence: `Proves identity`, `Kept for`, a channel's `Yes`."""
    verb, _, rest = column.partition(" ")
    base, auxiliary = verbs().get(verb.lower(), ("", ""))
    told = re.match(r"(?:yes|no)\b", value, re.I)
    if told and auxiliary == "does" and rest and not label.endswith("s"):
        article = "an" if re.match(r"[aeio]|u(?!ni|ti|se)", label, re.I) else "a"
        yield Draft(f"Does {article} {_phrase(label)} {base} {rest}?", value, "yesno", 0.72)
    elif told and label.split()[0].lower() in base_forms() and re.search(r"[A-Z]", column):
        yield Draft(f"Can you {_phrase(label)} with {the(column)}?", value, "yesno", 0.72)
    elif column.lower() == "kept for" and label.split()[0].endswith("s") and VALUE.match(value):
        yield Draft(f"For how long are {_phrase(label)} kept?", value, "duration", 0.85)


def in_context(draft: Draft, heading: str) -> Draft:
    """The question of a row, with the heading set ahead where that tells what the table is about:
    `With the … Account, `, `When overpaying a mortgage, `, `For payments abroad, `."""
    if re.match(r"(?:Does|Can|For how long)\b", draft.question) or '"' in draft.question:
        return draft
    said = heading[:1].lower() + heading[1:]
    product = product_of(heading)
    if product:
        ahead = f"With the {product}" if product not in draft.question else ""
    elif (
        re.match(r"(?!comparing)[a-z]+ing (?:an?|the|your|with|in)\b", said)
        and len(said.split()) < 6
    ):
        ahead = f"When {said}"
    elif re.fullmatch(r"[A-Z]\w+ (?:[A-Z]\w+ )*(?:Bond|Loan|Account|Card|Mortgage)s", heading):
        ahead = f"With {heading}"
    elif re.fullmatch(r"[a-z]+ (?:[a-z]+ )?(?:bond|loan|account|card|mortgage)s", said):
        ahead = f"With {said}" if said.split()[0] not in ("the", "your") else ""
    elif re.fullmatch(r"[a-z]+s (?:abroad|from \w+|to \w+|within \w+)", said):
        ahead = f"For {said}"
    else:
        ahead = ""
    question = f"{ahead}, {draft.question[0].lower()}{draft.question[1:]}"
    return replace(draft, question=question) if ahead else draft


def is_measure(column: str) -> bool:
    """Whether a column's head names something that is measured."""
    return bool(PRICED.search(column) or MEASURE.search(column))


def measure_of(head: str, value: str) -> str:
    """What a column (or row) measures, as it continues a sentence; nothing if it is no measure."""
    text = _clean(head)
    fits = is_measure(text) or (plain_phrase(text) and COST.match(value))
    named = re.match(r"[A-Za-z]", text) and len(text.split()) <= 6 and not re.search(r"\d", text)
    return _phrase(text) if fits and named and not GENERIC.match(text) else ""


def plain_phrase(column: str) -> bool:
    """Whether a column's head is a common noun and not a name or the rest of a sentence."""
    lower = column[1:] == column[1:].lower()
    return lower and not re.search(r"(?:ed|for|by|to|where|in|[^s]s|card|account|loan)$", column)


def row_name(label: str, corner: str) -> str:
    """A row as what a value is given for; the head of the first column says what rows are."""
    head, low = corner.lower(), _phrase(label)
    noun = head.split()[-1] if head else ""
    if head == "amount":
        return f"an amount of {label}"
    if not head or (GENERIC.match(corner) and noun not in ("account", "plan")):
        return the(low)
    if head.startswith(noun) and noun in NAMED_ROWS:
        return the(label) if noun in label.lower() else f"the {label} {noun}"
    if " and " in label and re.match(ORDINAL, label, re.I):
        first, _, of = head.partition(" ")
        return f"the {label.lower()} {first}s {of}".strip()
    if re.match(r"(?:one|two|three|four|five|six|ten|\d+) (?:year|month|week|day)s?$", label, re.I):
        return f"a {head} of {label.lower()}"
    if re.match(ORDINAL, label, re.I):
        return (
            f"the {label.lower()}"
            if noun in label.lower() or "year" in label
            else (f"the {label.lower()} {head}")
        )
    if head == "box" or head == "stage":
        return f"a {label.lower()} {head}" if head == "box" else f"the {label.lower()} stage"
    if re.match(r"(?:order|channel|way)\b", head):
        return the(label) if re.search(r"[A-Z]", label[1:]) else the(low)
    return f'the {head} "{label}"'


def entry_drafts(unit: Unit) -> Iterator[Draft]:
    """Questions of a `label: value` line under a heading that is a name."""
    if len(unit.cells) != 2 or not 1 < len(unit.heading.split()) <= 7:
        return
    label, value, topic = _clean(unit.cells[0]), unit.cells[1].strip(), _clean(unit.heading)
    if UNTITLED.search(topic) or EMPTY.match(value):
        return
    contact = CONTACT.get(label.lower())
    if contact:
        yield Draft(f"{contact} {the(topic)}?", value, "contact", 0.85)
    elif PRICED.search(label) and len(label.split()) <= 5 and len(value.split()) <= 14:
        yield Draft(f"What is {the(_phrase(label))} of {the(topic)}?", value, "entry", 0.8)


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
