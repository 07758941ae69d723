"""Writes rows in the forms that trainers read, one JSON object a line, with stable bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from shared.raft.examples import Row, ShownDocument
from shared.raft.prompts import student_prompt


def chat_record(row: Row) -> dict[str, Any]:
    """The row as Azure OpenAI's fine-tuning reads it: {"messages": [system, user, assistant]}.

    https://learn.microsoft.com/azure/ai-services/openai/how-to/fine-tuning
    """
    prompt = student_prompt([document.text for document in row.documents], row.question)
    return {"messages": [*prompt, {"role": "assistant", "content": row.label}]}


def to_jsonl(records: Iterable[Any]) -> bytes:
    """Records as JSON lines; the same records give the same bytes."""
    lines = (json.dumps(record, ensure_ascii=False, sort_keys=True) for record in records)
    return "".join(f"{line}\n" for line in lines).encode()


def to_json(record: Any) -> bytes:
    """One record as indented JSON with sorted keys: artefacts that people read."""
    return (json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def row_record(row: Row) -> dict[str, Any]:
    """The whole row with its provenance, for evaluation and browsing."""
    return asdict(row)


def row_from(record: Mapping[str, Any]) -> Row:
    """The row that `row_record` wrote."""
    documents = [ShownDocument(**document) for document in record["documents"]]
    return Row(**{**record, "documents": documents})
