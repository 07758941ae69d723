"""Writes the questions of a document: drafts from its sentences, tables and entries, then a choice.

A question is kept only if it names its subject, can be answered from one unit, and reads like a
question. Of what is left the best are chosen, no two from the same unit before every unit had its
turn, and kinds are mixed. Fewer questions are better than bad ones.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from local.models.asking import Draft, commands, conditions, purposes, split_opening, statements
from local.models.asking_facts import RULES as FACT_RULES
from local.models.asking_values import RULES as VALUE_RULES
from local.models.grammar import BE, parse
from local.models.patterns import DATE
from local.models.tables import entry_drafts, row_drafts
from local.models.units import ENTRY, HEADING, ROW, SENTENCE, Unit, read_units
from local.models.words import content_stems, vocabulary, words

LEAST_SCORE = 0.5
VAGUE = vocabulary(
    """
    it this these those they them he she his her him such here above below former latter following
    there we our us i my same page pages chart table figure section said another others
    """
)
POSSESSIVE = vocabulary("their its")
ENDINGS = "and or the a an to is are in at not only also"
BROKEN = re.compile(
    r"[\[\]{}|<>#*_=]|\.\.|\?.|\b(\w+) \1\b|[“”\"][^“”\"]*$|\([^)]*\?$|(?<!\b[A-Z])[.;:]\s"
    r"|\b(?:do|does|did|is|are|can) (?:should|can|will|may|must|is|are)\b"
    rf"|\b(?:{'|'.join(ENDINGS.split())})\?$",
    re.I,
)
IN_CONTEXT = vocabulary("money count duration time condition yesno reason means place list object")
PRODUCT = re.compile(r"^(?:[A-Z][\w'-]*|\d+|and|of|the)(?: (?:[A-Z][\w'-]*|\d+|and|of|the)){1,5}$")
PRODUCT_NOUN = re.compile(
    r"(?:Account|Card|Loan|Mortgage|Saver|Bond|Plan|Service|Transfer|Insurance|Fund|Package|Key)s?$"
)
EMPTY_WORDS = frozenset(content_stems("happen condition percentage long mean people time"))


@dataclass(frozen=True)
class Asked:
    """A question about a document with the unit that answers it and the answer."""

    question: str
    answer: str
    unit: Unit
    kind: str
    score: float


def _good(draft: Draft) -> bool:
    """Whether a draft reads like a question that stands on its own."""
    text = draft.question
    if not 4 <= len(text.split()) <= 24 or BROKEN.search(text) or not draft.answer.strip():
        return False
    if VAGUE & set(words(text)) or not text[0].isupper():
        return False
    meaning = set(content_stems(text)) - EMPTY_WORDS
    if POSSESSIVE & set(words(text)) and len(meaning) < 4:
        return False
    least = 4 if draft.kind in ("money", "count", "duration", "time") else 3
    least = 2 if draft.kind == "age" or re.match(r"How do you|What should you do", text) else least
    return len(meaning) >= (2 if _is_named(text) else least)


def _is_named(question: str) -> bool:
    return bool(re.search(r"(?<=\s)[A-Z]", question))


def _in_context(draft: Draft, heading: str) -> Draft:
    """A question that names nothing is asked of the product that the heading names."""
    product = PRODUCT.match(heading) and PRODUCT_NOUN.search(heading) and not heading.endswith("s")
    if not product or draft.kind not in IN_CONTEXT or _is_named(draft.question):
        return draft
    question = f"With the {heading}, {draft.question[0].lower()}{draft.question[1:]}"
    return replace(draft, question=question, score=draft.score - 0.05)


def _weight(draft: Draft, unit: Unit) -> float:
    """The rule's score, less for long questions and for answers that say nothing new."""
    count = len(draft.question.split())
    fresh = set(content_stems(draft.answer)) - set(content_stems(draft.question))
    names = len(re.findall(r"(?<=\s)[A-Z][\w-]+", draft.question))
    score = draft.score + 0.03 * min(3, names) - 0.012 * max(0, count - 13)
    if draft.kind != "yesno" and not fresh and not re.search(r"\d", draft.answer):
        score -= 0.5
    return score + (0.02 if unit.kind == SENTENCE else 0.0)


def _drafts_of(unit: Unit, topic: str) -> Iterator[Draft]:
    if unit.kind == HEADING:
        return
    if unit.kind == ROW:
        yield from row_drafts(unit)
        return
    if unit.kind == ENTRY:
        yield from entry_drafts(unit)
    text = unit.plain
    if not text[:1].isupper() or text.endswith("?") or "|" in text:
        return
    if not 5 <= len(text.split()) <= 60 or (unit.kind == SENTENCE and text[-1] not in ".!)”"):
        return
    if topic:
        text = re.sub(r"^(?:It|They)(?= )", topic, text)
    for draft in _sentence_drafts(text.rstrip(".")):
        yield _in_context(draft, unit.heading)


def _topic(unit: Unit, before: str) -> str:
    """What `It` or `They` means in the next sentence: the subject of this one, if it is named."""
    if unit.kind != SENTENCE or re.match(r"(?:It|They)\b", unit.plain):
        return before if unit.kind == SENTENCE else ""
    clause = parse(unit.plain)
    named = clause is not None and re.match(
        r"(?:The |An? )?(?:[\w-]+ )?[\w-]+ [\w-]+$", clause.subject
    )
    return clause.subject if clause is not None and named else ""


def _sentence_drafts(text: str) -> Iterator[Draft]:
    yield from conditions(text)
    yield from purposes(text)
    yield from commands(text)
    main, when = split_opening(text, DATE)
    for said in statements(main):
        for rule in (*VALUE_RULES, *FACT_RULES):
            yield from rule(said)
        past = said.clause.auxiliary in BE | {"did"} and len(said.clause.rest.split()) <= 16
        if when and past and not said.clause.negated:
            yield Draft(said.ask("When", said.clause.rest.split(", ")[0]), when, "time", 0.85)


@lru_cache(maxsize=2048)
def find_questions(document: str) -> tuple[Asked, ...]:
    """All good questions of a document, best first; the same question only once."""
    units = read_units(document)
    found: dict[str, Asked] = {}
    topic = ""
    for unit in units:
        drafts = list(_drafts_of(unit, topic))
        topic = _topic(unit, topic)
        for draft in drafts:
            if _good(draft):
                asked = Asked(draft.question, draft.answer, unit, draft.kind, _weight(draft, unit))
                key = " ".join(words(draft.question))
                if key not in found or _rank(asked) > _rank(found[key]):
                    found[key] = asked
    return tuple(sorted(found.values(), key=lambda asked: (-asked.score, asked.unit.start)))


def _rank(asked: Asked) -> tuple[float, int]:
    """The better score first, then the shorter answer."""
    return asked.score, -len(asked.answer)


def choose_questions(document: str, number: int) -> list[Asked]:
    """At most `number` questions: one per unit first, kinds mixed, never two alike."""
    chosen: list[Asked] = []
    left = [asked for asked in find_questions(document) if asked.score >= LEAST_SCORE]
    while left and len(chosen) < number:
        best = max(left, key=lambda asked: asked.score - _crowding(asked, chosen))
        if _asked_before(best, chosen) or best.score - _crowding(best, chosen) < 0.2:
            left.remove(best)
            continue
        chosen.append(best)
        left.remove(best)
    return chosen


def _crowding(asked: Asked, chosen: list[Asked]) -> float:
    same_unit = sum(other.unit == asked.unit for other in chosen)
    same_kind = sum(other.kind == asked.kind for other in chosen)
    often = 0.25 if asked.kind == "yesno" else 0.06
    return 0.4 * same_unit + often * same_kind


def _asked_before(asked: Asked, chosen: list[Asked]) -> bool:
    """Whether nearly the same was chosen already."""
    own = set(content_stems(asked.question))
    for other in chosen:
        theirs = set(content_stems(other.question))
        if len(own & theirs) / (len(own | theirs) or 1) > 0.75:
            return True
    return False
