"""Words as retrieval and near-duplicate checks compare them: lower case, no stop words."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:[.,'’][^\W_]+)*")
_STOP = frozenset(
    "a an and any are as at be been but by can could did do does for from had has have how if in "
    "into is it its may more most must no not of on or shall should so such than that the their "
    "them then there these they this to was were what when where which who whom whose why will "
    "with would you your".split()
)


def content_words(text: str) -> list[str]:
    """The text's words in order, without stop words; a plural counts as its singular."""
    return [_singular(word) for word in _WORD.findall(text.casefold()) if word not in _STOP]


def inner_words(quote: str) -> list[str]:
    """The words that any text holding the quote has too: its first and last may be cut off."""
    inner = _WORD.findall(quote.casefold())[1:-1]
    return [_singular(word) for word in inner if word not in _STOP]


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    return word
