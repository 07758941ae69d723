"""What the report's templates show, worded and grouped, every name of theirs present.

Parts of records that an earlier release did not write yet are shown as missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from shared.adapters.charts import bars, forest
from shared.adapters.curves import Measure, training_curve, training_series
from shared.adapters.report_effects import (
    SETTINGS,
    TONES,
    judge_view,
    row_of,
    settings_view,
    slices_view,
    sweep_view,
)
from shared.adapters.report_money import hosting_view, prices_view, stage_view
from shared.adapters.report_numbers import ranges, words_of
from shared.adapters.report_quotes import example_view
from shared.adapters.svg import number

_SPLITS = {"train": "training", "valid": "validation", "test": "test"}


def view(report: Mapping[str, Any]) -> dict[str, Any]:
    """The record as the page shows it."""
    scores, stages, spec = report["scores"], report["stages"], report["spec"]
    estimate = report.get("estimate") or {}
    return {
        **{key: report[key] for key in ("run", "domain", "created", "spend")},
        "verdict": _verdict(report),
        "notes": list(report.get("notes") or []),
        "confidence": f"{100 * (number(scores.get('confidence')) or 0.95):g} %",
        **{key: scores.get(key) for key in ("draws", "rows", "sampled_rows", "judged_rows")},
        "settings": settings_view(scores),
        "sweep": sweep_view(scores, report.get("robustness") or []),
        "slices": slices_view(scores),
        "judge": judge_view(scores),
        "trainings": [_training(job) for job in report.get("training") or []],
        "training_cost": report["student"].get("training_cost"),
        "examples": [
            (kind, [example_view(one, f"{kind}-{at}") for at, one in enumerate(report[kind])])
            for kind in ("won", "lost")
        ],
        "dataset": _dataset(report["dataset"], report["leakage"]),
        "card": report.get("card") or {"tables": [], "chunks": ""},
        "rejected": report.get("rejected") or [],
        "documents": [
            {
                **one,
                "unread": ranges(one.get("pages_without_text") or []),
                "poor": ranges(one.get("poor_pages") or []),
            }
            for one in report["documents"]
        ],
        "hosting": hosting_view(report),
        "prices": prices_view(report.get("answer_prices") or []),
        "base_model": (spec.get("student") or {}).get("model"),
        "platform": (spec.get("student") or {}).get("platform"),
        "oracle_share": spec.get("p"),
        "seed": spec.get("seed"),
        "estimate": {key: estimate.get(key) for key in ("usd", "without_price", "prices")},
        "stages": [
            stage_view(name, facts, (estimate.get("stages") or {}).get(name) or {})
            for name, facts in stages.items()
        ],
        "trained_tokens": ((stages.get("train") or {}).get("counts") or {}).get("trained_tokens"),
        "models": {role: name for role, name in (report.get("models") or {}).items() if name},
        "versions": report.get("versions") or {},
        "inputs": report.get("inputs") or [],
        "spec": _yaml(spec),
    }


def _verdict(report: Mapping[str, Any]) -> dict[str, Any]:
    """The decision, its reason and its figure; `promoted` None where nothing was decided."""
    headline, verdict = report["headline"], report.get("verdict") or {}
    decisive = report.get("decisive")
    row = row_of(decisive) if decisive else None
    needed = number(verdict.get("at_least")) or 0.0
    setting = str((decisive or {}).get("setting", ""))
    reason = str(verdict.get("reason") or "").replace(" f1 ", " F1 ")
    return {
        "promoted": verdict.get("promoted"),
        "sentence": headline["sentence"],
        "tone": TONES.get(headline["finding"], "none"),
        "reason": reason[:1].upper() + reason[1:],
        "row": row,
        "setting": SETTINGS.get(setting, (words_of(setting), ""))[0].lower(),
        "needed": needed,
        "not_worse": [words_of(name).lower() for name in verdict.get("not_worse", ())],
        "chart": forest([{**row, "label": ""}], needed=needed) if row else "",
    }


def _training(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job with its curve. Reinforcement has rewards, of which more is better, in its place."""
    measure: Measure = "reward" if job["method"] == "reinforcement" else "loss"
    best = max if measure == "reward" else min
    facts = []
    for _, label, points in training_series(job["rows"], measure):
        value = best(y for _, y in points)
        facts.append(
            {
                "label": label,
                "first": points[0][1],
                "last": points[-1][1],
                "best": value,
                "step": next(x for x, y in points if y == value),
                "steps": points[-1][0],
            }
        )
    asked = dict(job.get("asked") or {})
    parameters = {**asked.pop("hyperparameters", {}), **asked}
    parameters.pop("model", None)
    return {
        **{key: job.get(key) for key in ("job", "model")},
        "name": words_of(str(job["method"])).replace("Dpo", "Direct preference optimisation"),
        "measure": measure,
        "best": "Highest" if measure == "reward" else "Lowest",
        "chart": training_curve(job["rows"], measure),
        "facts": facts,
        "base": (job.get("asked") or {}).get("model"),
        "parameters": parameters,
    }


def _dataset(counts: Mapping[str, Any] | None, leakage: Mapping[str, Any]) -> dict[str, Any]:
    counts = counts or {}
    splits = [(label, number(counts.get(name))) for name, label in _SPLITS.items()]
    rows = sum(value or 0 for _, value in splits)
    drops = [
        (code, number(value) or 0)
        for name, value in counts.items()
        if (code := name.removeprefix("drop_")) != name
    ]
    positions: Sequence[Any] = leakage.get("oracle_positions") or []
    return {
        "splits": splits,
        "rows": rows,
        "drops": sorted(drops, key=lambda drop: -drop[1]),
        "dropped": sum(value for _, value in drops),
        "leakage": {name: number(value) for name, value in leakage.items()},
        "with_oracle": sum(number(value) or 0 for value in positions),
        "positions": bars(positions, "Position"),
    }


def _yaml(spec: Mapping[str, Any]) -> str:
    """The spec as a raft.yaml that gives the same run; through JSON, for plain values only."""
    plain = json.loads(json.dumps(spec, default=str))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=90).rstrip()
