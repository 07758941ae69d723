"""Answers a question from the documents alone, as a careful reader, and abstains when in doubt.

A sentence or row answers only if it, with what stands above it, speaks of all that the question
speaks of: every name, every number, nearly every other word; and if it holds something of the kind
that is asked for. The words of the answer are what the sentence would be asked about in such a
question, or its only span of that kind.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from local.models.apis import find_call
from local.models.entailment import denies, numbers, weight
from local.models.hops import parts
from local.models.kinds import all_questions
from local.models.passages import Passage, is_excerpt, meaning, mended, passages
from local.models.prompts import NO_ANSWER, Prompt, raft_answer, raft_refusal
from local.models.questions import Asked, find_questions
from local.models.quoting import quotes_of
from local.models.spans import WANTED, question_kind, spans, yes_or_no
from local.models.units import ROW, Unit
from local.models.words import NEGATIONS, WORD, content_stems, vocabulary, words

LEAST_OWN = 0.34  # of the question's content that stands in the unit itself
LEAST_COVER = 0.86  # of it that stands there or above it
LEAST_ALIKE = 0.6  # of two questions about one sentence that ask for the same
FILLERS = meaning(
    "happen kind amount percentage share number step name ask question long soon often much many"
    " mean do way cost time day age apply condition hour rate"
)
TYPED_SPANS = vocabulary("money percent number measure duration time reason condition")
RATE = re.compile(r"\b(?:rate|percentage|share)\b")
STEP = re.compile(r"What is the \w+ step ")
LISTS = re.compile(r"What are the steps ")
COMPARES = re.compile(
    r"\b(?:[Ww]hich\b.* (?:more|longer|higher)|[Hh]ow does .* differ|(?:Does|Do|Is|Are) .*"
    r"\b(?:more|longer|higher)\b.* or )\b"
)
_NAME = re.compile(
    r"(?<=[\w,;:’')] )(?:[A-Z][\w'’-]*|(?<=[a-z] )\d+(?= [A-Z]))"
    r"(?: (?:(?:of|and) (?=[A-Z]))?[A-Z][\w'’-]*)*"
)
_CONTEXT = re.compile(r"^(?:With|Under|For|In|At|On|When) (?:the |an? )?[^,]{3,60}, (?=[a-z])")


@dataclass(frozen=True)
class Question:
    """A question as a reader takes it apart."""

    text: str
    kind: str
    names: tuple[str, ...]
    stems: frozenset[str]
    numbers: frozenset[str]
    denied: bool


@lru_cache(maxsize=4096)
def take_apart(text: str) -> Question:
    """Names, numbers and other content of a question."""
    names = tuple(
        name.rstrip("'’s") if name.endswith("s'") else name for name in _NAME.findall(text)
    )
    return Question(
        text=text,
        kind=question_kind(_CONTEXT.sub("", text)),
        names=names,
        stems=meaning(text) - FILLERS,
        numbers=numbers(text) - numbers(" ".join(names)) - {"1"},
        denied=bool(NEGATIONS & set(words(text))),
    )


def answer(prompt: Prompt) -> str:
    """Replies to a question over the documents of the prompt."""
    found = read_answer(prompt.question, prompt.documents) if prompt.documents else None
    if found is None:
        reasoning = "No document says all that the question asks about."
        return raft_refusal(reasoning) if prompt.raft_format else NO_ANSWER
    if not prompt.raft_format:
        return found.answer
    reasoning = "This is said of what the question asks about:"
    return raft_answer(reasoning, quotes_of(found, prompt.documents), found.answer)


@lru_cache(maxsize=8192)
def read_answer(question: str, documents: tuple[str, ...]) -> Asked | None:
    """The best answer that the documents give; None if they give none."""
    return next(iter(all_readings(question, documents)), None) or find_call(question, documents)


def all_readings(question: str, documents: tuple[str, ...]) -> list[Asked]:
    """Every answer that the documents give, best first. Of a question with two parts, each part is
    read by itself, and there is no answer without both."""
    texts = mended(documents)
    found = [reading for text in texts for reading in readings(question, text)]
    found.sort(key=lambda reading: -reading[0])
    best = [asked for _, asked in found]
    both = [next(iter(all_readings(part, documents)), None) for part in parts(question)]
    if not best and both and all(both):
        one, two = both
        assert one is not None and two is not None
        joined = f"{one.answer}; {two.answer}"
        best.append(Asked(question, joined, one.unit, "multi_hop", 1.0, (two.unit,)))
    return best


def readings(question: str, document: str) -> Iterator[tuple[float, Asked]]:
    """Every unit of a document that answers, with how well it covers the question.

    A unit that would itself be asked this very question covers it wholly.
    """
    asked = take_apart(question)
    if not asked.stems:
        return
    same = {asked.text, _bare(asked.text)}
    own = {found.unit: found for found in all_questions(document) if found.question in same}
    if COMPARES.search(asked.text) or LISTS.match(asked.text):
        for found in own.values():
            if found.question == asked.text or is_excerpt(document):
                yield 1.2, replace(found, question=question)
        return
    for passage in passages(document):
        if not speaks_of(asked, passage):
            continue
        if passage.unit in own:
            yield 1.2, replace(own[passage.unit], question=question)
            continue
        cover = coverage(asked, passage)
        answer = _answer(asked, passage, document) if cover else ""
        if answer:
            yield cover, Asked(question, answer, passage.unit, "read", cover)


def coverage(asked: Question, passage: Passage) -> float:
    """How much of the question stands in the unit or around it, the unit's own words for a little
    more; 0 if too little does."""
    own = meaning(passage.unit.plain) | meaning(" ".join(passage.unit.header))
    wide = own | meaning(passage.around)
    wanted = asked.stems - meaning(" ".join(asked.names)) or asked.stems
    total = sum(map(weight, wanted))
    here = sum(weight(item) for item in asked.stems if item in own)
    there = sum(weight(item) for item in wanted if item in wide)
    enough = here >= LEAST_OWN * sum(weight(item) for item in wanted)
    if not enough or there < LEAST_COVER * total:
        return 0.0
    return there / total + 0.1 * min(1.0, here / total)


def speaks_of(asked: Question, passage: Passage) -> bool:
    """Whether names, numbers and polarity of the question are those of the passage."""
    text = f"{passage.unit.plain} \n {passage.around}"
    if not asked.numbers <= numbers(text):
        return False
    if asked.denied and asked.kind != "yesno" and not denies(passage.unit.plain):
        return False
    return all(_names(name, text, passage) for name in asked.names)


def _names(name: str, text: str, passage: Passage) -> bool:
    """Whether a passage speaks of what a name names."""
    low, there = name.lower(), " ".join(text.lower().split())
    if low in there or re.sub(r"s$", "", low) in there:
        return True
    noun = low.split()[-1]
    if noun in ("bank", "app") and re.search(rf"\b(?:the|our) {noun}\b", there):
        return True
    if passage.excerpt:
        # A quotation names no subject of its own: it is read as being about what is asked for,
        # unless it speaks of another thing of that kind.
        other = re.search(
            rf"(?:[A-Z][\w'’-]* )+{re.escape(name.split()[-1])}\b", passage.unit.plain
        )
        return other is None
    return meaning(name) <= meaning(passage.unit.plain)


def _answer(asked: Question, passage: Passage, document: str) -> str:
    unit = passage.unit
    if unit.kind == ROW:
        return cell_of(asked, unit)
    if STEP.match(asked.text):
        return ""
    if asked.kind == "yesno":
        return yes_or_no("No" if denies(unit.plain) else "Yes", unit.plain)
    best, alike = None, LEAST_ALIKE
    for other in find_questions(document):
        if other.unit == unit and _start(other.question) == _start(asked.text):
            own = meaning(other.question) - FILLERS
            share = len(own & asked.stems) / (len(own | asked.stems - meaning(passage.around)) or 1)
            if share > alike:
                best, alike = other, share
    if best is not None:
        return best.answer
    return _span(asked, unit)


def _bare(question: str) -> str:
    """The question without what it sets ahead."""
    text = _CONTEXT.sub("", question)
    return text[:1].upper() + text[1:]


def _start(question: str) -> str:
    """How a question begins, without what it sets ahead."""
    text = _bare(question).lower()
    return " ".join(text.split()[: 2 if text.startswith(("how", "what")) else 1])


def _span(asked: Question, unit: Unit) -> str:
    """The new span of the wanted kind that stands nearest to what is asked; nothing for a question
    of no kind, where the whole sentence is about something else as likely as not."""
    content, text = set(content_stems(asked.text)), unit.plain
    named = meaning(" ".join(asked.names))
    places = [m.start() for m in WORD.finditer(text) if meaning(m[0]) & asked.stems - named]
    for wanted in WANTED[asked.kind][:2]:
        fitting = [
            span
            for span in spans(unit)
            if span.kind == wanted
            and set(content_stems(span.text)) - content
            and text[max(0, span.start - 1)] not in ":.,0123456789"
            and ("%" in span.text or not RATE.search(asked.text))
        ]
        if wanted in TYPED_SPANS and fitting:
            return min(fitting, key=lambda span: _distance(span.start, places)).text
    return ""


def _distance(start: int, places: list[int]) -> int:
    """How far a span is from the nearest of these words; one that follows counts as nearer."""
    return min((start - at if at <= start else 2 * (at - start) for at in places), default=0)


def cell_of(asked: Question, unit: Unit) -> str:
    """The cell of a row that is asked for: the row by its label, the column by its head."""
    if len(unit.cells) != len(unit.header) or unit.cells == unit.header:
        return ""
    label, rest = meaning(unit.cells[0]) - FILLERS, list(zip(unit.header, unit.cells, strict=True))
    if not label <= asked.stems | meaning(asked.text):
        return ""
    shares = []
    for head, cell in rest[1:]:
        own = meaning(head) - FILLERS or meaning(head)
        shares.append((len(own & meaning(asked.text)) / (len(own) or 1), cell))
    best = max(share for share, _ in shares)
    found = [cell for share, cell in shares if share == best]
    if best < 0.5 or len(found) > 1:
        return ""
    if asked.kind == "yesno" and not re.match(r"(?:yes|no)\b", found[0], re.I):
        return ""
    return found[0]
