"""What the report shows of the comparison: settings, curve, slices, and how far to trust the judge.

Everything here is chosen and worded from scores.json; nothing is computed anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.charts import forest, span_of
from shared.adapters.curves import robustness_curve
from shared.adapters.report_numbers import words_of
from shared.adapters.svg import number
from shared.raft.metrics import CLOSED_BOOK, LOCAL_METRICS, NO_ORACLE, OPEN_BOOK, RETRIEVED
from shared.raft.statistics import FEWEST_QUESTIONS

TONES = {"better": "better", "worse": "worse", "no difference shown": "same"}
METRICS = {
    "exact_match": ("Exact match", "the answer is the reference answer, case and form aside"),
    "token_f1": ("Token F1", "words shared with the reference answer"),
    "rouge_l": ("ROUGE-L", "longest run of words shared with the reference answer, gaps allowed"),
    "bleu": ("BLEU", "runs of up to four words shared with the reference answer"),
    "quote_accuracy": ("Quote accuracy", "quotes that stand word for word in a document shown"),
    "quotes_from_oracle": ("Quotes from the source", "quotes that stand in the source passage"),
    "oracle_quoted": ("Source quoted", "quotes what the reference quotes, from the source passage"),
    "oracle_picked": ("Source picked", "most quotes come from the passage that holds the answer"),
    "abstention": ("Abstention", "says that the documents do not hold the answer"),
    "unsupported_answer": (
        "Unsupported answer",
        "gives a wrong answer that nothing shown supports",
    ),
    "faithfulness": ("Faithfulness", "statements that the documents shown support"),
    "answer_relevancy": ("Answer relevancy", "the answer is about what was asked"),
    "semantic_similarity": ("Semantic similarity", "meaning close to the reference answer"),
    "answer_correctness": ("Answer correctness", "facts agree with the reference answer"),
    "factual_correctness": ("Factual correctness", "claims that the reference answer supports"),
    "groundedness": ("Groundedness, 1–5", "rated: the answer follows from the documents shown"),
    "similarity": ("Similarity, 1–5", "rated: as good as the reference answer"),
    "context_precision": ("Context precision", "useful passages come first"),
}
SETTINGS = {
    OPEN_BOOK: ("Open book", "the source passage among distractors, as in training"),
    RETRIEVED: ("Retrieved", "what a search over all chunks finds for the question"),
    NO_ORACLE: ("Without the source", "distractors only, so that it is right to say so"),
    CLOSED_BOOK: ("Closed book", "the bare question"),
}
# What is drawn; the tables have the rest.
_DRAWN: Mapping[str, Sequence[str]] = {
    OPEN_BOOK: (
        *("token_f1", "exact_match", "quote_accuracy", "oracle_picked"),
        *("answer_correctness", "faithfulness"),
    ),
    RETRIEVED: ("token_f1", "quote_accuracy", "oracle_picked", "answer_correctness"),
    NO_ORACLE: ("abstention", "unsupported_answer"),
    CLOSED_BOOK: ("token_f1", "exact_match"),
}


def label_of(metric: str) -> str:
    """The metric's name for people."""
    return METRICS[metric][0] if metric in METRICS else words_of(metric)


def row_of(metric: Mapping[str, Any], label: str = "") -> dict[str, Any]:
    """A comparison for table and chart. `gain` counts in the metric's better way: to the right is
    always the student's side; None, as its interval, where neither way is better."""
    name = str(metric["metric"])
    way = metric.get("better", 1)
    low, high = number(metric["low"]), number(metric["high"])
    ends = sorted(way * end for end in (low, high) if end is not None)
    drawn = way != 0 and len(ends) == 2
    difference = number(metric["difference"])
    return {
        **metric,
        "label": label or label_of(name),
        "meaning": METRICS.get(name, ("", ""))[1],
        "note": {-1: "lower is better", 0: "neither way is better"}.get(way, ""),
        "tone": TONES.get(metric["finding"], "none"),
        "gain": way * difference if drawn and difference is not None else None,
        "low": ends[0] if drawn else None,
        "high": ends[1] if drawn else None,
        "from": low,
        "to": high,
        "few": metric["n"] < FEWEST_QUESTIONS,
        "judged": name not in LOCAL_METRICS,
    }


def settings_view(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each setting with its chart, all on one scale, and its metrics."""
    there = scores.get("settings") or {}
    views = []
    for setting in (*SETTINGS, *(name for name in there if name not in SETTINGS)):
        if setting not in there:
            continue
        name, meaning = SETTINGS.get(setting, (words_of(setting), ""))
        rows = [row_of(metric) for metric in there[setting]["metrics"]]
        groups = [
            {"judged": judged, "metrics": own}
            for judged in (False, True)
            if (own := [row for row in rows if row["judged"] == judged])
        ]
        views.append(
            {
                "name": name,
                "meaning": meaning,
                "key": setting,
                "rows": there[setting].get("rows"),
                "retrieval": there[setting].get("retrieval"),
                "groups": groups,
                "drawn": _drawn(setting, rows, scores.get("verdict") or {}),
            }
        )
    span = span_of([row for view in views for row in view["drawn"]])
    return [{**view, "chart": forest(view["drawn"], span)} for view in views]


def _drawn(
    setting: str, rows: Sequence[dict[str, Any]], verdict: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The main metrics, and those that the verdict looks at; ratings have a scale of their own."""
    named = {name.rpartition(".")[2] for name in verdict.get("not_worse", ())}
    wanted = {*_DRAWN.get(setting, ()), *named, verdict.get("metric")}
    return [
        {**row, "label": f"{row['label']} ({row['note']})" if row["note"] else row["label"]}
        for row in rows
        if row["metric"] in wanted and row["gain"] is not None and row.get("scale") != [1, 5]
    ]


def sweep_view(scores: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The robustness curve with its table: each point's means, and the paired difference."""
    metric = points[0]["metric"] if points else ""
    paired = {
        point["distractors"]: row_of(one)
        for point in scores.get("sweep") or ()
        for one in point["metrics"]
        if one["metric"] == metric
    }
    return {
        "metric": label_of(metric) if metric else "",
        "chart": robustness_curve(points),
        "points": [{**point, "paired": paired.get(point["distractors"])} for point in points],
    }


def slices_view(scores: Mapping[str, Any]) -> list[dict[str, Any]]:
    """By document and by kind of question: a chart and a table each."""
    views = []
    for by, name in (("document", "By document"), ("kind", "By kind of question")):
        part = (scores.get("slices") or {}).get(by) or {"parts": [], "left_out": 0}
        rows = []
        for each in part["parts"]:
            label = str(each["value"]) or "not known"
            short = label.rpartition("/")[2] if by == "document" else words_of(label)
            rows += [row_of(metric, short) for metric in each["metrics"][:1]]
        views.append(
            {
                "by": by,
                "name": name,
                "rows": rows,
                "metric": label_of(rows[0]["metric"]) if rows else "",
                "left_out": part["left_out"],
                "chart": forest(
                    [{**row, "label": f"{row['label']}, n {row['n']}"} for row in rows]
                ),
            }
        )
    return views


def judge_view(scores: Mapping[str, Any]) -> dict[str, Any] | None:
    """How often the judge gave no score, and how often it repeats itself; None without a judge."""
    judge = scores.get("judge") or {}
    if not judge.get("scores"):
        return None
    agreement = [{**one, "label": label_of(one["metric"])} for one in judge.get("agreement") or ()]
    return {**judge, "agreement": agreement}
