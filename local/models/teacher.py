"""The teacher by rules: writes questions about a document, and answers one with verbatim quotes.

Asked for questions, it replies one per line (or as JSON when asked), each with its kind where
kinds were asked for. Asked a question, it finds the unit that the question was made from, else
what a careful reader finds, else the unit that covers most of the question's words; or it says
that the documents do not answer. Asked again, it gives its next best answer.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import lru_cache

from local.models.apis import find_call, instructions
from local.models.baseline import candidates
from local.models.bm25 import bm25_scores, inverse_frequencies
from local.models.dataset import read_reply
from local.models.entailment import denies
from local.models.hops import hops
from local.models.kinds import all_questions, choose_by_kind
from local.models.prompts import ANY, API, NO_ANSWER, Prompt, raft_answer, raft_refusal
from local.models.questions import Asked
from local.models.quoting import quotes_of
from local.models.reader import all_readings
from local.models.spans import WANTED, question_kind, spans, yes_or_no
from local.models.units import Unit
from local.models.words import content_stems, words

LEAST_COVER = 0.6


def answer(prompt: Prompt) -> str:
    """Replies to either request."""
    if prompt.wanted and prompt.documents:
        return write_questions(prompt)
    if not prompt.documents or not prompt.question:
        return raft_refusal("There is no document.") if prompt.raft_format else NO_ANSWER
    refused = {read_reply(text).answer for text in prompt.earlier}
    found = find_answer(prompt.question, prompt.documents, frozenset(refused))
    if found is None:
        return raft_refusal("I looked for the subject of the question in every document.")
    reasoning = f"The question asks about {_topic(prompt.question)}.\nThe document says:"
    return raft_answer(reasoning, quotes_of(found, prompt.documents), found.answer)


def chosen_questions(prompt: Prompt) -> list[tuple[str, str]]:
    """Kind and text of the questions about the prompt's documents, never more than asked for."""
    chosen: list[tuple[str, str]] = []
    for kind, number in prompt.wanted:
        if kind == API:
            found = [asked for text in prompt.documents for asked in instructions(text)]
            chosen += [(API, asked.question) for asked in found[:number]]
    made = choose_by_kind(prompt.documents, tuple(w for w in prompt.wanted if w[0] != API))
    return chosen + [(kind, asked.question) for kind, asked in made]


def write_questions(prompt: Prompt) -> str:
    """The questions in the form that the prompt asks for."""
    return written(prompt, chosen_questions(prompt))


def written(prompt: Prompt, chosen: list[tuple[str, str]]) -> str:
    """Questions as JSON, as lines with their kinds, or, where no kinds were named, as lines."""
    if prompt.json_reply:
        rows = [{"kind": kind, "question": question} for kind, question in chosen]
        return json.dumps({"questions": rows}, ensure_ascii=False)
    if any(kind == ANY for kind, _ in prompt.wanted):
        return "\n".join(question for _, question in chosen)
    return "\n".join(f"{kind}: {question}" for kind, question in chosen)


def _topic(question: str) -> str:
    """The words of the question that tell what it is about."""
    topic = [word for word in question.rstrip("?").split() if content_stems(word)]
    return " ".join(topic[:8]) or "this"


@lru_cache(maxsize=4096)
def find_answer(
    question: str, documents: tuple[str, ...], refused: Collection[str] = frozenset()
) -> Asked | None:
    """The best answer that is not among the refused; the best of all where no other is left."""
    first: Asked | None = None
    for found in _candidates(question, documents):
        if found.answer not in refused:
            return found
        first = first or found
    if first is None:
        return None
    whole = replace(first, answer=first.unit.plain)
    return first if first.also or whole.answer in refused else whole


def _candidates(question: str, documents: tuple[str, ...]) -> Iterator[Asked]:
    """Every answer that the teacher could give, best first."""
    key = " ".join(words(question))
    for asked in _written(documents):
        if " ".join(words(asked.question)) == key:
            yield asked
    yield from all_readings(question, documents)
    found = find_call(question, documents) or _search(question, documents)
    if found is not None:
        yield found


def _written(documents: tuple[str, ...]) -> Iterator[Asked]:
    """Every question that it would itself write about these documents."""
    for document in documents:
        yield from instructions(document)
        yield from all_questions(document)
    if len(documents) == 2:
        yield from hops(*documents)


def _search(question: str, documents: tuple[str, ...]) -> Asked | None:
    """For a question of somebody else's: the unit with most of its words, and a fitting span."""
    units = candidates(documents)
    query = content_stems(question)
    if not units or not query:
        return None
    texts = [content_stems(unit.plain) for unit in units]
    idf = inverse_frequencies(texts)
    rare = max(idf.values(), default=1.0)
    total = sum(idf.get(item, rare) for item in set(query))
    scores = bm25_scores(query, texts)
    best = max(range(len(units)), key=lambda index: (scores[index], -index))
    context = set(texts[best]) | set(content_stems(units[best].heading))
    cover = sum(idf.get(item, rare) for item in set(query) if item in context) / total
    if cover < LEAST_COVER:
        return None
    return Asked(question, short_answer(question, units[best]), units[best], "found", cover)


def short_answer(question: str, unit: Unit) -> str:
    """The shortest span of the wanted kind that says something new; else the whole unit."""
    kind = question_kind(question)
    if kind == "yesno":
        return yes_or_no("No" if denies(unit.plain) else "Yes", unit.plain)
    asked = set(content_stems(question))
    for wanted in WANTED[kind][:2]:
        fitting = [
            span.text
            for span in spans(unit)
            if span.kind == wanted and set(content_stems(span.text)) - asked
        ]
        if fitting:
            return fitting[0]
    return unit.plain
