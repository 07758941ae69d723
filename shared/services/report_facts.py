"""What the report tells of training, dataset and software, read from what the run left."""

from __future__ import annotations

import csv
import io
import json
import math
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from shared.errors import BlobNotFound
from shared.ports import BlobStore
from shared.services.report_quotes import answer_parts
from shared.services.training import training_folder
from shared.spec import RunSpec

_SHOWN_OF_A_CODE = 2  # examples of what was dropped for one reason
_JOB_FACTS = ("model", "hyperparameters", "training_type", "seed")
_PACKAGES = (
    *("azure-functions", "azure-functions-durable", "azure-ai-ml", "openai", "ragas"),
    *("numpy", "pydantic", "pyarrow", "pypdf", "pypdfium2", "jinja2"),
)


async def trainings(
    runs: BlobStore, run: str, spec: RunSpec, student: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Each of the student's jobs, in order: {method, job, model, asked, rows}.

    `rows` are those of the service's metrics file, numbers only: step, train_loss, valid_loss or
    train_reward_mean, …; [] where it left none. `asked` is what the job was submitted with.
    """
    found = []
    made = student.get("jobs") or [student]
    for number, method in enumerate(spec.student.methods):
        folder = training_folder(run, spec, number)
        facts = made[number] if number < len(made) else {}
        job = json.loads(await _read(runs, f"{folder}/job.json") or b"{}")
        text = (await _read(runs, f"{folder}/metrics.csv")).decode()
        found.append(
            {
                "method": method,
                "job": facts.get("job"),
                "model": facts.get("model"),
                "asked": {name: job[name] for name in _JOB_FACTS if name in job},
                "rows": [_numbers(row) for row in csv.DictReader(io.StringIO(text))],
            }
        )
    return found


async def card_facts(runs: BlobStore, run: str) -> dict[str, Any]:
    """What the dataset's card says of its rows: {tables: [[head, row, …]], chunks: a sentence}."""
    tables: list[list[list[str]]] = []
    chunks, section, before = "", "", ""
    for line in (await _read(runs, f"{run}/dataset/card.md")).decode().splitlines():
        if line.startswith("#"):
            section = line.strip("# ")
        elif section == "Rows" and line.startswith("| "):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if before.startswith("|"):
                tables[-1].append(cells)
            else:
                tables.append([cells])
        elif section == "Documents" and line.startswith("Chunks: "):
            chunks = line
        before = line
    return {"tables": tables, "chunks": chunks}


async def some_dropped(runs: BlobStore, run: str) -> list[dict[str, Any]]:
    """A few of the questions and answers that were dropped, each reason in its turn: lines of
    dropped.jsonl, with the parts of the answer as `said`."""
    by_code: dict[str, list[dict[str, Any]]] = {}
    for line in (await _read(runs, f"{run}/dataset/dropped.jsonl")).splitlines():
        record = json.loads(line)
        if len(same := by_code.setdefault(record["code"], [])) < _SHOWN_OF_A_CODE:
            same.append({**record, "said": answer_parts(record["answer"])})
    return [record for code in sorted(by_code) for record in by_code[code]]


def versions() -> dict[str, str]:
    """Python's version and those of the packages that shape a run's results, where installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


async def _read(runs: BlobStore, name: str) -> bytes:
    try:
        return await runs.read(name)
    except BlobNotFound:
        return b""


def _numbers(row: Mapping[str, str]) -> dict[str, float]:
    numbers = {}
    for name, value in row.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):  # JSON has no other numbers
            numbers[name] = number
    return numbers
