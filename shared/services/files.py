"""The files of a dataset that hold its rows: names, forms, and which rows go where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shared.ports import TableWriter
from shared.raft.examples import Row
from shared.raft.exports import (
    Record,
    completion_record,
    evaluation_record,
    flat_record,
    reinforcement_record,
)
from shared.raft.formats import chat_record, row_record, to_jsonl
from shared.raft.preferences import preference_record
from shared.raft.splitting import SPLITS
from shared.services.outputs import Outputs
from shared.spec import RunSpec

Maker = Callable[[Row], Record | None]


class DatasetFiles:
    """All files under `dataset/` that are written row by row."""

    def __init__(self, outputs: Outputs, folder: str, spec: RunSpec, tables: TableWriter) -> None:
        self._folder = folder
        self._makers = _makers(spec)
        self._table = "parquet" in spec.exports
        for form in self._makers:
            for split in SPLITS:
                outputs.open(self._name(form, split))
        outputs.open(f"{folder}/rows.jsonl")
        outputs.open(self.dropped)
        if self._table:
            outputs.open(f"{folder}/full.parquet", tables.parquet)

    @property
    def dropped(self) -> str:
        """Where everything is kept that was dropped, with its reason."""
        return f"{self._folder}/dropped.jsonl"

    def parts(self, rows: Sequence[Row]) -> dict[str, Any]:
        """What these rows add to each file, by its name."""
        parts: dict[str, Any] = {}
        for split in SPLITS:
            own = [row for row in rows if row.split == split]
            for form, make in self._makers.items():
                if own:
                    parts[self._name(form, split)] = to_jsonl(_records(own, make))
        parts[f"{self._folder}/rows.jsonl"] = to_jsonl(map(row_record, rows))
        if self._table:
            parts[f"{self._folder}/full.parquet"] = [flat_record(row) for row in rows]
        return parts

    def _name(self, form: str, split: str) -> str:
        """`{split}.jsonl` for what training reads, `{form}/{split}.jsonl` for further forms."""
        return "/".join(filter(None, (self._folder, form, f"{split}.jsonl")))


def _makers(spec: RunSpec) -> dict[str, Maker]:
    form = spec.completion

    def completion(row: Row) -> Record:
        return completion_record(row, form.prompt_column, form.completion_column, form.stop)

    exports: dict[str, Maker] = {
        "completion": completion,
        "eval": evaluation_record,
        "dpo": preference_record,
        "reinforcement": reinforcement_record,
    }
    asked: dict[str, Maker] = {name: make for name, make in exports.items() if name in spec.exports}
    return {"": chat_record, **asked}


def _records(rows: Iterable[Row], make: Maker) -> Iterable[Record]:
    """The records of all rows that have one."""
    return (record for row in rows if (record := make(row)) is not None)
