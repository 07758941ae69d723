"""Questions about numbered steps: the number comes from the document, the aim from the heading.

A step alone is asked for by its number, all steps of a list are asked for together.
"""

import re
from collections.abc import Iterator

from local.models.asking import Draft
from local.models.units import ITEM, Unit, read_units

ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
)  # fmt: skip
NUMBER = re.compile(r"(?:^|\n)\s*\(?([1-9])[.)]\s+$")


def step_drafts(unit: Unit, document: str) -> Iterator[Draft]:
    """`What is the second step when closing an account?` for a numbered item."""
    match = numbered(unit, document)
    aim = _aim(unit.heading)
    whole = re.search(r"[.!](?=\s|$)", document[unit.start : unit.end + 1])
    if unit.kind != ITEM or match is None or not aim or whole is None:
        return
    answer = unit.plain.rstrip(".")
    if 3 <= len(answer.split()) <= 32:
        ordinal = ORDINALS[int(match[1]) - 1]
        yield Draft(f"What is the {ordinal} step {aim}?", answer, "step", 0.8)


def numbered(unit: Unit, document: str) -> re.Match[str] | None:
    """The number that stands before a unit, if there is one."""
    return NUMBER.search(document[max(0, unit.start - 12) : unit.start])


def whole_lists(document: str) -> Iterator[tuple[Draft, tuple[Unit, ...]]]:
    """`What are the steps when closing an account?` for a list that is whole, with its items."""
    listed: dict[str, list[Unit]] = {}
    for unit in read_units(document):
        if unit.kind == ITEM and numbered(unit, document):
            listed.setdefault(unit.heading, []).append(unit)
    for heading, units in listed.items():
        aim = _aim(heading)
        numbers = [int(match[1]) for unit in units if (match := numbered(unit, document))]
        whole = numbers == list(range(1, len(units) + 1)) and units[-1].plain.endswith(".")
        if aim and whole and 2 <= len(units) <= 6:
            answer = "; ".join(f"{n}. {unit.plain.rstrip('.')}" for n, unit in enumerate(units, 1))
            yield Draft(f"What are the steps {aim}?", answer, "steps", 0.9), tuple(units)


def _aim(heading: str) -> str:
    """What the steps are for, as a phrase after "the first step"; or nothing."""
    text = heading[:1].lower() + heading[1:]
    if re.match(r"[a-z]+ing (?:an?|the|your|in|with|for|to|[a-z]+s)\b", text):
        return f"when {text}"
    way = re.match(r"the (?:way|path|road) to (.+)$", text)
    if way:
        return f"on the way to {way[1]}"
    after = re.match(r"(?:first )?steps (after|to|for|of|towards) (.+)$", text)
    if after:
        return f"{after[1]} {after[2]}"
    how = re.match(r"how to (.+)$", text)
    return f"to {how[1]}" if how else ""
