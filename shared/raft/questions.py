"""Turns the teacher's reply into clean questions: numbering, preambles and non-questions go."""

from __future__ import annotations

import re
import unicodedata

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
_NON_WORD = re.compile(r"\W+")
_LENGTH = (12, 400)  # characters; outside lies no question worth asking


def parse_questions(reply: str, limit: int) -> list[str]:
    """At most `limit` distinct questions, in the reply's order; [] when there is none.

    A question is a line that, freed of numbering and markup, ends with a question mark, has a
    sensible length, does not offer more work, and does not repeat another but for case and
    punctuation.
    """
    questions: list[str] = []
    seen: set[str] = set()
    for line in reply.splitlines():
        text = _bare(line)
        if not text.endswith("?") or not _LENGTH[0] <= len(text) <= _LENGTH[1]:
            continue
        key = normalise_question(text)
        if key not in seen and not _OFFER.match(text):
            seen.add(key)
            questions.append(text)
    return questions[:limit]


def normalise_question(text: str) -> str:
    """The question reduced to lower-case words: equal for questions that differ in form only."""
    return " ".join(_NON_WORD.split(unicodedata.normalize("NFKC", text).casefold())).strip()


def _bare(line: str) -> str:
    """The line without what stands around a question, until nothing more comes off."""
    text, before = _EMPHASIS.sub(r"\2", line), ""
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
