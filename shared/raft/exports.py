"""The rows in further forms: completion, evaluation, reinforcement, one flat table.

Forms: Gorilla's completion (a prompt and a completion column); the evaluation rows of
raft-distillation-recipe; Azure OpenAI's reinforcement format, whose extra fields graders read as
`{{item.field}}`. Preferences are in `preferences`.
"""

from __future__ import annotations

import json
from typing import Any

from shared.raft.examples import Row
from shared.raft.prompts import ABSTAIN, student_prompt

Record = dict[str, Any]


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
        "label": row.label,
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


def _first_oracle(row: Row) -> int:
    """-1 when no oracle is shown, as the public formats have it."""
    return row.oracles[0] if row.oracles else -1


def _texts(row: Row) -> list[str]:
    return [document.text for document in row.documents]
