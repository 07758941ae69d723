"""Questions that need two documents: one fact of each, joined by what both speak of.

`How much may the Ember Easy Saver hold, and what rate of interest does it pay?` Both facts must
name the same thing, or say the same of two things, or speak of the same in two words running;
where they share nothing of that, no question is asked.
"""

import itertools
import re
from functools import lru_cache

from local.models.grammar import AUXILIARIES, base_forms
from local.models.passages import meaning
from local.models.questions import Asked, find_questions
from local.models.words import STOPWORDS, stem, vocabulary

MOST_WORDS = 32
LEAST_SCORE = 0.7
MOST_OF_EACH = 30
NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]*(?: (?:of (?=[A-Z])|\d+ (?=[A-Z]))?[A-Z][\w'’-]*)*")
CONTEXT = re.compile(r"(With|Under|For|When|In|At) ([^,]{3,60}), (?=[a-z])")
OPENS = (
    r"(?:how|what|when|where|which|who|why|within|for how|at what|at how|by|until|under|up to|in)"
)
JOIN = re.compile(rf", and (?={OPENS}\b)")
CLEAR = vocabulary("money count duration time place person means reason object step age condition")
ASKING = "does|may|can|is|must|will|do"
COMMON = vocabulary("days hours weeks months years business long many much same business day time")
GENERAL = re.compile(r"(?:Bank|Zone [A-Z]|January|Monday|PIN)$")


def names_of(question: str) -> set[str]:
    """The names that a question gives, without the general ones."""
    return {name for name in NAME.findall(question) if not GENERAL.search(name)}


@lru_cache(maxsize=2048)
def hops(one: str, two: str) -> tuple[Asked, ...]:
    """All questions over two documents, best first, each pair of units once."""
    found: dict[tuple[int, int], Asked] = {}
    first, second = (_clear(document) for document in (one, two))
    for left, right in itertools.product(first, second):
        if left.unit.text in two or right.unit.text in one:
            continue
        link = _link(left.question, right.question)
        question = join(left.question, right.question) if link else None
        if question is None or not all(name in two for name in _set_ahead(question)):
            continue
        length = len(question.split())
        score = min(left.score, right.score) + link - 0.015 * max(0, length - 20)
        asked = Asked(
            question, f"{left.answer}; {right.answer}", left.unit, "multi_hop", score, (right.unit,)
        )
        key = (left.unit.start, right.unit.start)
        if length <= MOST_WORDS and (key not in found or found[key].score < score):
            found[key] = asked
    return tuple(sorted(found.values(), key=lambda asked: -asked.score))


def _clear(document: str) -> list[Asked]:
    """The questions of a document that can stand beside another one."""
    return [
        asked
        for asked in find_questions(document)
        if asked.kind in CLEAR
        and asked.score >= LEAST_SCORE
        and len(asked.question.split()) <= 18
        and len(asked.answer.split()) <= 16
        and not JOIN.search(asked.question)
        and re.match(OPENS, CONTEXT.sub("", asked.question), re.I)
    ][:MOST_OF_EACH]


def _set_ahead(question: str) -> set[str]:
    """Names that the question sets ahead of both its parts."""
    setting = CONTEXT.match(question)
    return names_of(setting[0]) if setting else set()


def _link(left: str, right: str) -> float:
    """How well two questions go together: 0 if they do not."""
    ours, theirs = names_of(left), names_of(right)
    if ours and ours == theirs:
        return 0.1
    if ours and theirs:
        same = meaning(_masked(left)) == meaning(_masked(right))
        return 0.1 if same and left.split()[:2] == right.split()[:2] else 0.0
    pairs = _pairs(left) & _pairs(right)
    return 0.02 if pairs else 0.0


def _masked(question: str) -> str:
    return NAME.sub("", question)


def _pairs(question: str) -> set[tuple[str, str]]:
    """Two nouns running, as in "direct debit", that a question speaks of."""
    found = set()
    for one, two in itertools.pairwise(question.rstrip("?").split()):
        plain = one.isalpha() and two.isalpha() and one.islower() and two.islower()
        if plain and not {one, two} & (STOPWORDS | base_forms() | AUXILIARIES | COMMON):
            found.add((stem(one), stem(two)))
    return found


def join(left: str, right: str) -> str | None:
    """Both questions as one; a name is given once where the second can say "it"."""
    setting, again = CONTEXT.match(left), CONTEXT.match(right)
    ours, theirs = names_of(left), names_of(right)
    if again and not (setting and again[2] == setting[2]) and not names_of(again[0]) <= ours:
        return None
    if setting and not theirs <= names_of(setting[0]):
        return None
    body = right[again.end() :] if again else right[0].lower() + right[1:]
    if ours == theirs and len(ours) == 1 and not again and not setting:
        name = re.escape(next(iter(ours)))
        found = re.search(rf"\b({ASKING}) the {name}(?= ([a-z]+)|\?)", body)
        if found and (found[2] is None or found[2] in base_forms()):
            body = body[: found.start()] + f"{found[1]} it" + body[found.end() :]
    return f"{left.rstrip('?')}, and {body}"


def parts(question: str) -> tuple[str, ...]:
    """The questions that a joined question consists of, each with its subject; () if it is one."""
    split = JOIN.split(question)
    if len(split) != 2:
        return ()
    left, right = split
    setting, names = CONTEXT.match(left), names_of(left)
    if setting:
        right = setting[0] + right
    elif re.search(rf"\b(?:{ASKING}) it\b", right) and names:
        right = re.sub(r"\bit\b", f"the {max(names, key=len)}", right, count=1)
    return (f"{left}?", right[0].upper() + right[1:])
