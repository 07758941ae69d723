"""The teacher by rules: writes questions about a document, and answers one with a verbatim quote.

Asked for questions, it replies one per line (or as JSON when asked). Asked a question, it finds the
unit that the question was made from, or the unit that covers most of the question's words, quotes
it and gives the shortest span of the right kind; or it says that the documents do not answer.
"""

import json
from functools import lru_cache

from local.models.baseline import candidates
from local.models.bm25 import bm25_scores, inverse_frequencies
from local.models.entailment import denies
from local.models.prompts import NO_ANSWER, Prompt, raft_answer, raft_refusal
from local.models.questions import Asked, choose_questions, find_questions
from local.models.spans import WANTED, question_kind, spans, yes_or_no
from local.models.units import Unit
from local.models.words import content_stems, words

LEAST_COVER = 0.6


def answer(prompt: Prompt) -> str:
    """Replies to either request."""
    if prompt.wanted_questions is not None and prompt.documents:
        return write_questions(prompt)
    if not prompt.documents or not prompt.question:
        return raft_refusal("There is no document.") if prompt.raft_format else NO_ANSWER
    found = find_answer(prompt.question, prompt.documents)
    if found is None:
        return raft_refusal("I looked for the subject of the question in every document.")
    reasoning = f"The question asks about {_topic(prompt.question)}.\nThe document says:"
    return raft_answer(reasoning, found.unit.text, found.answer)


def write_questions(prompt: Prompt) -> str:
    """The questions of the prompt's document, never more than asked for."""
    number = prompt.wanted_questions or 0
    chosen = choose_questions("\n\n".join(prompt.documents), number)
    texts = [asked.question for asked in chosen]
    if prompt.json_reply:
        return json.dumps({"questions": texts}, ensure_ascii=False)
    return "\n".join(texts)


def _topic(question: str) -> str:
    """The words of the question that tell what it is about."""
    topic = [word for word in question.rstrip("?").split() if content_stems(word)]
    return " ".join(topic[:8]) or "this"


@lru_cache(maxsize=4096)
def find_answer(question: str, documents: tuple[str, ...]) -> Asked | None:
    """The unit that answers a question and the answer, or None."""
    key = " ".join(words(question))
    for document in documents:
        for asked in find_questions(document):
            if " ".join(words(asked.question)) == key:
                return asked
    return _search(question, documents)


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
