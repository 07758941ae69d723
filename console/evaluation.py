"""scores.json as tables, read generically: what a metric's entry holds is shown, and no more.

Every list of entries with a `metric` is a table, wherever it stands, so a setting or a slice that
is added there appears here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from console.words import METRICS, label, number

_TONES = {"better": "good", "worse": "bad", "no difference shown": "even"}
_SETTINGS = {
    "open_book": "The documents of the dataset's row: the oracle among distractors.",
    "retrieved": "What a search over all chunks finds for the question.",
    "no_oracle": "Further distractors in place of the oracle: the right answer is to abstain.",
    "closed_book": "No document at all.",
}
_SWEPT = ("token_f1", "oracle_picked", "quote_accuracy")


def tables_of(scores: Mapping[str, Any]) -> dict[str, Any]:
    """{verdict, facts, settings, sweep, slices, judge}, each empty where the record has none."""
    return {
        "verdict": scores.get("verdict"),
        "facts": {
            name: scores[name]
            for name in ("rows", "sampled_rows", "judged_rows", "draws")
            if name in scores
        },
        "confidence": number(scores.get("confidence")) or 0.95,
        "settings": list(_settings(scores)),
        "sweep": _sweep(scores.get("sweep") or []),
        "slices": list(_slices(scores.get("slices") or {})),
        "judge": scores.get("judge"),
    }


def _settings(scores: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    settings = dict(scores.get("settings") or {})
    for entry in scores.get("metrics") or []:
        own = settings.setdefault(str(entry.get("setting") or "metrics"), {"metrics": []})
        if entry not in own["metrics"]:
            own["metrics"] = [*own["metrics"], entry]
    for name in sorted(settings, key=lambda name: [*_SETTINGS, name].index(name)):
        setting = settings[name]
        retrieval = setting.get("retrieval") or {}
        yield {
            "name": name,
            "about": _SETTINGS.get(name, ""),
            "rows": setting.get("rows"),
            "found": (retrieval.get("oracle_shown") or {}).get("mean"),
            "metrics": [_metric(entry) for entry in setting["metrics"]],
        }


def _metric(entry: Mapping[str, Any]) -> dict[str, Any]:
    low, high = number(entry.get("low")), number(entry.get("high"))
    scale = entry.get("scale") or (0, 1)
    width = (number(scale[1]) or 1) - (number(scale[0]) or 0)
    finding = str(entry.get("finding") or "")
    return {
        **{name: entry.get(name) for name in ("n", "missing", "baseline", "student", "p")},
        "name": label(entry.get("metric", ""), METRICS),
        "difference": entry.get("difference"),
        "low": low,
        "high": high,
        "finding": finding,
        "tone": _TONES.get(finding, "none"),
        "bar": _bar(low, high, number(entry.get("difference")), width),
    }


def _bar(low: float | None, high: float | None, middle: float | None, width: float) -> Any:
    """Where the interval lies on a line from −1 to 1 of the scale, in percent of its length."""
    if low is None or high is None or middle is None:
        return None

    def across(value: float) -> float:
        return round(50 + 50 * max(-1.0, min(1.0, value / width)), 2)

    return {"low": across(low), "high": across(high), "middle": across(middle)}


def _sweep(points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The metrics that tell most, by number of distractors."""
    there = {entry["metric"] for point in points for entry in point["metrics"]}
    names = [name for name in _SWEPT if name in there]
    rows = []
    for point in points:
        entries = {entry["metric"]: entry for entry in point["metrics"]}
        cells = [_metric(entries[name]) if name in entries else None for name in names]
        rows.append({"distractors": point["distractors"], "rows": point.get("rows"), "of": cells})
    return {"metrics": [label(name, METRICS) for name in names], "rows": rows}


def _slices(slices: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, slice_of in slices.items():
        parts = slice_of.get("parts") or []
        yield {
            "name": name,
            "left_out": slice_of.get("left_out") or 0,
            "parts": [
                {"value": part["value"], **_metric(part["metrics"][0])}
                for part in parts
                if part.get("metrics")
            ],
        }
