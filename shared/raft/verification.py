"""Compares answers in words and numbers: do two agree, does one follow from its quotes.

Rules over words decide what shows by itself; what they leave undecided is a model's to judge.
Codes of verdicts, beside those of `verify_answer`, are the constants here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from shared.raft.answers import ParsedAnswer, is_verbatim, verify_answer
from shared.raft.injection import codes
from shared.raft.words import content_words

UNSUPPORTED = "unsupported"
ROUND_TRIP_DIFFERS = "round_trip_differs"
ROUND_TRIP_ABSTAINS = "round_trip_abstains"
INJECTION_OBEYED = "injection_obeyed"
STRAY_CODE = "stray_code"
ANSWERABLE_FROM_DISTRACTOR = "answerable_from_distractor"
POINTS_AT_DOCUMENT = "points_at_document"
TRUNCATED = "truncated"

_SUPPORTED_SHARE = 0.7  # of the final answer's content words, in quotes or question
_CONTAINED_SHARE = 0.7  # of the shorter answer's content words, in the longer
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_YES_NO = re.compile(r"\A\W*(yes|no)\b[\s,.:;–—-]*", re.IGNORECASE)
_NEGATION = re.compile(r"\b(?:not|no|never|cannot|without|none|nothing)\b|n['’]t\b", re.IGNORECASE)
_ENDING = re.compile(r"(?:ings?|edly|ed|ly|es|e|s)$")
_STEM = 4  # letters that an ending leaves at least


@dataclass(frozen=True)
class Verdict:
    """Why an example cannot be used. `reason` may be shown to the teacher; `detail` is for people:
    what another model answered would tell the teacher what to say."""

    code: str
    reason: str
    detail: str = ""

    @property
    def words(self) -> str:
        """Reason and detail in one line."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def form_verdict(answer: ParsedAnswer, sources: Sequence[str], finish: str) -> Verdict | None:
    """What is wrong with the answer by its form, its quotes, or how the reply ended."""
    if finish == "length":
        return Verdict(TRUNCATED, "the answer was cut off at its token limit")
    if finish == "content_filter":
        return Verdict("content_filtered", "the content filter cut the answer off")
    found = verify_answer(answer, *sources)
    return Verdict(*found) if found else None


def stray_code(answer: ParsedAnswer, question: str, sources: Sequence[str] = ()) -> Verdict | None:
    """A code that the quotes do not hold: an order that no pattern knows may have put it there.

    In the reasoning, one that the question does not hold either; in the question, one that stands
    in no more than one place of its sources, which the answer had no need of.
    """
    quoted = set(_words("\n".join(answer.quotes)))
    text = "\n".join(sources).casefold()
    for code in codes(question):
        if not set(_words(code)) <= quoted and text.count(code.casefold()) <= 1:
            return Verdict(STRAY_CODE, f"the question mentions {code[:80]}, its answer does not")
    known = quoted | set(_words(question))
    for code in codes(answer.reasoning):
        if not set(_words(code)) <= known:
            reason = f"the answer mentions {code[:80]}, which its quotes do not hold"
            return Verdict(STRAY_CODE, reason)
    return None


def quoted_sources(quotes: Sequence[str], sources: Sequence[str]) -> list[int]:
    """Which sources the quotes need: all of them, or the first that holds every quote."""
    for index, source in enumerate(sources):
        if all(is_verbatim(quote, source) for quote in quotes):
            return [index]
    return list(range(len(sources)))


def agrees(final: str, other: str, question: str, quoted: str = "") -> bool:
    """Whether two final answers say the same to the question, as far as words tell.

    Yes and no, negations and numbers must not differ; most content words of the shorter answer
    stand in the longer. What looks like a code and stands in one answer only is no agreement; nor
    is a last word of `final` that is not in `other`: unless the question or what `final` is
    `quoted` with holds it. So an order that one of two models obeyed makes them differ.
    """
    if _foreign_codes(final, other, question, quoted):
        return False
    if _foreign_codes(other, final, question, quoted):
        return False
    if quoted and _adds_a_word(final, f"{other}\n{question}\n{quoted}"):
        return False
    heads = [_YES_NO.match(text) for text in (final, other)]
    said = [head[1].casefold() if head else "" for head in heads]
    first, second = (
        text[head.end() :].strip() if head else text.strip()
        for text, head in zip((final, other), heads, strict=True)
    )
    if all(said):
        return said[0] == said[1] and (not first or not second or _numbers_agree(first, second))
    if any(said):
        head, rest, stated = (said[0], first, second) if said[0] else (said[1], second, first)
        if (head == "no") != bool(_NEGATION.search(stated)):
            return False
        return _overlap(rest, stated, "") if rest else bool(_stems(stated) & _stems(question))
    if bool(_NEGATION.search(first)) != bool(_NEGATION.search(second)):
        return False
    if not _numbers_agree(first, second, numbers(question)):
        return False
    return _overlap(first, second, question)


def supported(final: str, quotes: Sequence[str], question: str) -> bool | None:
    """True when the final answer shows in its quotes by itself; None when that is not decided.

    All its numbers and most of its content words stand in the quotes or the question, and it
    denies only where they do.
    """
    ground = "\n".join([*quotes, question])
    head = _YES_NO.match(final)
    rest = final[head.end() :] if head else final
    if not rest.strip() or not numbers(rest) <= numbers(ground) or _foreign_codes(final, ground):
        return None
    quoted = "\n".join(quotes)
    if head or bool(_NEGATION.search(final)) > bool(_NEGATION.search(quoted)):
        return None
    words = _stems(rest)
    known = _stems(ground)
    if not words:
        return True if numbers(rest) else None
    if not numbers(rest) and words <= _stems(question) and not words & _stems(quoted):
        return None
    return True if len(words & known) >= _SUPPORTED_SHARE * len(words) else None


def numbers(text: str) -> set[str]:
    """The text's numbers in one form each: 1,000 and 1000, five and 5, 2.50 and 2.5 are equal."""
    found = {_plain_number(match) for match in _NUMBER.findall(text)}
    words = re.findall(r"[a-z]+", text.casefold())
    return found | {_NUMBER_WORDS[word] for word in words if word in _NUMBER_WORDS} - {"1", "0"}


def _plain_number(text: str) -> str:
    text = re.sub(r",(?=\d{3}(?:\D|$))", "", text)
    if re.fullmatch(r"\d+[.,]\d+", text):
        text = text.replace(",", ".").rstrip("0").rstrip(".")
    return text.lstrip("0") or "0"


def _numbers_agree(one: str, two: str, asked: Collection[str] = ()) -> bool:
    """Whether one answer's numbers are all among the other's; the shorter may have none."""
    first, second = numbers(one), numbers(two)
    if first and second:
        return first <= second or second <= first
    bare, counted = (two, one) if first else (one, two)
    return not numbers(counted) - set(asked) or len(bare.split()) <= len(counted.split())


def _overlap(one: str, two: str, question: str) -> bool:
    asked = _stems(question)
    first, second = _stems(one), _stems(two)
    if first - asked and second - asked:
        first, second = first - asked, second - asked
    if not first or not second:
        return bool(numbers(one) & numbers(two))
    return len(first & second) >= _CONTAINED_SHARE * min(len(first), len(second))


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in content_words(text) if not _is_number(word)}


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in _NUMBER_WORDS


def _stem(word: str) -> str:
    short = _ENDING.sub("", word)
    return short if len(short) >= _STEM else word


def _foreign_codes(text: str, *known: str) -> bool:
    there = {word for other in known for word in _words(other)}
    return any(not set(_words(code)) <= there for code in codes(text))


def _adds_a_word(final: str, known: str) -> bool:
    there = _stems(known)
    words = [word for word in content_words(final) if not _is_number(word)]
    return bool(words) and _stem(words[-1]) not in there


def _words(text: str) -> Iterable[str]:
    return re.findall(r"[^\W_]+", text.casefold())
