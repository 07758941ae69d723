"""Answer spans: the pieces of a unit that could be the short answer, and what a question asks for.

Shared by the teacher's fallback and by the student, which learns from its training file which kind
of span answers which kind of question. Everything returned stands in the unit as it is.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from local.models.grammar import AUXILIARIES, lower_start
from local.models.patterns import COUNT, DATE, HOURS, LEAD, MONEY, PERCENT, TIME_UNIT
from local.models.units import Unit

QUESTION_KINDS = (
    "money", "count", "duration", "time", "person", "place", "reason", "means", "yesno",
    "consequence", "definition", "thing",
)  # fmt: skip
SPAN_KINDS = (
    "whole", "money", "percent", "number", "measure", "duration", "time", "name", "predicate",
    "reason", "means", "condition", "main", "tail", "cell", "segment", "yes", "no",
)  # fmt: skip
WANTED = {
    "money": ("money", "percent", "cell"),
    "count": ("number", "measure", "cell"),
    "duration": ("duration", "measure"),
    "time": ("time", "duration"),
    "person": ("name",),
    "place": ("name", "segment"),
    "reason": ("reason",),
    "means": ("means", "main"),
    "yesno": ("yes", "no"),
    "consequence": ("main", "condition"),
    "definition": ("predicate", "cell", "money", "tail"),
    "thing": ("segment", "cell", "name", "predicate"),
}

_PER = r"(?: (?:per|an?|each|every) [a-z]+)?"
_NAME = r"[A-Z][\w'’&-]*(?: (?:(?:of|de|da|von|van|the|and|for) (?=[A-Z]))?[A-Z][\w'’&.-]*)*"
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("money", MONEY + _PER),
        ("percent", PERCENT + _PER),
        ("duration", rf"(?:within )?(?:{LEAD})?(?:{COUNT}|one)[ -]{TIME_UNIT}\b"),
        ("time", rf"(?<![\d,.$£€]){DATE}"),
        ("time", HOURS),
        ("measure", rf"(?:{LEAD})?{COUNT} (?:[a-z]+ )?[a-z]+"),
        ("number", rf"(?:{LEAD})?{COUNT}"),
        ("name", _NAME),
        ("reason", r"(?:because|since|due to|in order to|so that|as a result of)\b[^.;]+"),
        ("means", r"\b(?:by|through|via|using|with|online|at any|from)\b [^,.;]+"),
        ("condition", r"\b(?:if|when|unless|once|provided|until|before|after)\b [^,.;]+"),
        ("main", r"(?<=, )[^,;]+(?:,[^;]+)?(?=[.;]|$)"),
        ("tail", r"(?<=: ).+"),
        ("tail", r"(?<=such as )[^.;]+"),
        ("segment", r"(?<=\b(?:in|at|on|of|to) )(?:the |a |an )?[\w$][^,.;:()]{2,60}"),
        ("segment", r"[^,.;:()]{8,}"),
    )
)
PREDICATE = re.compile(
    r"\b(?:is|are|was|were|means|refers to|includes?|offers?|provides?|allows?|requires?|gives?"
    r"|pays?|costs?|contains?|covers?|has|have|can|may|will|must|should)\s+"
    r"(?:also |only |not )?(.+?)[.;]?$"
)
_PRICE = (
    r"what (?:is|are|was)? ?(?:the |a )?(?:[\w'-]+ ){0,4}"
    r"(?:fee|cost|price|charge|rate|amount|balance|limit|premium|deposit|penalty)s?\b"
)
_UNITS = r"(?:days|hours|minutes|weeks|months|years)"
TESTS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("money", r"how much|what percentage|" + _PRICE),
        ("count", rf"how many(?! (?:business |calendar )?{_UNITS})"),
        ("duration", rf"how (?:long|soon|often|quickly)|how many (?:\w+ )?{_UNITS}"),
        (
            "time",
            r"\bwhen (?:is|are|was|were|do|does|did|can|must|will)"
            r"|what (?:year|date|time|hours|day)",
        ),
        ("person", r"\bwho\b|\bwhom\b|\bwhose\b"),
        ("place", r"\bwhere\b"),
        ("reason", r"\bwhy\b"),
        ("consequence", r"what (?:happens|should|must|will happen)|under what|in which case"),
        ("means", r"\bhow (?!much|many|long)"),
    )
)


@dataclass(frozen=True)
class Span:
    """A possible answer with its place in the unit's plain text (-1 where it has none)."""

    text: str
    kind: str
    start: int


@lru_cache(maxsize=8192)
def question_kind(question: str) -> str:
    """What kind of thing a question asks for."""
    text = " " + question.lower()
    first = text.split()[0] if text.split() else ""
    for kind, pattern in TESTS:
        if pattern.search(text):
            return kind
    if first in AUXILIARIES:
        return "yesno"
    return "definition" if re.match(r" what (?:is|are|was|were)\b", text) else "thing"


def yes_or_no(verdict: str, statement: str) -> str:
    """`Yes, …` or `No, …` with the statement that says so."""
    return f"{verdict}, {lower_start(statement.rstrip(' .;'))}."


@lru_cache(maxsize=16_384)
def spans(unit: Unit) -> tuple[Span, ...]:
    """All candidate answers within a unit, each text once, the whole unit first."""
    text = unit.plain
    found: dict[str, Span] = {text: Span(text, "whole", 0)}

    def add(piece: str, kind: str, start: int) -> None:
        piece = piece.strip(" ,;:|")
        if piece and piece not in found:
            found[piece] = Span(piece, kind, start)

    for cell in unit.cells:
        add(cell, "cell", text.find(cell))
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            add(match[0].rstrip("."), kind, match.start())
    for match in PREDICATE.finditer(text):
        add(match[1], "predicate", match.start(1))
    add(yes_or_no("Yes", text), "yes", -1)
    add(yes_or_no("No", text), "no", -1)
    return tuple(found.values())[:60]
