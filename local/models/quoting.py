"""What an answer quotes: its unit as it stands, and what the unit needs to be understood alone.

A row is quoted with the header (and title) of its table, a numbered step with its number and its
heading, and an answer from several units quotes each of them.
"""

from local.models.passages import meaning
from local.models.questions import Asked
from local.models.steps import numbered
from local.models.units import HEADING, ITEM, ROW, Unit, collapse, read_units


def quotes_of(asked: Asked, documents: tuple[str, ...]) -> tuple[str, ...]:
    """The quotes of an answer, verbatim up to white space, each once."""
    quotes: list[str] = []
    for unit in (asked.unit, *asked.also):
        document = next((text for text in documents if _holds(text, unit)), "")
        quotes += [*_before(unit, document, asked), _whole(unit, document, asked.kind)]
    return tuple(dict.fromkeys(quotes))


def _holds(document: str, unit: Unit) -> bool:
    return collapse(document[unit.start : unit.end]) == unit.text or unit.text in collapse(document)


def _before(unit: Unit, document: str, asked: Asked) -> list[str]:
    """The header of a row, and the heading of a step or of a row that it tells what is measured."""
    units = read_units(document)
    above = [other for other in units if other.kind == HEADING and other.start < unit.start][-1:]
    if unit.kind == ITEM and asked.kind in ("step", "steps"):
        return [heading.text for heading in above]
    if unit.kind != ROW or not unit.header or unit.cells == unit.header:
        return []
    header = [other.text for other in units if other.kind == ROW and other.cells == unit.header]
    told = meaning(f"{' '.join(unit.header)} {unit.plain}")
    titled = [
        heading.text for heading in above if meaning(heading.plain) & meaning(asked.question) - told
    ]
    return [*titled, *header[:1]]


def _whole(unit: Unit, document: str, kind: str) -> str:
    """The unit as it stands; a step with the number before it."""
    number = numbered(unit, document) if kind in ("step", "steps") else None
    if number is None:
        return unit.text
    start = max(0, unit.start - 12) + number.start(1)
    return collapse(document[start : unit.end])
