"""The report page: turns the report record into one HTML file that opens from disk.

Invariants: every text of the record is escaped by Jinja2 or `escape` (markup is made of our own
words only), the page has no script and asks nothing of any network, and what is missing in the
record is shown as missing, never as zero. The template is read at first use, not at import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from shared.adapters.charts import bars, forest, loss_curve, loss_series, number, signed
from shared.raft.prompts import BEGIN_QUOTE, END_QUOTE
from shared.raft.scoring import LOCAL_METRICS

NOTHING = "–"
_TONES = {"better": "better", "worse": "worse", "no difference shown": "same"}
_METRICS = {
    "exact_match": ("Exact match", "the answer is the reference answer, case and form aside"),
    "token_f1": ("Token F1", "words shared with the reference answer"),
    "quote_accuracy": ("Quote accuracy", "quotes that stand word for word in a document shown"),
    "oracle_quoted": ("Oracle quoted", "quotes the very passage that holds the answer"),
    "faithfulness": ("Faithfulness", "statements that the documents shown support"),
    "answer_relevancy": ("Answer relevancy", "the answer is about what was asked"),
    "semantic_similarity": ("Semantic similarity", "meaning close to the reference answer"),
    "answer_correctness": ("Answer correctness", "facts agree with the reference answer"),
}
_SPLITS = {"train": "training", "valid": "validation", "test": "test"}
# A whole quote, the mark of the final answer, or half of a quote: a fault that is worth seeing.
_MARKERS = re.compile(
    rf"{BEGIN_QUOTE}(?P<quote>.*?){END_QUOTE}|(?P<answer><ANSWER>(?:\s*:)?)"
    rf"|(?P<half>{BEGIN_QUOTE}|{END_QUOTE})",
    re.DOTALL,
)
_HALVES = {
    BEGIN_QUOTE: "[a quote begins here and is never closed] ",
    END_QUOTE: " [a quote ends here that was never opened]",
}
# What HTML forbids as characters, and half surrogates, which no file can hold.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class HtmlReport:
    """Keeps the promises of `ports.ReportRenderer`."""

    def render(self, report: Mapping[str, Any]) -> str:
        """See the port. A key `notes` may hold sentences that are shown under the headline."""
        page = self._template.render(_view(report)).strip()
        return _UNPRINTABLE.sub("\ufffd", page) + "\n"

    @cached_property
    def _template(self) -> Template:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_shown,
        )
        environment.filters |= {
            "count": count,
            "score": score,
            "change": change,
            "usd": usd,
            "moment": moment,
            "answer": answer,
        }
        return environment.get_template("report.html.j2")


def count(value: Any) -> str:
    """A whole number with thousands separators."""
    found = number(value)
    return _shown(value) if found is None else f"{found:,.0f}"


def score(value: Any) -> str:
    """A score in 0…1 with three decimals."""
    found = number(value)
    return _shown(value) if found is None else f"{found:.3f}"


def change(value: Any) -> str:
    """A difference with its sign."""
    found = number(value)
    return _shown(value) if found is None else signed(found)


def usd(value: Any) -> str:
    """Dollars: cents, or four decimals under one dollar."""
    found = number(value)
    if found is None:
        return _shown(value)
    if 0 < found < 0.0001:
        return "< $0.0001"
    return f"${found:,.4f}" if 0 < found < 1 else f"${found:,.2f}"


def moment(value: Any) -> str:
    """An ISO time as a person writes it, in UTC."""
    when = _time(value)
    if when is None:
        return _shown(value)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def answer(value: Any) -> Markup:
    """An answer with its quotes highlighted and its final answer named; the rest is text."""
    text = _shown(value)
    parts: list[str] = []
    end = 0
    for found in _MARKERS.finditer(text):
        parts.append(escape(text[end : found.start()]))
        if found["answer"]:
            parts.append(Markup("<strong>Answer:</strong>"))
        elif found["half"]:
            parts.append(Markup('<span class="fault">{}</span>').format(_HALVES[found["half"]]))
        elif quote := found["quote"].strip():
            parts.append(Markup("<mark>{}</mark>").format(quote))
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _shown(value: Any) -> str:
    """The value as text, a dash for nothing; markup stays markup."""
    if isinstance(value, Markup):
        return value
    return NOTHING if value is None or value == "" else str(value)


def _time(value: Any) -> datetime | None:
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def _view(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows, worded and grouped, every name of it present."""
    scores = report["scores"]
    groups = _metric_groups(scores)
    loss = report["loss"]
    headline = report["headline"]
    stages = report["stages"]
    estimate = report.get("estimate") or {}
    return {
        "run": report["run"],
        "domain": report["domain"],
        "created": report["created"],
        "headline": {**headline, "tone": _TONES.get(headline["finding"], "none")},
        "notes": list(report.get("notes") or []),
        "confidence": f"{100 * (number(scores.get('confidence')) or 0.95):g} %",
        "draws": scores.get("draws"),
        "rows": scores.get("rows"),
        "judged_rows": scores.get("judged_rows"),
        "groups": groups,
        "forest": forest([group["metrics"] for group in groups]),
        "loss": loss_curve(loss),
        "loss_facts": _loss_facts(loss),
        "examples": (("won", report["won"]), ("lost", report["lost"])),
        "dataset": _dataset(report["dataset"], report["leakage"]),
        "rejected": report.get("rejected") or [],
        "documents": [
            {
                **one,
                "unread": _ranges(one.get("pages_without_text") or []),
                "poor": _ranges(one.get("poor_pages") or []),
            }
            for one in report["documents"]
        ],
        "student": {
            key: report["student"].get(key)
            for key in ("model", "deployment", "sku", "capacity", "usd_per_hour")
        },
        "hosting": report["spec"].get("deployment") or {},
        "base_model": (report["spec"].get("student") or {}).get("model"),
        "oracle_share": report["spec"].get("p"),
        "estimate": {key: estimate.get(key) for key in ("usd", "without_price", "prices")},
        "stages": [
            _stage(name, facts, (estimate.get("stages") or {}).get(name) or {})
            for name, facts in stages.items()
        ],
        "trained_tokens": ((stages.get("train") or {}).get("counts") or {}).get("trained_tokens"),
        "spend": report["spend"],
        "spec": _yaml(report["spec"]),
    }


def _metric_groups(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Metrics of all rows, then those of the judged sample, named in plain words."""
    groups: list[dict[str, Any]] = [
        {"judged": False, "metrics": []},
        {"judged": True, "metrics": []},
    ]
    for metric in scores["metrics"]:
        name = str(metric["metric"])
        label, meaning = _METRICS.get(name, (_words(name), ""))
        numbers = {key: number(metric[key]) for key in ("difference", "low", "high")}
        groups[name not in LOCAL_METRICS]["metrics"].append(
            {
                **metric,
                **numbers,
                "label": label,
                "meaning": meaning,
                "tone": _TONES.get(metric["finding"], "none"),
            }
        )
    return [group for group in groups if group["metrics"]]


def _loss_facts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    facts = []
    for _, label, points in loss_series(rows):
        step, lowest = min(points, key=lambda point: (point[1], point[0]))
        facts.append(
            {
                "label": label,
                "first": points[0][1],
                "last": points[-1][1],
                "lowest": lowest,
                "step": step,
                "steps": points[-1][0],
            }
        )
    return facts


def _dataset(counts: Mapping[str, Any] | None, leakage: Mapping[str, Any]) -> dict[str, Any]:
    counts = counts or {}
    splits = [(label, number(counts.get(name))) for name, label in _SPLITS.items()]
    rows = sum(value or 0 for _, value in splits)
    drops = [
        (code, number(value) or 0)
        for name, value in counts.items()
        if (code := name.removeprefix("drop_")) != name
    ]
    positions = leakage.get("oracle_positions") or []
    return {
        "splits": splits,
        "rows": rows,
        "drops": sorted(drops, key=lambda drop: -drop[1]),
        "dropped": sum(value for _, value in drops),
        "leakage": {name: number(value) for name, value in leakage.items()},
        "with_oracle": sum(number(value) or 0 for value in positions),
        "positions": bars(positions, "Position"),
    }


def _stage(name: str, facts: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    begun, ended = _time(facts.get("started")), _time(facts.get("ended"))
    unwanted = sum(int(number(facts.get(key)) or 0) for key in ("rejected", "failed"))
    return {
        "name": name,
        "time": _duration((ended - begun).total_seconds()) if begun and ended else None,
        "spend": facts.get("spend") or {},
        "expected": expected.get("usd"),
        "problems": facts.get("problems") or [],
        "unwanted": unwanted,
        **{key: facts.get(key) for key in ("ok", "rejected", "failed")},
    }


def _duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def _ranges(pages: Sequence[int]) -> str:
    """Page numbers as people write them: 3, 7–9."""
    spans: list[list[int]] = []
    for page in sorted(set(pages)):
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _yaml(spec: Mapping[str, Any]) -> str:
    """The spec as a raft.yaml that gives the same run; through JSON, for plain values only."""
    plain = json.loads(json.dumps(spec, default=str))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=90).rstrip()
