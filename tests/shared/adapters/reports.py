"""A report record as a real run writes it, and the small parts it is made of."""

from __future__ import annotations

import copy
import math
from typing import Any

from shared.raft.metrics import better_way, scale_of
from shared.raft.statistics import Comparison
from shared.spec import RunSpec
from tests.shared.adapters.report_examples import examples, text

_OUR_WORDS = {
    *("finding", "metric", "started", "ended", "setting", "who", "kind", "by", "quoted_by"),
}


def metric(
    name: str, n: int, missing: int, *numbers: float | None, setting: str = "open_book"
) -> dict[str, Any]:
    better = better_way(setting, name)
    comparison = Comparison(name, n, missing, *numbers, p=0.01 if n else None, better=better)
    return {
        **vars(comparison),
        "finding": comparison.finding,
        "scale": list(scale_of(name)),
    }


def spend(calls: int, prompt: int, completion: int, usd: float, reused: int = 0) -> dict[str, Any]:
    return {
        "calls": calls,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "usd": usd,
        "reused": reused,
    }


def stage(begun: str, ended: str, ok: int, **facts: Any) -> dict[str, Any]:
    empty = {"rejected": 0, "failed": 0, "counts": {}, "problems": [], "spend": spend(0, 0, 0, 0)}
    times = {"started": f"2025-11-20T{begun}+00:00", "ended": f"2025-11-20T{ended}+00:00"}
    return {**empty, **times, "total": ok, "ok": ok, **facts}


def document(
    name: str, pages: int, chunks: int, problem: str = "", unread: list[int] | None = None
) -> dict[str, Any]:
    return {
        "name": name,
        "pages": pages,
        "chunks": chunks,
        "problem": problem,
        "pages_without_text": unread or [],
    }


def loss_rows() -> list[dict[str, float]]:
    """As the service writes them: validation on some steps only, −1 elsewhere."""
    rows = []
    for step in range(1, 181):
        noise = 0.09 * math.sin(step * 1.7) + 0.05 * math.sin(step * 0.61)
        row = {"step": step, "train_loss": 0.34 + 1.5 * math.exp(-step / 32) + noise}
        row["valid_loss"] = -1.0
        if step % 10 == 0:
            row["valid_loss"] = 0.47 + 1.35 * math.exp(-step / 36) + max(0, step - 120) * 0.0008
        if step % 60 == 0:
            row["full_valid_loss"] = 0.5 + 1.3 * math.exp(-step / 36)
        rows.append(row)
    return rows


def reward_rows() -> list[dict[str, float]]:
    """As reinforcement writes them: rewards, validated on some steps only."""
    rows = []
    for step in range(1, 61):
        row = {"step": step, "train_reward_mean": 0.8 - 0.5 * math.exp(-step / 20)}
        if step % 5 == 0:
            row["valid_reward_mean"] = 0.76 - 0.45 * math.exp(-step / 22)
        rows.append(row)
    return rows


def job(method: str, rows: list[dict[str, float]], number: int = 1) -> dict[str, Any]:
    asked = {
        "model": "gpt-4o-mini-2024-07-18",
        "hyperparameters": {"n_epochs": 3},
        "training_type": "GlobalStandard",
        "seed": 42,
    }
    ids = {"job": f"ftjob-{number}", "model": f"gpt-4o-mini-2024-07-18.ft-{number}"}
    return {"method": method, **ids, "asked": asked, "rows": rows}


def scores() -> dict[str, Any]:
    """scores.json, with the `metrics` that the report adds."""
    open_book = [
        metric("exact_match", 81, 0, 0.21, 0.333, 0.123, 0.049, 0.21),
        metric("token_f1", 81, 0, 0.512, 0.684, 0.172, 0.121, 0.224),
        metric("quote_accuracy", 81, 0, 0.604, 0.911, 0.307, 0.22, 0.391),
        metric("oracle_picked", 81, 0, 0.543, 0.84, 0.296, 0.198, 0.395),
        metric("abstention", 81, 0, 0.02, 0.1, 0.08, 0.02, 0.15),
        metric("faithfulness", 48, 2, 0.861, 0.874, 0.013, -0.031, 0.058),
        metric("answer_relevancy", 50, 0, 0.842, 0.79, -0.052, -0.089, -0.017),
        metric("groundedness", 50, 0, 4.1, 4.5, 0.4, 0.2, 0.6),
        metric("answer_correctness", 0, 50, None, None, None, None, None),
    ]
    absent = ("unsupported_answer", 40, 0, 0.9, 0.3, -0.6, -0.75, -0.45)
    bare = ("token_f1", 40, 0, 0.2, 0.2, 0.0, -0.05, 0.05)
    found = [metric("token_f1", 40, 0, 0.45, 0.62, 0.17, 0.08, 0.26)]
    return {
        "rows": 81,
        "sampled_rows": 40,
        "judged_rows": 50,
        "confidence": 0.95,
        "draws": 2_000,
        "metrics": [one for one in open_book if one["better"] == 1 and one["scale"] == [0.0, 1.0]],
        "settings": {
            "closed_book": {"rows": 40, "metrics": [metric(*bare, setting="closed_book")]},
            "no_oracle": {"rows": 40, "metrics": [metric(*absent, setting="no_oracle")]},
            "open_book": {"rows": 81, "metrics": open_book},
            "retrieved": {
                "rows": 40,
                "metrics": found,
                "retrieval": {
                    "top_k": 5,
                    "oracle_shown": {"mean": 0.925, "n": 40},
                    "context_precision": {"mean": 0.81, "n": 38, "missing": 2},
                },
            },
        },
        "sweep": [
            {
                "distractors": count,
                "rows": 40,
                "metrics": [metric("token_f1", 40, 0, 0.5, 0.7, 0.2, 0.1, 0.3)],
            }
            for count in (0, 3, 9)
        ],
        "slices": {
            "document": {
                "left_out": 2,
                "parts": [
                    {
                        "value": "bank/fees-and-charges.pdf",
                        "metrics": [metric("token_f1", 60, 0, 0.5, 0.7, 0.2, 0.1, 0.3)],
                    },
                    {
                        "value": "bank/accounts-guide.pdf",
                        "metrics": [metric("token_f1", 9, 0, 0.4, 0.8, 0.4, 0.2, 0.6)],
                    },
                ],
            },
            "kind": {
                "left_out": 0,
                "parts": [
                    {
                        "value": "multi_hop",
                        "metrics": [metric("token_f1", 81, 0, 0.5, 0.7, 0.2, 0.1, 0.3)],
                    }
                ],
            },
        },
        "judge": {
            "scores": 400,
            "failed": 4,
            "failed_share": 0.01,
            "agreement": [
                {"metric": "faithfulness", "n": 10, "missing": 1, "same": 0.9, "difference": 0.031}
            ],
        },
    }


def realistic() -> dict[str, Any]:
    """A realistic record, with the keys that the reporting service gives."""
    spec = RunSpec.model_validate({"deployment": {"sku": "Standard"}}).model_dump(mode="json")
    found = scores()
    decisive = found["settings"]["open_book"]["metrics"][1]
    mean = {"mean": 0.5, "low": 0.4, "high": 0.6}
    return {
        "run": "bank-4f1c09ab72",
        "domain": "bank",
        "created": "2025-11-20T09:14:03.120+00:00",
        "models": {"teacher": "gpt-4o", "baseline": "gpt-4o-mini", "vision": ""},
        "headline": {
            "finding": "better",
            "sentence": "The student answers better than its baseline: token F1 0.512 → 0.684, "
            "difference +0.172, 95 % interval +0.121 to +0.224, 81 questions.",
        },
        "verdict": {
            "promoted": True,
            "reason": "the gain in token f1 (open book) is +0.172 (+0.121 to +0.224, 81 "
            "questions): its lower end exceeds 0; not measured: answer correctness (open book)",
            "metric": "token_f1",
            "setting": "open_book",
            "at_least": 0.0,
            "not_worse": ["answer_correctness"],
        },
        "decisive": {"setting": "open_book", **decisive},
        "spec": spec,
        "inputs": [{"name": "bank/accounts-guide.pdf", "etag": "0x8DC1", "size": 64_195}],
        "versions": {"python": "3.11.9", "openai": "2.9.0"},
        "student": {
            "job": "ftjob-1",
            "model": "gpt-4o-mini-2024-07-18.ft-5d0a",
            "deployment": "raft-bank-4f1c09ab72",
            "sku": "Standard",
            "capacity": 50,
            "usd_per_hour": 1.7,
        },
        "documents": [
            document("bank/accounts-guide.pdf", 42, 58),
            document("bank/fees-and-charges.pdf", 18, 31, unread=[3, 7, 8, 9]),
            document("bank/scanned-letter.pdf", 0, 0, "bank/scanned-letter.pdf: no text"),
        ],
        "dataset": {
            "train": 1_214,
            "valid": 79,
            "test": 81,
            "drop_quote_not_verbatim": 64,
            "drop_repeated_question": 12,
            "drop_new_reason_of_tomorrow": 1,
        },
        "card": {
            "tables": [
                [["split", "rows", "with oracle"], ["train", "1214", "971"]],
                [["kind of question", "train", "test"], ["multi_hop", "104", "7"]],
            ],
            "chunks": "Chunks: 89, 68 to 512 tokens, median 301 (counted with o200k_base).",
        },
        "rejected": [
            {
                "chunk": "guide.pdf#3",
                "question": "What does <b>it</b> cost?",
                "kind": "factual",
                "answer": "##begin_quote##It charges £5##end_quote##\n<ANSWER>: £6",
                "said": [{"kind": "quote", "text": "It charges £5"}, text("and so on")],
                "code": "round_trip_differs",
                "reason": "another reader of the document gives a different final answer",
            }
        ],
        "leakage": {
            "oracle_groups_in_two_splits": 0,
            "questions_in_two_splits": 0,
            "test_oracles_shown_in_train_or_valid": 2,
            "test_oracles": 34,
            "rows_quoting_text_not_shown": 0,
            "oracle_positions": [231, 218, 240, 209, 217],
        },
        "scores": found,
        "robustness": [
            {
                "distractors": count,
                "metric": "token_f1",
                "n": 40,
                "baseline": mean,
                "student": {**mean, "mean": 0.7, "high": 0.8},
            }
            for count in (0, 3, 9)
        ],
        "training": [job("supervised", loss_rows())],
        **examples(),
        "stages": {
            "ingest": stage(
                "09:14:05",
                "09:14:52",
                3,
                failed=1,
                problems=["bank/scanned-letter.pdf: bank/scanned-letter.pdf: no text"],
            ),
            "generate": stage(
                "09:14:53",
                "09:31:10",
                157,
                rejected=4,
                problems=[
                    "bank/accounts-guide.pdf#57: the teacher found no question worth asking",
                    "bank/fees-and-charges.pdf#30: no answer passed verification: no_quote",
                ],
                spend=spend(1_734, 1_930_417, 402_118, 8.847222, 12),
            ),
            "train": stage(
                "09:31:15",
                "11:02:40",
                1,
                counts={"trained_tokens": 5_214_900},
                spend=spend(1, 0, 0, 15.6447),
            ),
            "deploy": stage("11:02:41", "11:09:13", 1, spend=spend(1, 2_380, 88, 0.00041)),
            "report": {
                "started": "2025-11-20T11:16:03+00:00",
                "total": 0,
                **dict.fromkeys(
                    ("ended", "ok", "rejected", "failed", "counts", "problems", "spend")
                ),
            },
        },
        "estimate": {
            "usd": 31.5,
            "stages": {"generate": {"usd": 10.25}, "train": {"usd": 19.0}},
            "without_price": ["judge"],
            "prices": "a list of prices",
        },
        "spend": spend(2_998, 3_036_817, 498_606, 24.905339, 12),
        "answer_prices": [
            price("teacher", "gpt-4o", 0, 812.4, 71.2, 2.743),
            price("baseline", "gpt-4o-mini", 81, 812.4, 64.0, 0.1603),
            price("student", "gpt-4o-mini-2024-07-18.ft-5d0a", 81, 812.4, 50.1, 0.1519),
        ],
    }


def price(
    who: str, model: str, n: int, prompt: float, completion: float, usd: float | None
) -> dict[str, Any]:
    tokens = {"prompt_tokens": prompt, "completion_tokens": completion}
    return {"who": who, "model": model, "n": n, **tokens, "usd": usd}


def reinforced() -> dict[str, Any]:
    """A run whose student was trained by reinforcement: rewards, and no price of training."""
    report = copy.deepcopy(realistic())
    report["training"] = [job("reinforcement", reward_rows())]
    report["student"]["training_cost"] = "billed by the hour, not known here"
    report["stages"]["train"]["spend"] = spend(1, 0, 0, 0.0)
    return report


def two_jobs() -> dict[str, Any]:
    """A run whose student was made by two jobs."""
    report = copy.deepcopy(realistic())
    report["training"].append(job("dpo", loss_rows()[:40], number=2))
    return report


def poisoned(report: dict[str, Any], payload: str) -> dict[str, Any]:
    """The record with the payload in every text and name that is not of our own words."""
    record: dict[str, Any] = _poisoned(copy.deepcopy(report), payload)
    for part in (record["scores"]["settings"]["open_book"], record["scores"]["sweep"][0]):
        for entry in part["metrics"]:
            entry["metric"] += payload
    record["decisive"]["metric"] += payload
    record["headline"]["finding"] += payload
    record["scores"]["settings"][payload] = record["scores"]["settings"]["closed_book"]
    record["training"][0]["asked"]["hyperparameters"] = {payload: payload}
    record["models"][payload] = record["versions"][payload] = payload
    record["stages"][payload] = record["stages"]["ingest"]
    record["dataset"][f"drop_{payload}"] = 3
    record["spec"][payload] = {payload: [payload]}
    record["notes"] = [payload]
    return record


def _poisoned(value: Any, payload: str, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _poisoned(each, payload, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_poisoned(each, payload, name) for each in value]
    return f"{value} {payload}" if isinstance(value, str) and name not in _OUR_WORDS else value
