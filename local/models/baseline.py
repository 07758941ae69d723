"""The model before fine-tuning: picks the best sentence by stemmed BM25 and answers with it.

It reads every unit of every document in the prompt and is not sabotaged in any way: what
fine-tuning has to beat is the best we can do without training data.
"""

from local.models.bm25 import bm25_scores
from local.models.prompts import NO_ANSWER, Prompt, raft_answer, raft_refusal
from local.models.units import HEADING, Unit, read_units
from local.models.words import content_stems


def candidates(documents: tuple[str, ...]) -> list[Unit]:
    """Every unit that can be quoted, over all documents; headings only if nothing else is there."""
    units = [unit for document in documents for unit in read_units(document)]
    return [unit for unit in units if unit.kind != HEADING] or units


def pick(question: str, units: list[Unit]) -> Unit | None:
    """The unit with the highest BM25 score, the earliest of equals; None if no word matches."""
    if not units:
        return None
    scores = bm25_scores(content_stems(question), [content_stems(unit.plain) for unit in units])
    best = max(range(len(units)), key=lambda index: (scores[index], -index))
    return units[best] if scores[best] > 0 else None


def answer(prompt: Prompt) -> str:
    """Replies to a question over the documents of the prompt."""
    unit = pick(prompt.question, candidates(prompt.documents))
    if unit is None:
        return raft_refusal("No document mentions this.") if prompt.raft_format else NO_ANSWER
    if not prompt.raft_format:
        return unit.plain
    return raft_answer("The sentence closest to the question is:", (unit.text,), unit.plain)
