"""Writes the questions of a document: drafts from its sentences, tables and entries, then a choice.

A question is kept only if it names its subject, can be answered from one unit, and reads like a
question. Of what is left the best are chosen, no two from the same unit before every unit had its
turn, and kinds are mixed. Fewer questions are better than bad ones.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from local.models.asking import (
    Draft,
    commands,
    conditions,
    inner_start,
    purposes,
    split_opening,
    statements,
    tidy,
)
from local.models.asking_facts import RULES as FACT_RULES
from local.models.asking_pieces import RULES as PIECE_RULES
from local.models.asking_subjects import RULES as SUBJECT_RULES
from local.models.asking_values import RULES as VALUE_RULES
from local.models.grammar import (
    BE,
    parse,
)
from local.models.naming import (
    POINTING,
    PRODUCT_NOUN,
    last_product,
    lower_common,
    name_subject,
    product_of,
    resolve_topic,
)
from local.models.patterns import DATE, TIME_UNIT
from local.models.pieces import brief
from local.models.reading import VAGUE, reads_well
from local.models.steps import step_drafts
from local.models.tables import entry_drafts, in_context, rank_drafts, row_drafts
from local.models.units import ENTRY, HEADING, ROW, SENTENCE, Unit, read_units
from local.models.words import content_stems, words

RULES = (*VALUE_RULES, *FACT_RULES, *PIECE_RULES, *SUBJECT_RULES)
LEAST_SCORE = 0.5


@dataclass(frozen=True)
class Asked:
    """A question about a document with the unit that answers it and the answer.

    `also` are the other units that the answer needs, in reading order.
    """

    question: str
    answer: str
    unit: Unit
    kind: str
    score: float
    also: tuple[Unit, ...] = ()


def _weight(draft: Draft, unit: Unit) -> float:
    """The rule's score, less for long questions and for answers that say nothing new."""
    count = len(draft.question.split())
    fresh = set(content_stems(draft.answer)) - set(content_stems(draft.question))
    names = len(re.findall(r"(?<=\s)[A-Z][\w-]+", draft.question))
    score = draft.score + 0.03 * min(3, names) - 0.012 * max(0, count - 13)
    if draft.kind != "yesno" and not fresh and not re.search(r"\d", draft.answer):
        score -= 0.5
    if (
        draft.kind in ("list", "object")
        and count <= 5
        and not PRODUCT_NOUN.search(draft.question.split(" need")[0].rstrip("?"))
    ):
        score -= 0.12
    return score + (0.02 if unit.kind == SENTENCE else 0.0)


def _drafts_of(unit: Unit, topic: str, product: str) -> Iterator[Draft]:
    if unit.kind == HEADING:
        return
    if unit.kind == ROW:
        for draft in row_drafts(unit):
            yield in_context(draft, unit.heading)
        return
    if unit.kind == ENTRY:
        yield from entry_drafts(unit)
    text = unit.plain
    if not text[:1].isupper() or text.endswith("?") or "|" in text:
        return
    if not 5 <= len(text.split()) <= 60 or (unit.kind == SENTENCE and text[-1] not in ".!)”"):
        return
    if topic:
        text = resolve_topic(text, topic)
    product = product_of(unit.heading) or product
    for draft in _sentence_drafts(text.rstrip(".")):
        yield name_subject(draft, product, unit)


def _topic(unit: Unit, before: str) -> str:
    """What `It` or `They` means in the next sentence: the subject of this one, if it is named."""
    if unit.kind != SENTENCE or re.match(POINTING, unit.plain):
        return before if unit.kind == SENTENCE else ""
    clause = parse(unit.plain)
    if clause is None:
        return ""
    subject = tidy(clause.subject)
    named = re.match(r"(?:The |An? )?(?:[\w-]+ ){0,3}[\w-]{4,}$", subject)
    return subject if named else ""


OPENING = re.compile(
    r"((?:Under|For|In|With|Without|During|Before|After|Within|At|On|Outside) [^,]{3,70}), "
    r"(.{12,})$"
)
TIMELY = re.compile(
    r"(?:During|Before|After|Within) |(?:On|At) (?:the )?(?:\d|first|last|\w+day|night|weekends)"
    rf"|In the (?:first|last) {TIME_UNIT}"
)


def _sentence_drafts(text: str) -> Iterator[Draft]:
    yield from conditions(text)
    yield from purposes(text)
    yield from commands(text)
    main, when = split_opening(text, DATE)
    opening = OPENING.match(main) if not when else None
    if opening and not VAGUE & set(words(opening[1])) and parse(inner_start(opening[2])):
        yield from _with_opening(opening[1], inner_start(opening[2]))
        return
    for said in statements(main):
        for rule in RULES:
            yield from rule(said)
        past = said.clause.auxiliary in BE | {"did"} and not said.clause.negated
        rest = brief(said.clause.rest) if when and past else ""
        if rest:
            yield Draft(said.ask("When", rest), when, "time", 0.85)


def _with_opening(opening: str, main: str) -> Iterator[Draft]:
    """`Under the Promise, when does …?`; an opening that tells a time is asked for itself."""
    timely, short = TIMELY.match(opening), len(opening.split()) <= 8
    for said in statements(main):
        if timely and not said.clause.negated and len(said.clause.rest.split()) <= 14:
            rest = said.clause.rest.split(", ")[0]
            yield Draft(said.ask("When", rest), opening, "time", 0.8)
        for rule in RULES:
            for draft in rule(said):
                question = draft.question[0].lower() + draft.question[1:]
                if short and draft.kind not in ("definition", "name"):
                    asked = f"{opening}, {question}"
                    yield replace(draft, question=asked, score=draft.score - 0.03)


@lru_cache(maxsize=2048)
def find_questions(document: str) -> tuple[Asked, ...]:
    """All good questions of a document, best first; the same question only once."""
    units = read_units(document)
    found: dict[str, Asked] = {}
    topic = product = title = ""
    for unit in units:
        product = "" if unit.kind == HEADING else product
        title = title or (unit.plain if unit.kind == HEADING else "")
        drafts = [
            *step_drafts(unit, document),
            *rank_drafts(unit, title),
            *_drafts_of(unit, topic, product),
        ]
        topic = _topic(unit, topic)
        product = last_product(unit.plain, product)
        for draft in drafts:
            if reads_well(draft):
                question = lower_common(draft.question, unit.plain, document)
                asked = Asked(question, draft.answer, unit, draft.kind, _weight(draft, unit))
                key = " ".join(words(question))
                if key not in found or _rank(asked) > _rank(found[key]):
                    found[key] = asked
    return tuple(sorted(found.values(), key=lambda asked: (-asked.score, asked.unit.start)))


def _rank(asked: Asked) -> tuple[float, int]:
    """The better score first, then the shorter answer."""
    return asked.score, -len(asked.answer)


def choose_questions(document: str, number: int) -> list[Asked]:
    """At most `number` questions: one per unit first, kinds mixed, never two alike."""
    return choose(find_questions(document), number)


def choose(found: Iterable[Asked], number: int, beside: Sequence[Asked] = ()) -> list[Asked]:
    """At most `number` of the questions, no two alike and none like those `beside` them."""
    chosen = list(beside)
    left = [asked for asked in found if asked.score >= LEAST_SCORE]
    while left and len(chosen) < number + len(beside):
        best = max(left, key=lambda asked: asked.score - _crowding(asked, chosen))
        if _asked_before(best, chosen) or best.score - _crowding(best, chosen) < 0.2:
            left.remove(best)
            continue
        chosen.append(best)
        left.remove(best)
    return chosen[len(beside) :]


def _crowding(asked: Asked, chosen: list[Asked]) -> float:
    same_unit = sum(other.unit == asked.unit for other in chosen)
    same_kind = sum(other.kind == asked.kind for other in chosen)
    often = 0.25 if asked.kind == "yesno" else 0.06
    return 0.22 * same_unit + often * same_kind


@lru_cache(maxsize=8192)
def _meaning(question: str) -> frozenset[str]:
    return frozenset(content_stems(question))


def _same_answer(asked: Asked, other: Asked) -> bool:
    """Whether two questions of one unit want the same: the facts of a sentence are asked once."""
    left, right = asked.answer.lower(), other.answer.lower()
    return left in right or right in left


def _asked_before(asked: Asked, chosen: list[Asked]) -> bool:
    """Whether nearly the same was chosen already."""
    own = _meaning(asked.question)
    for other in chosen:
        theirs = _meaning(other.question)
        if other.unit == asked.unit and _same_answer(asked, other):
            return True
        ranks = asked.kind == other.kind == "rank"
        rows = asked.unit.kind == other.unit.kind == ROW and asked.unit != other.unit
        if (
            not (ranks or (rows and asked.kind != "comparison"))
            and len(own & theirs) / (len(own | theirs) or 1) > 0.7
        ):
            return True
    return False
