"""The report: report.json holds every figure, report.html shows them and opens from disk.

What is gathered from where stands in the modules beside this one: `report_facts` (training, card,
versions), `report_examples` with `report_quotes`, `report_sweep` and `report_costs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shared.contracts import Stage, Step
from shared.ports import BlobStore, ReportRenderer
from shared.raft.costs import PriceTable
from shared.raft.formats import to_json
from shared.raft.metrics import OPEN_BOOK
from shared.services.documents import document_facts
from shared.services.evaluation import Evaluation
from shared.services.manifest import Manifest
from shared.services.report_costs import AnswerPrices
from shared.services.report_examples import examples
from shared.services.report_facts import card_facts, some_dropped, trainings, versions
from shared.services.report_sweep import robustness
from shared.services.runs import Runs, spend_of

_STAGE_FACTS = (
    *("started", "ended", "total", "ok", "rejected", "failed"),
    *("counts", "problems", "spend"),
)


class Reporting:
    """Use case of the report. `prices` are those that the run's calls were counted with; `teacher`
    is the model that teaches, where its deployment's name does not tell."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        evaluation: Evaluation,
        renderer: ReportRenderer,
        notes: Sequence[str],
        prices: PriceTable,
        teacher: str,
    ) -> None:
        self._runs = runs
        self._records = records
        self._evaluation = evaluation
        self._renderer = renderer
        self._notes = notes
        self._answer_prices = AnswerPrices(runs, prices, teacher)

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
        open_book that run from 0 to 1 and are better when higher. `loss` is the first job's."""
        scores = json.loads(await self._runs.read(f"{run}/evaluation/scores.json"))
        scores["metrics"] = _shares(scores["settings"].get(OPEN_BOOK, {}).get("metrics", []))
        spec = (await self._records.context(run)).spec
        answers = await self._evaluation.answers(run)
        training = await trainings(self._runs, run, spec, manifest["student"])
        decisive = _decisive(scores)
        return {
            "run": run,
            "domain": manifest["domain"],
            "created": manifest["created"],
            "notes": list(self._notes),
            "models": manifest.get("models", {}),
            "headline": _headline(decisive),
            "verdict": scores["verdict"],
            "decisive": decisive,
            "spec": manifest["spec"],
            "inputs": manifest["documents"],
            "versions": versions(),
            "student": manifest["student"],
            "documents": await document_facts(self._runs, run, len(manifest["documents"])),
            "dataset": manifest["stages"].get("dataset", {}).get("counts", {}),
            "card": await card_facts(self._runs, run),
            "leakage": json.loads(await self._runs.read(f"{run}/dataset/leakage.json")),
            "scores": scores,
            "robustness": await robustness(self._runs, run, spec, scores["sweep"]),
            "rejected": await some_dropped(self._runs, run),
            "training": training,
            "won": examples(answers, sign=1),
            "lost": examples(answers, sign=-1),
            "stages": {
                name.value: {key: manifest["stages"][name].get(key) for key in _STAGE_FACTS}
                for name in Stage
                if name in manifest["stages"]
            },
            "estimate": manifest.get("estimate"),
            "spend": asdict(spend_of(manifest)),
            "answer_prices": await self._answer_prices.per_thousand(run, manifest, answers),
        }


def _shares(metrics: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in metrics if one["scale"] == [0, 1] and one["better"] == 1]


def _decisive(scores: Mapping[str, Any]) -> dict[str, Any] | None:
    """The comparison that the verdict rests on, with its setting; None when there is none."""
    setting, name = scores["verdict"]["setting"], scores["verdict"]["metric"]
    for metric in scores["settings"].get(setting, {}).get("metrics", []):
        if metric["metric"] == name:
            return {"setting": setting, **metric}
    return None


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
    name = metric["metric"].replace("_", " ").replace("f1", "F1")
    if metric["setting"] != OPEN_BOOK:
        name += f" ({metric['setting'].replace('_', ' ')})"
    sentence = (
        f"{words}: {name} {metric['baseline']:.3f} → {metric['student']:.3f}, difference "
        f"{metric['difference']:+.3f}, 95 % interval {metric['low']:+.3f} to "
        f"{metric['high']:+.3f}, {metric['n']} questions."
    )
    return {"finding": metric["finding"], "sentence": sentence}
