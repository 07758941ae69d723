"""The rows in further forms: completion, evaluation, preferences, reinforcement, one flat table.

Forms: Gorilla's completion (a prompt and a completion column); the evaluation rows of
raft-distillation-recipe; Azure OpenAI's preference format
(https://learn.microsoft.com/azure/ai-services/openai/how-to/fine-tuning-direct-preference-optimization)
and reinforcement format, whose extra fields graders read as `{{item.field}}`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from shared.raft.answers import is_verbatim, squash
from shared.raft.bm25 import Bm25
from shared.raft.examples import Row
from shared.raft.prompts import ABSTAIN, ANSWER, BEGIN_QUOTE, END_QUOTE, student_prompt
from shared.raft.word_table import WordTable

Record = dict[str, Any]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")


def completion_record(row: Row, prompt: str, completion: str, stop: str) -> Record:
    """The row as one prompt and one completion that ends with the stop text."""
    messages = student_prompt(_texts(row), row.question)
    text = "\n\n".join(message["content"] for message in messages)
    return {prompt: text, completion: f"{row.label}{stop}"}


def evaluation_record(row: Row) -> Record:
    """Question, shown context, and the reference answer whole and short."""
    return {
        "question": row.question,
        "context": "\n\n".join(_texts(row)),
        "ground_truth": row.answer,
        "final_answer": row.final,
        "documents": [document.chunk for document in row.documents],
        "oracle": _first_oracle(row),
        "oracles": row.oracles,
        "kind": row.kind,
    }


def preference_record(row: Row) -> Record | None:
    """The verified answer preferred to one that quotes a distractor; None without a distractor.

    Where the oracle is left out, the row's own label is preferred. The rejected answer quotes
    the distractor sentence nearest to the question, word for word: it has the right form and
    the wrong source (PA-RAG, arXiv 2412.14510; RAG-DDR, 2410.13509).
    """
    wrong = _nearest_distractor_sentence(row)
    if wrong is None:
        return None
    rejected = (
        f"The sentence that answers this is: {BEGIN_QUOTE}{wrong}{END_QUOTE}\n{ANSWER} {wrong}"
    )
    return {
        "input": {"messages": student_prompt(_texts(row), row.question)},
        "preferred_output": [{"role": "assistant", "content": row.label}],
        "non_preferred_output": [{"role": "assistant", "content": rejected}],
    }


def reinforcement_record(row: Row) -> Record:
    """The prompt with what graders check: the final answer, quotes that are shown, and the
    documents that quotes may come from. Reasoning models take a developer's message, not a
    system's: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reinforcement-fine-tuning
    """
    shown = row.shows_oracle
    system, user = student_prompt(_texts(row), row.question)
    return {
        "messages": [{**system, "role": "developer"}, user],
        "reference_answer": row.final if shown else ABSTAIN,
        "reference_quotes": row.quotes if shown else [],
        "documents": _texts(row),
    }


def flat_record(row: Row) -> Record:
    """The row as one line of a table: Hugging Face's RAFT columns and our provenance."""
    return {
        "id": row.id,
        "split": row.split,
        "question": row.question,
        "context": json.dumps(
            {"title": [d.chunk for d in row.documents], "sentences": _texts(row)},
            ensure_ascii=False,
        ),
        "oracle": _first_oracle(row),
        "oracles": json.dumps(row.oracles),
        "kind": row.kind,
        "cot_answer": row.answer,
        "answer": row.final,
        "label": row.label,
        "quotes": json.dumps(row.quotes, ensure_ascii=False),
    }


def _nearest_distractor_sentence(row: Row) -> str | None:
    candidates = [
        squash(sentence)
        for index, document in enumerate(row.documents)
        if index not in row.oracles
        for sentence in _SENTENCE_END.split(document.text)
    ]
    usable = [c for c in candidates if c and not any(is_verbatim(q, c) for q in row.quotes)]
    if not usable:
        return None
    nearest = Bm25(WordTable(usable)).nearest(row.question, 1)
    return usable[nearest[0]] if nearest else usable[0]


def _first_oracle(row: Row) -> int:
    """-1 when no oracle is shown, as the public formats have it."""
    return row.oracles[0] if row.oracles else -1


def _texts(row: Row) -> list[str]:
    return [document.text for document in row.documents]
