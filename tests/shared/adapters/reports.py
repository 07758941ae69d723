"""A report record as a real run writes it, and the small parts it is made of."""

from __future__ import annotations

import math
from typing import Any

from shared.raft.statistics import Comparison
from shared.spec import RunSpec


def metric(name: str, n: int, missing: int, *numbers: float | None) -> dict[str, Any]:
    comparison = Comparison(name, n, missing, *numbers)
    return {**vars(comparison), "finding": comparison.finding}


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


def realistic() -> dict[str, Any]:
    """A realistic record, with the keys that the reporting service gives."""
    spec = RunSpec.model_validate({"deployment": {"sku": "Standard"}}).model_dump()
    source = "bank/fees-and-charges.pdf#7"
    return {
        "run": "bank-4f1c09ab72",
        "domain": "bank",
        "created": "2025-11-20T09:14:03.120+00:00",
        "headline": {
            "finding": "better",
            "sentence": "The student answers better than its baseline: token F1 0.512 → 0.684, "
            "difference +0.172, 95 % interval +0.121 to +0.224, 81 questions.",
        },
        "spec": spec,
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
            document("bank/loans-and-mortgages.pdf", 55, 72),
            document(
                "bank/scanned-letter.pdf", 0, 0, "bank/scanned-letter.pdf cannot be read: no text"
            ),
        ],
        "dataset": {
            "train": 1_214,
            "valid": 79,
            "test": 81,
            "drop_quote_not_verbatim": 64,
            "drop_not_answerable": 21,
            "drop_repeated_question": 12,
            "drop_new_reason_of_tomorrow": 1,
        },
        "rejected": [
            {
                "chunk": "guide.pdf#3",
                "question": "What does <b>it</b> cost?",
                "kind": "factual",
                "answer": "##begin_quote##It costs £5##end_quote##\n<ANSWER>: £6",
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
        "scores": {
            "rows": 81,
            "judged_rows": 50,
            "confidence": 0.95,
            "draws": 2_000,
            "metrics": [
                metric("exact_match", 81, 0, 0.21, 0.333, 0.123, 0.049, 0.21),
                metric("token_f1", 81, 0, 0.512, 0.684, 0.172, 0.121, 0.224),
                metric("quote_accuracy", 81, 0, 0.604, 0.911, 0.307, 0.22, 0.391),
                metric("oracle_quoted", 81, 0, 0.543, 0.84, 0.296, 0.198, 0.395),
                metric("faithfulness", 48, 2, 0.861, 0.874, 0.013, -0.031, 0.058),
                metric("answer_relevancy", 50, 0, 0.842, 0.79, -0.052, -0.089, -0.017),
                metric("semantic_similarity", 50, 0, 0.883, 0.917, 0.034, 0.012, 0.057),
                metric("answer_correctness", 0, 50, None, None, None, None, None),
            ],
        },
        "loss": loss_rows(),
        "won": [
            {
                "difference": 0.87,
                "question": "What does the bank charge for a returned direct debit?",
                "reference": "£5 per returned direct debit, at most £15 a month",
                "baseline": "The documents do not state a specific charge.\n\n"
                "<ANSWER>: It depends on the account.",
                "student": "The table of fees names the charge: ##begin_quote##A returned direct "
                "debit is charged at £5, up to a monthly limit of £15.##end_quote##\n"
                "So it is £5 each, and never more than £15 in a month.\n"
                "<ANSWER>: £5 per returned direct debit, at most £15 a month",
                "source": source,
            },
            {
                "difference": 0.64,
                "question": "How long may a customer take to dispute a card payment?",
                "reference": "13 months from the date of the payment",
                "baseline": "Customers may generally raise a dispute within 120 days.",
                "student": "##begin_quote##You must tell us within 13 months of the date on which "
                "the payment left your account##end_quote##\n<ANSWER>: within 13 months",
                "source": "bank/cards-and-payments.pdf#12",
            },
        ],
        "lost": [
            {
                "difference": -0.41,
                "question": "Which accounts have no monthly fee?",
                "reference": "the Basic and the Student account",
                "baseline": "##begin_quote##The Basic and the Student account have no monthly "
                "fee.##end_quote##\n<ANSWER>: the Basic and the Student account",
                "student": "##begin_quote##The Basic account has no fee\n<ANSWER>: Basic",
                "source": "bank/accounts-guide.pdf#3",
            }
        ],
        "stages": {
            "ingest": stage(
                "09:14:05",
                "09:14:52",
                3,
                failed=1,
                problems=[
                    "bank/scanned-letter.pdf: bank/scanned-letter.pdf cannot be read: no text"
                ],
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
            "dataset": stage("09:31:11", "09:31:14", 1_374),
            "train": stage(
                "09:31:15",
                "11:02:40",
                1,
                counts={"trained_tokens": 5_214_900},
                spend=spend(1, 0, 0, 15.6447),
            ),
            "deploy": stage("11:02:41", "11:09:13", 1, spend=spend(1, 2_380, 88, 0.00041)),
            "evaluate": stage(
                "11:09:14", "11:16:02", 162, spend=spend(1_262, 1_104_020, 96_400, 0.413007)
            ),
            "report": {
                "started": "2025-11-20T11:16:03+00:00",
                "total": 0,
                **dict.fromkeys(
                    ("ended", "ok", "rejected", "failed", "counts", "problems", "spend")
                ),
            },
        },
        "spend": spend(2_998, 3_036_817, 498_606, 24.905339, 12),
    }


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
