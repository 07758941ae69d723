"""The dataset card: what is in the dataset, what was dropped and why, for a person to read.

It depends on the dataset alone (no clock, no run id), so the same dataset has the same card.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shared.raft.examples import Row
from shared.raft.splitting import SPLITS

_SHOWN = 3
_PAGES_NAMED = 20


class RowFacts:
    """What the card says of rows, gathered row by row."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._widths: dict[str, Counter[int]] = {split: Counter() for split in SPLITS}
        self._with_oracle: Counter[str] = Counter()
        self._kinds: Counter[tuple[str, str]] = Counter()
        self.shown: list[tuple[str, str]] = []  # question and label of a few training rows
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Count one row."""
        self._widths[row.split][len(row.documents)] += 1
        self._with_oracle[row.split] += row.shows_oracle
        self._kinds[row.kind, row.split] += 1
        if row.split == "train" and len(self.shown) < _SHOWN:
            self.shown.append((row.question, row.label))

    def count(self, split: str) -> int:
        """Rows of the split."""
        return self._widths[split].total()

    def table(self) -> list[str]:
        """Rows by split, and by kind of question."""
        lines = ["| split | rows | with oracle | documents a row |", "|---|---:|---:|---:|"]
        for split, widths in self._widths.items():
            counts = f"{widths.total()} | {self._with_oracle[split]} | {_median(widths):g}"
            lines.append(f"| {split} | {counts} |")
        kinds = sorted({kind for kind, _ in self._kinds})
        lines += ["", f"| kind of question | {' | '.join(SPLITS)} |", "|---|---:|---:|---:|"]
        for kind in kinds:
            counts = " | ".join(str(self._kinds[kind, split]) for split in SPLITS)
            lines.append(f"| {kind} | {counts} |")
        return lines


def dataset_card(
    rows: RowFacts,
    *,
    spec: Mapping[str, Any],
    documents: Sequence[Mapping[str, Any]],
    drops: Mapping[str, int],
    leakage: Mapping[str, Any],
    chunk_tokens: Mapping[int, int],
    tokenizer: str,
) -> str:
    """Markdown. `drops` counts by reason code, `chunk_tokens` chunks by size; `documents` hold
    name, pages, chunks, problem and pages_without_text."""
    lines = ["# Dataset card", "", "## Rows", "", *rows.table()]
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
            f"Chunks: {sum(chunk_tokens.values())}, {min(chunk_tokens)} to {max(chunk_tokens)} "
            f"tokens, median {_median(chunk_tokens):g} (counted with {tokenizer}).",
        ]
    lines += ["", "## Dropped", ""]
    lines += [f"- {code}: {count}" for code, count in sorted(drops.items())] or ["Nothing."]
    lines += ["", "## Leakage", ""]
    lines += [f"- {name.replace('_', ' ')}: {value}" for name, value in leakage.items()]
    lines += ["", "## Spec", "", "```yaml", *_spec_lines(spec), "```", "", "## Examples", ""]
    for question, label in rows.shown:
        lines += [f"**{question}**", "", *(f"> {line}" for line in label.splitlines()), ""]
    return "\n".join(lines).rstrip() + "\n"


def _median(counts: Mapping[int, int]) -> float:
    """The median of values given by how often each stands; 0 of none."""
    total = sum(counts.values())
    middle: list[int] = []
    for wanted in ((total - 1) // 2, total // 2):
        before = 0
        for value in sorted(counts):
            before += counts[value]
            if before > wanted:
                middle.append(value)
                break
    return sum(middle) / 2


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
