"""Whether a text says what a statement says, by words, numbers, names and polarity.

A statement holds if most of its weighted content stems lie in one to three adjacent sentences,
every number of it is there, every name is in the text, and both are affirmed or both denied. Free
paraphrase is judged too harshly and swapped roles pass: it is a rule, not a reader.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from local.models.units import plain_text, read_units
from local.models.words import NEGATIONS, STOPWORDS, content_stems, stem, words

LEAST_SHARE = 0.7
NAME = re.compile(r"(?<=[\w,;:] )[A-Z][\w'’-]+")
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "free": "0",
}  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """1 or 0 with the reason for it, and how much of the statement was found."""

    value: int
    reason: str
    share: float


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text in one spelling: `$5.00`, `5` and `five` are the same."""
    found = {n.rstrip(".,").replace(",", "").removesuffix(".00") for n in DIGITS.findall(text)}
    found |= {NUMBER_WORDS[word] for word in words(text) if word in NUMBER_WORDS}
    return frozenset(found)


@lru_cache(maxsize=2048)
def _windows(text: str) -> tuple[tuple[frozenset[str], frozenset[str], bool], ...]:
    """Stems, numbers and polarity of every run of one to three adjacent sentences."""
    pieces = [unit.plain for unit in read_units(text)] or [plain_text(text)]
    found = []
    for width in (1, 2, 3):
        for at in range(max(1, len(pieces) - width + 1)):
            joined = " ".join(pieces[at : at + width])
            found.append((frozenset(content_stems(joined)), numbers(joined), denies(joined)))
    return tuple(found)


def denies(text: str) -> bool:
    """Whether a text is in the negative."""
    return bool(NEGATIONS & set(words(text))) or bool(re.match(r"\W*no\b", text, re.I))


def weight(item: str) -> float:
    """Numbers and long words tell more than short ones."""
    return 2.0 if item[0].isdigit() else min(1.5, 0.5 + len(item) / 8)


def entails(text: str, statement: str) -> Verdict:
    """Whether the text says what the statement says."""
    wanted = set(content_stems(statement)) or {
        stem(word)
        for word in words(statement)
        if word not in STOPWORDS or len(words(statement)) < 3
    }
    if not wanted or not text.strip():
        return Verdict(0, "There is nothing to compare.", 0.0)
    total = sum(map(weight, wanted))
    stated = numbers(statement)
    everywhere = set(content_stems(text))
    best, best_numbers, best_denied = 0.0, False, denies(statement)
    for window, there, denied in _windows(text):
        share = sum(weight(item) for item in wanted if item in window) / total
        fits = (share, stated <= there, denied == denies(statement))
        if fits > (best, best_numbers, best_denied == denies(statement)):
            best, best_numbers, best_denied = share, stated <= there, denied
    missing = {name for name in NAME.findall(statement) if stem(name.lower()) not in everywhere}
    if best < LEAST_SHARE:
        return Verdict(0, f"Only {best:.0%} of its content words are found together.", best)
    if not best_numbers:
        return Verdict(0, "A number of the statement is not there.", best)
    if missing:
        return Verdict(0, f"Not mentioned: {', '.join(sorted(missing))}.", best)
    if best_denied != denies(statement) and len(wanted) > 1:
        return Verdict(0, "One affirms what the other denies.", best)
    return Verdict(1, f"{best:.0%} of its content words are found together.", best)
