"""Turns the teacher's reply into clean questions: numbering, preambles and non-questions go."""

from __future__ import annotations

import re
import unicodedata

_LEAD = re.compile(
    r"^\s*(?:[-*•–]\s+|(?:\(?\d{1,3}[.):\]]|[Qq](?:uestion)?\s*\d{1,3}\s*[.):-]|[Qq]uestion:)\s*)+"
)
_MARKUP = re.compile(r"^[*_`\"“]+|[*_`\"”]+$")
_NON_WORD = re.compile(r"\W+")
_LENGTH = (12, 400)  # characters; outside lies no question worth asking


def parse_questions(reply: str, limit: int) -> list[str]:
    """At most `limit` distinct questions, in the reply's order; [] when there is none.

    A question is a line that, freed of numbering and markup, ends with a question mark, has a
    sensible length and does not repeat another but for case and punctuation.
    """
    questions: list[str] = []
    seen: set[str] = set()
    for line in reply.splitlines():
        text = _MARKUP.sub("", _LEAD.sub("", line).strip()).strip()
        text = _LEAD.sub("", text)
        if not text.endswith("?") or not _LENGTH[0] <= len(text) <= _LENGTH[1]:
            continue
        key = normalise_question(text)
        if key not in seen:
            seen.add(key)
            questions.append(text)
    return questions[:limit]


def normalise_question(text: str) -> str:
    """The question reduced to lower-case words: equal for questions that differ in form only."""
    return " ".join(_NON_WORD.split(unicodedata.normalize("NFKC", text).casefold())).strip()
