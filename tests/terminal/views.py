"""Runs as the app's HTTP API shows them."""

from __future__ import annotations

from typing import Any

SPEND = {"calls": 3, "prompt_tokens": 9, "completion_tokens": 1, "usd": 0.5, "reused": 0}
STAGE = {
    "started": "2026-11-21T16:00:00+00:00",
    "ended": "2026-11-21T16:01:00+00:00",
    "total": 2,
    "ok": 2,
    "counts": {"chunks": 27},
    "spend": SPEND,
}


def run_view(state: str = "running", **more: Any) -> dict[str, Any]:
    """GET /api/runs/{run}."""
    return {
        "run": "bank-1360c6b814",
        "domain": "bank",
        "state": state,
        "reason": "",
        "created": "2026-11-21T16:00:00+00:00",
        "ended": None,
        "stage": "generate",
        "done": 1,
        "total": 4,
        "stages": {"ingest": STAGE},
        "documents": 1,
        "student": {},
        "tokens": {"prompt": 9, "completion": 1},
        "calls": 3,
        "reused": 0,
        "usd": 0.5,
        "approval": None,
        "cancel": None,
        "budget_usd": None,
        "links": {},
        **more,
    }


WAITING = {
    "state": "waiting",
    "expires": "2026-11-24T16:00:00+00:00",
    "usd_spent": 0.5,
    "usd_training": 2.25,
}


def report() -> dict[str, Any]:
    """GET /api/runs/{run}/report.json, what commands read of it."""
    metric = {
        "metric": "token_f1",
        "baseline": 0.4,
        "student": 0.6,
        "difference": 0.2,
        "low": 0.1,
        "high": 0.3,
        "n": 12,
        "finding": "better",
        "missing": 0,
    }
    return {
        "run": "bank-1360c6b814",
        "headline": {"finding": "better", "sentence": "The student answers better."},
        "scores": {"metrics": [metric], "judged_rows": 4, "rows": 12},
        "notes": ["The models of this run are stand-ins."],
    }


def dataset_page(
    text: str = "It costs 5 pounds.\n<ANSWER>: 5 pounds", **more: Any
) -> dict[str, Any]:
    """GET /api/runs/{run}/dataset."""
    documents = [
        {"chunk": "bank/guide.pdf#2", "pages": [2, 3], "heading": "Guide > Cards", "text": "x"},
        {"chunk": "bank/fees.pdf#1", "pages": [], "heading": "", "text": "y"},
    ]
    row = {
        "id": "bank/fees.pdf#1/0",
        "split": "test",
        "kind": "factual",
        "question": "What does a card cost?",
        "label": text,
        "oracles": [1],
        "documents": documents,
    }
    page = {"total": 3, "offset": 0, "next": 1, "splits": {"test": 3}, "kinds": {"factual": 3}}
    return {"run": "bank-1360c6b814", "rows": [row], **page, **more}


_MADE_UP = {"text": "So they say.", "chunk": None}
ANSWER = {
    "question": "What does a card cost?",
    "documents": [{"chunk": "bank/fees.pdf#1", "document": "bank/fees.pdf", "text": "…"}],
    "baseline": {"answer": "I do not know.", "quotes": []},
    "student": {
        "answer": "5 pounds",
        "quotes": [{"text": "A card costs 5 pounds.", "chunk": "bank/fees.pdf#1"}, _MADE_UP],
    },
}
