"""Turns the teacher's reply into clean questions of a kind, whether JSON or lines of text.

Numbering, preambles, markup and non-questions go; questions that make sense only beside their
document are told apart.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.raft.prompts import API

_LEAD = re.compile(
    r"""\A(?: \s* (?:
        [-+*•◦‣●▪–—>#]+ \s                              # a bullet, heading or block quote
      | [(\[]? \d{1,3} [.):\]] (?!\d)                   # 1. 1) (1) [1] but not 3.5
      | \(? (?: [a-z] | [ivx]{2,4} ) \)                 # a) (iv)
      | q(?:uestion)? \s* \#? \d{1,3} \s* [.):–—-] (?!\d)  # Q1: Question #1 –
      | q(?:uestion)? :
    ) \s* )+""",
    re.VERBOSE | re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_WRAPS = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("`", "`"), ("_", "_"), ("*", "*"))
_OFFER = re.compile(r"(?:would you like|do you want|is there anything else)\b", re.IGNORECASE)
_PREAMBLE = re.compile(
    r"(?:here (?:are|is)|sure|certainly|of course|instructions?\b.{0,40}:\Z)", re.I
)
_NON_WORD = re.compile(r"\W+")
_LENGTH = (12, 400)  # characters; outside lies no question worth asking
_ITEM = re.compile(r"\{[^{}]*\}")
_QUESTION_VALUE = re.compile(
    r'"(?:question|instruction|text)"\s*:\s*("(?:[^"\\]|\\.)*")', re.DOTALL
)
_KIND_VALUE = re.compile(r'"(?:kind|type)"\s*:\s*("(?:[^"\\]|\\.)*")')

_SOURCE = r"(?:document|passage|text|excerpt|chunk|extract|snippet|paragraph)"
_POINTS = re.compile(
    rf"""\b(?:this|the\s+(?:given|provided|above|following|present|two)|both|either)\s+{_SOURCE}s?\b
           (?!\s+(?:message|alert))
      |  \b(?:according\s+to|in|by|from|does)\s+the\s+(?:passage|excerpt|snippet|text|document)\b
           (?!\s+(?:message|alert|file|field|box|that|which|upload|type|number))
      |  \bthe\s+{_SOURCE}s?\s+(?:above|below|provided|given|shown|says?|states?|mentions?
           |mentioned|describes?|described|lists?|listed)\b
      |  \b(?:above|below)[-\s](?:mentioned|text|passage|table)\b
      |  \b(?:mentioned|described|listed|shown|stated)\s+(?:above|below|here)\b
      |  \b(?:in|from|per|does|of|to)\s+(?:the\s+)?(?:table|figure|page|appendix)\s+
           (?:\d[\d.]*|above|below)(?!\w)
      |  \b(?:this|the\s+(?:above|following|given|provided))\s+(?:table|section|chapter|page)\b
      |  \bthe\s+authors?\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """A question with its kind. An `API` instruction need not be a question."""

    kind: str
    question: str


def parse_questions(reply: str, kinds: Sequence[str], limit: int) -> list[Asked]:
    """At most `limit` distinct questions, in the reply's order; [] when there is none.

    A question, freed of numbering and markup, ends with a question mark (an API instruction need
    not), has a sensible length, does not offer more work, and does not repeat another but for case
    and punctuation. One whose kind is missing, or was not asked for, counts as of the first of
    `kinds`. Of JSON that was cut off the whole items are taken.
    """
    labels = re.compile(
        rf"\A[\s*_\[(]*({'|'.join(_label(kind) for kind in kinds)})[\s*_\])]*[:–—-][\s*_]*(?=\S)",
        re.IGNORECASE,
    )
    found: list[Asked] = []
    seen: set[str] = set()
    for given, text in _items(reply):
        text = _bare(text)
        if label := labels.match(text):
            given, text = label[1], _bare(text[label.end() :])
        name = re.sub(r"[\W_]+", "_", given.casefold()).strip("_")
        kind = name if name in kinds else kinds[0]
        key = normalise_question(text)
        if key not in seen and _is_question(text, kind):
            seen.add(key)
            found.append(Asked(kind, text))
    return found[:limit]


def points_at_document(question: str) -> bool:
    """Whether the question speaks of its document, so that nobody who lacks it can follow."""
    return _POINTS.search(question) is not None


def normalise_question(text: str) -> str:
    """The question reduced to lower-case words: equal for questions that differ in form only."""
    return " ".join(_NON_WORD.split(unicodedata.normalize("NFKC", text).casefold())).strip()


def _label(kind: str) -> str:
    return re.escape(kind).replace("_", "[ _-]?")


def _is_question(text: str, kind: str) -> bool:
    if not _LENGTH[0] <= len(text) <= _LENGTH[1] or _OFFER.match(text):
        return False
    if kind == API:
        return not _PREAMBLE.match(text) and " " in text and not text.endswith(":")
    return text.endswith("?")


def _items(reply: str) -> Iterator[tuple[str, str]]:
    """(kind or '', text) of each item of a JSON reply, or of each line of any other."""
    start = min((at for at in (reply.find("{"), reply.find("[")) if at >= 0), default=-1)
    if start < 0 or '"' not in reply[start:]:
        yield from (("", line) for line in reply.splitlines())
        return
    try:
        value, _ = json.JSONDecoder().raw_decode(reply[start:])
    except ValueError:
        value = None
    items = list(_of_json(value)) if value is not None else list(_salvaged(reply[start:]))
    yield from items or (("", line) for line in reply.splitlines())


def _of_json(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield "", value
    elif isinstance(value, list):
        for item in value:
            yield from _of_json(item)
    elif isinstance(value, dict):
        text = value.get("question") or value.get("instruction") or value.get("text")
        if isinstance(text, str):
            kind = value.get("kind") or value.get("type")
            yield kind if isinstance(kind, str) else "", text
            return
        for name, items in value.items():
            for kind, inner in _of_json(items) if isinstance(items, list) else ():
                yield kind or str(name), inner


def _salvaged(broken: str) -> Iterator[tuple[str, str]]:
    """The whole items of JSON that was cut off or is not quite JSON."""
    for item in _ITEM.findall(broken):
        if text := _QUESTION_VALUE.search(item):
            kind = _KIND_VALUE.search(item)
            yield _string(kind[1]) if kind else "", _string(text[1])


def _string(quoted: str) -> str:
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return quoted.strip('"')


def _bare(line: str) -> str:
    """The line without what stands around a question, until nothing more comes off."""
    text, before = _EMPHASIS.sub(r"\2", " ".join(line.split())), ""
    while text != before:
        before = text
        text = _unwrapped(_LEAD.sub("", text.strip().rstrip(","), count=1).strip())
    return text


def _unwrapped(text: str) -> str:
    for opening, closing in _WRAPS:
        inner = text.lstrip(opening).rstrip(closing)
        whole = text.startswith(opening) and text.endswith(closing)
        if whole or (opening not in inner and closing not in inner):
            text = inner
    return text
