"""The dataset card: what is in the dataset, what was dropped and why, for a person to read.

It depends on the dataset alone (no clock, no run id), so the same dataset has the same card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from shared.raft.examples import Row
from shared.raft.splitting import SPLITS

_SHOWN = 3
_PAGES_NAMED = 20


def dataset_card(
    rows: Sequence[Row],
    *,
    spec: Mapping[str, Any],
    documents: Sequence[Mapping[str, Any]],
    drops: Mapping[str, int],
    leakage: Mapping[str, Any],
    chunk_tokens: Sequence[int],
    tokenizer: str,
) -> str:
    """Markdown. `drops` counts by reason code; `documents` hold name, pages, chunks, problem
    and pages_without_text."""
    lines = [
        "# Dataset card",
        "",
        "## Rows",
        "",
        "| split | rows | with oracle | documents a row |",
    ]
    lines.append("|---|---:|---:|---:|")
    for split in SPLITS:
        own = [row for row in rows if row.split == split]
        shown = median(len(row.documents) for row in own) if own else 0
        with_oracle = sum(row.oracle >= 0 for row in own)
        lines.append(f"| {split} | {len(own)} | {with_oracle} | {shown:g} |")
    lines += [
        "",
        "## Documents",
        "",
        "| document | pages | chunks | problem |",
        "|---|---:|---:|---|",
    ]
    lines += [
        f"| {_cell(d['name'])} | {d['pages']} | {d['chunks']} | {_cell(_problem(d))} |"
        for d in documents
    ]
    if chunk_tokens:
        lines += [
            "",
            f"Chunks: {len(chunk_tokens)}, {min(chunk_tokens)} to {max(chunk_tokens)} tokens, "
            f"median {median(chunk_tokens):g} (counted with {tokenizer}).",
        ]
    lines += ["", "## Dropped", ""]
    lines += [f"- {code}: {count}" for code, count in sorted(drops.items())] or ["Nothing."]
    lines += ["", "## Leakage", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in leakage.items()]
    lines += ["", "## Spec", "", "```yaml", *_spec_lines(spec), "```", "", "## Examples", ""]
    for row in rows[:_SHOWN]:
        lines += [f"**{row.question}**", "", *(f"> {line}" for line in row.label.splitlines()), ""]
    return "\n".join(lines).rstrip() + "\n"


def _problem(document: Mapping[str, Any]) -> str:
    unread = document["pages_without_text"]
    note = f"no text on page {', '.join(map(str, unread[:_PAGES_NAMED]))}" if unread else ""
    return str(document["problem"]) or note


def _cell(text: Any) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _spec_lines(spec: Mapping[str, Any], indent: str = "") -> list[str]:
    lines: list[str] = []
    for name, value in spec.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}:", *_spec_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines
