"""Questions that compare two stated values: two rows of a table, two columns, two halves of a
sentence, or two sentences with the same verb. The answer names the greater and gives both values.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from local.models.asking import Draft, Statement, is_short, statements
from local.models.naming import product_of
from local.models.patterns import AMOUNT, COUNT, LEAD, PERCENT, TIME_UNIT
from local.models.questions import Asked
from local.models.reading import VAGUE
from local.models.tables import in_context, measure_of, row_name, the
from local.models.units import ROW, Unit, read_units
from local.models.words import words

NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a": 1, "an": 1,
}  # fmt: skip
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "night": 86_400,
           "week": 604_800, "month": 2_629_800, "year": 31_557_600}  # fmt: skip
VALUE = re.compile(rf"(?:{LEAD})?(?:{AMOUNT}|{PERCENT}|(?:{COUNT}|an?|one) {TIME_UNIT})", re.I)
WHERE = r"(?:in|on|at|for|through|within|by|from|with|during|under|over|outside|between)\b[^,;]*?"
HALVES = re.compile(
    rf"(?P<one>{VALUE.pattern}) (?P<here>{WHERE}|abroad),? (?:and|but|or) "
    rf"(?P<two>{VALUE.pattern}) (?P<there>{WHERE}|abroad)$",
    re.I,
)
MORE = {"cost": "more", "pay": "more", "earn": "more", "charge": "more", "take": "longer",
        "last": "longer", "hold": "more"}  # fmt: skip
ASPECT = re.compile(r"(?:feature|question|aspect|detail|topic|task)s?$", re.I)
LABELLED = re.compile(r'the (.+) (".+")')
SUPERLATIVE = re.compile(r"\b(?:\w+est|least|most|minimum|maximum)\b", re.I)


@dataclass(frozen=True)
class Value:
    """An amount with what it is an amount of, so that only like is compared with like."""

    sort: str
    size: float


def value_of(text: str) -> Value | None:
    """The one value that a text is; None if it is another kind of text or two values."""
    text = text.strip()
    match = VALUE.match(text)
    if match is None or re.search(r"\d|\bor\b", text[match.end() :]):
        return None
    found = re.sub(rf"^(?:{LEAD})", "", match[0], flags=re.I)
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", found)
    size = (
        float(digits[0].replace(",", ""))
        if digits
        else float(NUMBER_WORDS.get(found.split()[0].lower(), 0))
    )
    if re.search(r"[£$€]", found):
        return Value(found.strip()[0], size)
    if re.search(r"%|per ?cent", found):
        return Value("%", size)
    unit = re.sub(r"s$", "", found.split()[-1].lower())
    return Value("time", size * SECONDS[unit]) if unit in SECONDS and size else None


def _greater(one: str, two: str) -> int | None:
    """0 or 1 for the greater of two values; None if they are equal or not alike."""
    left, right = value_of(one), value_of(two)
    if left is None or right is None or left.sort != right.sort or left.size == right.size:
        return None
    return 0 if left.size > right.size else 1


def _verdict(names: tuple[str, str], values: tuple[str, str], first: int) -> str:
    """`the Wick card, with £11 against £6 for the First Step card`."""
    other = 1 - first
    return f"{names[first]}, with {values[first]} against {values[other]} for {names[other]}"


def _of_rows(one: Unit, two: Unit) -> Iterator[Draft]:
    """Two rows in each column that measures something."""
    corner = one.header[0]
    if ASPECT.match(corner):
        return
    names = tuple(row_name(unit.cells[0], corner) for unit in (one, two))
    for head, left, right in list(zip(one.header, one.cells, two.cells, strict=True))[1:]:
        measure, greater = measure_of(head, left), _greater(left, right)
        if greater is not None and measure:
            yield from _draft(measure, (names[0], names[1]), (left, right), greater)


def _of_columns(unit: Unit) -> Iterator[Draft]:
    """Two neighbouring cells of a row that is itself a measure."""
    measure = measure_of(unit.cells[0], "")
    columns = list(zip(unit.header, unit.cells, strict=True))[1:]
    for (left, one), (right, two) in itertools.pairwise(columns):
        greater = _greater(one, two)
        fits = re.search(r"[A-Z]", left) and not measure_of(left, "") and not measure_of(right, "")
        if measure and greater is not None and fits:
            yield from _draft(measure, (the(left), the(right)), (one, two), greater)


def _draft(
    measure: str, names: tuple[str, str], values: tuple[str, str], greater: int
) -> Iterator[Draft]:
    if SUPERLATIVE.search(measure):
        both = f"{values[0]} for {names[0]} and {values[1]} for {names[1]}"
        question = f"How does the {measure} for {names[0]} differ from that for {names[1]}?"
        yield Draft(question, both, "comparison", 0.78)
        return
    timed = value_of(values[0]) == Value("time", getattr(value_of(values[0]), "size", 0))
    more = "longer" if timed and not measure.startswith("charge") else "higher"
    which = ""
    labels = [LABELLED.fullmatch(name) for name in names]
    if labels[0] and labels[1]:
        which = f" {labels[0][1]}"
        names = (labels[0][2], labels[1][2])
    question = f"Which{which} has the {more} {measure}, {names[0]} or {names[1]}?"
    yield Draft(question, _verdict(names, values, greater), "comparison", 0.86)


def _halves(said: Statement) -> Iterator[Draft]:
    """`S costs V1 in A and V2 in B`: `Does S cost more in A or in B?`"""
    clause = said.clause
    match = HALVES.search(clause.rest.rstrip("."))
    if match is None or clause.negated or not is_short(said.subject, 14):
        return
    greater = _greater(match["one"], match["two"])
    here, there = match["here"], match["there"]
    if greater is None or VAGUE & set(words(f"{said.subject} {here} {there}")):
        return
    before = clause.rest[: match.start()].strip()
    places, values = (here, there), (match["one"], match["two"])
    other = 1 - greater
    answer = f"{places[greater]}, with {values[greater]} against {values[other]} {places[other]}"
    if clause.verb in MORE and not before:
        more = MORE[clause.verb]
        yield Draft(said.ask("", more, here, "or", there), answer, "comparison", 0.88)
    elif clause.auxiliary in ("is", "are") and not clause.verb and not before:
        yield Draft(said.ask("", "higher", here, "or", there), answer, "comparison", 0.84)


def _said_value(unit: Unit) -> list[tuple[Statement, str]]:
    """Clauses of a unit whose verb takes a value: `A recall costs £11`."""
    found = []
    for said in statements(unit.plain.rstrip(".")):
        match = VALUE.match(said.clause.rest)
        clear = is_short(said.subject, 10) and not VAGUE & set(words(said.subject))
        if match and clear and said.clause.verb in MORE and not said.clause.negated:
            found.append((said, match[0]))
    return found


def _of_sentences(one: Unit, two: Unit) -> Iterator[Draft]:
    """Two sentences of one section with the same verb: `Which costs more, A or B?`"""
    for (left, first), (right, second) in itertools.product(_said_value(one), _said_value(two)):
        greater = _greater(first, second)
        same = left.clause.finite == right.clause.finite and left.clause.auxiliary == "does"
        if same and greater is not None and left.subject != right.subject:
            names = (left.subject, right.subject)
            verb = left.clause.finite
            question = f"Which {verb} {MORE[left.clause.verb]}, {names[0]} or {names[1]}?"
            answer = _verdict(names, (first, second), greater)
            yield Draft(question, answer, "comparison", 0.82)


def _is_row(unit: Unit) -> bool:
    return unit.kind == ROW and len(unit.cells) == len(unit.header) and unit.cells != unit.header


@lru_cache(maxsize=2048)
def comparisons(document: str) -> tuple[Asked, ...]:
    """All comparisons that a document allows, best first."""
    units = read_units(document)
    found: dict[str, Asked] = {}

    def add(draft: Draft, unit: Unit, *also: Unit) -> None:
        draft = in_context(draft, unit.heading)
        if len(draft.question.split()) <= 28 and not re.search(r"[|#<>]", draft.question):
            score = draft.score - 0.01 * max(0, len(draft.question.split()) - 15)
            asked = Asked(draft.question, draft.answer, unit, draft.kind, score, also)
            found.setdefault(draft.question, asked)

    rows = [unit for unit in units if _is_row(unit)]
    for one, two in itertools.combinations(rows, 2):
        if one.header == two.header and one.heading == two.heading:
            for draft in _of_rows(one, two):
                add(draft, one, two)
    for unit in rows:
        for draft in _of_columns(unit):
            add(draft, unit)
    prose = [unit for unit in units if unit.kind != ROW and not product_of(unit.plain)]
    for unit in prose:
        for said in statements(unit.plain.rstrip(".")):
            for draft in _halves(said):
                add(draft, unit)
    for one, two in itertools.combinations(prose, 2):
        if one.heading == two.heading:
            for draft in _of_sentences(one, two):
                add(draft, one, two)
    return tuple(sorted(found.values(), key=lambda asked: (-asked.score, asked.unit.start)))
