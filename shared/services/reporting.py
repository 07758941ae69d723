"""The report: report.json holds every figure, report.html shows them and opens from disk."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shared.contracts import Stage, Step
from shared.errors import BlobNotFound
from shared.ports import BlobStore, ReportRenderer
from shared.raft.formats import to_json
from shared.raft.metrics import OPEN_BOOK
from shared.raft.sheets import MODELS
from shared.services.comparing import HEADLINE_METRIC
from shared.services.documents import document_facts
from shared.services.evaluation import Evaluation
from shared.services.manifest import Manifest
from shared.services.runs import Runs, spend_of

_SHOWN = 5  # examples on each side
_SHOWN_OF_A_CODE = 2  # examples of what was dropped for one reason


class Reporting:
    """Use case of the report."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        evaluation: Evaluation,
        renderer: ReportRenderer,
        notes: Sequence[str],
    ) -> None:
        self._runs = runs
        self._records = records
        self._evaluation = evaluation
        self._renderer = renderer
        self._notes = notes

    async def write(self, run: str) -> Step:
        """Write report.json and report.html and link them from the manifest."""
        manifest = await self._records.read(run)
        report = await self._report(run, manifest)
        await self._runs.put(f"{run}/report.json", to_json(report))
        await self._runs.put(f"{run}/report.html", self._renderer.render(report).encode())
        links = {
            "report": f"{run}/report.html",
            "report_json": f"{run}/report.json",
            "dataset": f"{run}/dataset",
            "card": f"{run}/dataset/card.md",
        }
        await self._records.note(run, links=links)
        return Step(1, f"{run}/report.html")

    async def _report(self, run: str, manifest: Manifest) -> dict[str, Any]:
        """`scores` is scores.json, whose form `compare_models` tells; its `metrics` are those of
        open_book that run from 0 to 1 and are better when higher: what the page draws."""
        scores = json.loads(await self._runs.read(f"{run}/evaluation/scores.json"))
        scores["metrics"] = _shares(scores["settings"].get(OPEN_BOOK, {}).get("metrics", []))
        metrics = {metric["metric"]: metric for metric in scores["metrics"]}
        answers = await self._evaluation.answers(run)
        return {
            "run": run,
            "domain": manifest["domain"],
            "created": manifest["created"],
            "notes": list(self._notes),
            "models": manifest.get("models", {}),
            "headline": _headline(metrics.get(HEADLINE_METRIC)),
            "verdict": scores["verdict"],
            "spec": manifest["spec"],
            "student": manifest["student"],
            "documents": await document_facts(self._runs, run, len(manifest["documents"])),
            "dataset": manifest["stages"].get("dataset", {}).get("counts", {}),
            "leakage": json.loads(await self._runs.read(f"{run}/dataset/leakage.json")),
            "scores": scores,
            "rejected": await self._rejected(run),
            "loss": await self._loss(run),
            "won": _examples(answers, sign=1),
            "lost": _examples(answers, sign=-1),
            "stages": {
                name.value: {key: manifest["stages"][name].get(key) for key in _STAGE_FACTS}
                for name in Stage
                if name in manifest["stages"]
            },
            "estimate": manifest.get("estimate"),
            "spend": asdict(spend_of(manifest)),
        }

    async def _rejected(self, run: str) -> list[dict[str, Any]]:
        """A few of the questions and answers that were dropped, each reason first in its turn."""
        try:
            data = await self._runs.read(f"{run}/dataset/dropped.jsonl")
        except BlobNotFound:
            return []
        by_code: dict[str, list[dict[str, Any]]] = {}
        for line in data.splitlines():
            record = json.loads(line)
            if len(same := by_code.setdefault(record["code"], [])) < _SHOWN_OF_A_CODE:
                same.append(record)
        return [record for code in sorted(by_code) for record in by_code[code]]

    async def _loss(self, run: str) -> list[dict[str, float]]:
        """Rows of the service's metrics file, numbers only: step, train_loss, valid_loss, …"""
        try:
            text = (await self._runs.read(f"{run}/training/metrics.csv")).decode()
        except BlobNotFound:
            return []
        return [_numbers(row) for row in csv.DictReader(io.StringIO(text))]


_STAGE_FACTS = (
    "started",
    "ended",
    "total",
    "ok",
    "rejected",
    "failed",
    "counts",
    "problems",
    "spend",
)


def _shares(metrics: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in metrics if one["scale"] == [0, 1] and one["better"] == 1]


def _headline(metric: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the comparison allows one to say, in one sentence, from one metric named there."""
    if metric is None or metric["difference"] is None:
        return {"finding": "not measured", "sentence": "No test question was answered by both."}
    words = {
        "better": "The student answers better than its baseline",
        "worse": "The student answers worse than its baseline",
        "no difference shown": "No difference between student and baseline is shown",
        "not measured": "Too few questions to say whether the student answers better",
    }[metric["finding"]]
    sentence = (
        f"{words}: token F1 {metric['baseline']:.3f} → {metric['student']:.3f}, difference "
        f"{metric['difference']:+.3f}, 95 % interval {metric['low']:+.3f} to "
        f"{metric['high']:+.3f}, {metric['n']} questions."
    )
    return {"finding": metric["finding"], "sentence": sentence}


def _examples(answers: Sequence[Mapping[str, Any]], sign: int) -> list[dict[str, Any]]:
    """Rows where the student won (sign 1) or lost (−1) most on the headline metric."""
    found = []
    for entry in answers:
        values = [entry[model]["scores"].get(HEADLINE_METRIC) for model in MODELS]
        if None in values or (values[1] - values[0]) * sign <= 0:
            continue
        row = entry["row"]
        found.append(
            {
                "difference": values[1] - values[0],
                "question": row.question,
                "reference": row.final,
                "baseline": entry["baseline"]["answer"],
                "student": entry["student"]["answer"],
                "source": ", ".join(row.documents[place].chunk for place in row.oracles),
            }
        )
    return sorted(found, key=lambda example: -sign * example["difference"])[:_SHOWN]


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
