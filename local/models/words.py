"""Words, stems and the stop list: the one vocabulary that all local models share.

Stems are for matching only and are never shown. Pure functions; the stem cache is the only state.
"""

import re
from functools import lru_cache

WORD = re.compile(r"[$€£]?\d+(?:[.,:]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def vocabulary(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


STOPWORDS = vocabulary(
    """
    a about above after all also an and any are as at be because been before being below between
    both but by can could did do does doing down during each few for from further had has have
    having he her here hers him his how i if in into is it its itself just may me might more
    most must my no nor not of off on once only or other our ours out over own same shall she
    should so some such than that the their theirs them then there these they this those through
    to too under until up upon us very was we were what when where which while who whom whose
    why will with would you your yours
    """
)

NEGATIONS = vocabulary(
    """
    not no never none neither nor cannot without nobody nothing don't doesn't isn't aren't can't
    won't didn't wasn't weren't
    """
)


def words(text: str) -> list[str]:
    """Lower-case words and numbers of a text, in order."""
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A light suffix stripper: `charges`, `charged` and `charging` meet, `card` stays."""
    if word[0] in "$€£" or word[0].isdigit():
        return word.strip("$€£").replace(",", "").removesuffix(".00")
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("sses"):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        root = word.removesuffix(suffix)
        if root != word and len(root) >= 3 and re.search("[aeiouy]", root):
            word = root
            if word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    for suffix in ("ment", "ly"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word.removesuffix(suffix)
            break
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("y") and len(word) > 3:
        word = word[:-1] + "i"
    return word


def stems(text: str) -> list[str]:
    """Stems of all words, stop words included."""
    return [stem(word) for word in words(text)]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning."""
    return [stem(word) for word in words(text) if word not in STOPWORDS]


def token_f1(answer: str, reference: str) -> float:
    """Overlap of two texts as bags of stems, the usual F1 of question answering."""
    left, right = stems(answer), stems(reference)
    if not left or not right:
        return float(left == right)
    remaining: dict[str, int] = {}
    for item in right:
        remaining[item] = remaining.get(item, 0) + 1
    common = 0
    for item in left:
        if remaining.get(item, 0) > 0:
            remaining[item] -= 1
            common += 1
    return 2 * common / (len(left) + len(right))
