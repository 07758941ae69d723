"""Baseline against student in figures, from their scored answers: the record scores.json."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.raft.examples import Row
from shared.raft.metrics import (
    CONTEXT_PRECISION,
    DISTRACTORS,
    LOCAL_METRICS,
    OF_ORACLE,
    OPEN_BOOK,
    RETRIEVED,
    better_way,
    is_judged,
    local_metrics,
    scale_of,
)
from shared.raft.sheets import Item
from shared.raft.statistics import (
    CONFIDENCE,
    Comparison,
    agreement,
    compare_paired,
    mean_of,
)
from shared.raft.verdict import Name, decide
from shared.spec import RunSpec

HEADLINE_METRIC = "token_f1"
_SLICES = 50  # of one kind: those with the most questions

Answer = dict[str, Any]  # row, answer (None: there is none), scores, again (the second judgement)


@dataclass(frozen=True)
class _Cell:
    """Both models' answers to one row in one setting."""

    item: Item
    baseline: Answer
    student: Answer


def compare_models(
    rows: Sequence[Row], items: Sequence[Item], answers: Sequence[Answer], spec: RunSpec
) -> dict[str, Any]:
    """The record:

    - rows, sampled_rows, judged_rows, confidence, draws;
    - settings: {setting: {rows, metrics}}; retrieved also has `retrieval` {top_k, oracle_shown and
      context_precision: {mean, n}};
    - sweep: [{distractors, rows, metrics}], by rising number;
    - slices: {document, kind: {parts: [{value, metrics}], left_out}} of open_book;
    - judge: {scores, failed, failed_share, agreement: [Agreement]};
    - verdict: {promoted, reason, metric, setting, at_least, not_worse}.

    A metric is a Comparison with its `finding` and `scale`.
    """
    cells: dict[tuple[str, int], list[_Cell]] = defaultdict(list)
    for item, one, two in zip(items[::2], answers[::2], answers[1::2], strict=True):
        cells[item.setting, item.distractors].append(_Cell(item, one, two))
    compared = {
        (setting, count): list(_compared(setting, own, spec))
        for (setting, count), own in cells.items()
    }
    by_name: dict[Name, Comparison] = {
        (setting, one.metric): one
        for (setting, count), found in compared.items()
        if count < 0
        for one in found
    }
    open_book = cells.get((OPEN_BOOK, -1), [])
    return {
        "rows": len(rows),
        "sampled_rows": len({item.row for item in items if item.setting != OPEN_BOOK}),
        "judged_rows": sum(cell.item.judgements > 0 for cell in open_book),
        "confidence": CONFIDENCE,
        "draws": spec.evaluation.bootstrap_draws,
        "settings": {
            setting: {
                "rows": len(cells[setting, count]),
                "metrics": _records(found),
                **_retrieval(setting, cells[setting, count], spec),
            }
            for (setting, count), found in compared.items()
            if setting != DISTRACTORS
        },
        "sweep": [
            {"distractors": count, "rows": len(cells[setting, count]), "metrics": _records(found)}
            for (setting, count), found in sorted(compared.items())
            if setting == DISTRACTORS
        ],
        "slices": {
            "document": _slices(open_book, spec, lambda cell: _document(rows[cell.item.row])),
            "kind": _slices(open_book, spec, lambda cell: rows[cell.item.row].kind),
        },
        "judge": _judge(items, answers, spec),
        "verdict": _verdict(by_name, spec),
    }


def _compared(setting: str, cells: Sequence[_Cell], spec: RunSpec) -> Iterator[Comparison]:
    """Every metric of a setting. Rows that were never to have it are no missing scores."""
    judged: tuple[str, ...] = ()
    if is_judged(setting):
        judged = tuple(name for name in spec.evaluation.metrics if name != CONTEXT_PRECISION)
    for metric in (*local_metrics(setting), *judged):
        meant = [
            cell
            for cell in cells
            if (metric in LOCAL_METRICS or cell.item.judgements)
            and (metric not in OF_ORACLE or cell.item.shows_oracle)
        ]
        yield _comparison(setting, metric, meant, spec)


def _comparison(setting: str, metric: str, cells: Sequence[_Cell], spec: RunSpec) -> Comparison:
    return compare_paired(
        metric,
        [cell.baseline["scores"].get(metric) for cell in cells],
        [cell.student["scores"].get(metric) for cell in cells],
        draws=spec.evaluation.bootstrap_draws,
        seed=spec.seed,
        better=better_way(setting, metric),
    )


def _records(found: Sequence[Comparison]) -> list[dict[str, Any]]:
    return [
        {**asdict(one), "finding": one.finding, "scale": list(scale_of(one.metric))}
        for one in found
    ]


def _retrieval(setting: str, cells: Sequence[_Cell], spec: RunSpec) -> dict[str, Any]:
    """How good the search was, which is the same for both models."""
    if setting != RETRIEVED:
        return {}
    judged = [cell.baseline["scores"] for cell in cells if cell.item.judgements]
    precision, n = mean_of([scores.get(CONTEXT_PRECISION) for scores in judged])
    shown, _ = mean_of([float(cell.item.shows_oracle) for cell in cells])
    return {
        "retrieval": {
            "top_k": spec.evaluation.top_k,
            "oracle_shown": {"mean": shown, "n": len(cells)},
            CONTEXT_PRECISION: {"mean": precision, "n": n, "missing": len(judged) - n},
        }
    }


def _slices(
    cells: Sequence[_Cell], spec: RunSpec, value_of: Callable[[_Cell], str]
) -> dict[str, Any]:
    """Comparisons within each value, most questions first."""
    metrics = [HEADLINE_METRIC]
    rule = spec.promote_if
    if rule.setting == OPEN_BOOK and rule.metric in LOCAL_METRICS:
        metrics = list(dict.fromkeys((*metrics, rule.metric)))
    parts: dict[str, list[_Cell]] = defaultdict(list)
    for cell in cells:
        parts[value_of(cell)].append(cell)
    order = sorted(parts, key=lambda value: (-len(parts[value]), value))
    return {
        "parts": [
            {
                "value": value,
                "metrics": _records(
                    [_comparison(OPEN_BOOK, metric, parts[value], spec) for metric in metrics]
                ),
            }
            for value in order[:_SLICES]
        ],
        "left_out": len(order[_SLICES:]),
    }


def _document(row: Row) -> str:
    """The document that the row's question was made from."""
    return row.documents[row.oracles[0]].document if row.oracles else ""


def _judge(items: Sequence[Item], answers: Sequence[Answer], spec: RunSpec) -> dict[str, Any]:
    """How far the judge can be trusted: scores that it failed to give, and whether a second
    judgement says the same."""
    asked: Counter[bool] = Counter()  # of every score asked for: whether it is missing
    first: dict[str, list[float | None]] = defaultdict(list)
    again: dict[str, list[float | None]] = defaultdict(list)
    for item, answer in zip(items, answers, strict=True):
        scores, second = answer["scores"], answer.get("again", {})
        for name in spec.evaluation.metrics:
            for each in (scores, second):
                if item.judgements and name in each:
                    asked[each[name] is None] += 1
            if name in second:
                first[name].append(scores.get(name))
                again[name].append(second[name])
    total = asked.total()
    return {
        "scores": total,
        "failed": asked[True],
        "failed_share": asked[True] / total if total else None,
        "agreement": [
            asdict(agreement(name, first[name], again[name], scale_of(name))) for name in first
        ],
    }


def _verdict(found: Mapping[Name, Comparison], spec: RunSpec) -> dict[str, Any]:
    rule = spec.promote_if
    verdict = decide(found, (rule.setting, rule.metric), rule.at_least, rule.guards)
    return {**asdict(verdict), **rule.model_dump(mode="json")}
