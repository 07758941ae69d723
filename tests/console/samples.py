"""Records as the services give them, with texts that a test chooses."""

from __future__ import annotations

from typing import Any

RUN = "bank-0123456789"


def view(words: str, **over: Any) -> dict[str, Any]:
    """A run that waits for approval; `words` stand wherever somebody else wrote."""
    spend = {"calls": 2, "prompt_tokens": 9, "completion_tokens": 1, "usd": 0.5, "reused": 1}
    stage = {"started": "2026-01-01T00:00:00+00:00", "ended": "2026-01-01T00:01:00+00:00"}
    stage |= {"total": 2, "ok": 1, "failed": 1, "rejected": 0, "spend": spend}
    approval = {"state": "waiting", "usd_spent": 1, "expires": "2026-01-02T00:00:00+00:00"}
    return {
        "run": RUN,
        "domain": words,
        "state": "running",
        "reason": words,
        "created": "2026-01-01T00:00:00+00:00",
        "ended": None,
        "stage": "approve",
        "done": 1,
        "total": 2,
        "stages": {
            "ingest": {**stage, "counts": {"pages": 1, words: 2}, "problems": [words]},
            "approve": {"started": "2026-01-01T00:01:00+00:00", "total": 0},
        },
        "documents": 1,
        "student": {
            **{"model": words, "deployment": words, "removed": "", "usd_per_hour": 1.7},
            "removed_because": words,
        },
        "tokens": {"prompt": 9, "completion": 1},
        "calls": 2,
        "reused": 1,
        "usd": 0.5,
        "estimate": {"usd": 3.0},
        "approval": {**approval, "by": words, "why": words, "decided": words},
        "cancel": {"by": words, "why": words},
        "budget_usd": 2.0,
        "verdict": {"promoted": False, "reason": words},
        "links": {},
        **over,
    }


def manifest(words: str) -> dict[str, Any]:
    """A run record."""
    return {
        **view(words),
        "documents": [{"name": words}],
        "spec": {"student": {"platform": words}},
        "overrides": {"student": {"model": words}},
    }


def row(words: str) -> dict[str, Any]:
    """A row of rows.jsonl."""
    shown = {"chunk": f"{words}#1", "text": f"before {words} after", "document": words}
    return {
        "id": f"{words}#1/0",
        "split": "train",
        "kind": words,
        "question": words,
        "documents": [{**shown, "pages": [1, 2], "heading": words}] * 2,
        "oracles": [1],
        "label": f"{words} ##begin_quote##{words}##end_quote## <ANSWER>: {words}",
        "final": words,
        "quotes": [words],
    }


def dropped(words: str) -> dict[str, Any]:
    """A line of dropped.jsonl."""
    names = ("question", "kind", "answer", "code", "reason")
    return {**dict.fromkeys(names, words), "chunk": f"{words}#1"}


def said(words: str) -> dict[str, Any]:
    """What asking gives."""
    chunk = f"{words}#1"
    answer = {
        "answer": f"{words} ##begin_quote##{words}##end_quote## ##begin_quote##{words}",
        "final": words,
        "abstains": False,
        "quotes": [{"text": words, "chunk": chunk}, {"text": words, "chunk": None}],
    }
    document = {"chunk": chunk, "document": words, "pages": [3], "heading": words}
    return {
        "question": words,
        "documents": [{**document, "text": f"before {words} after"}],
        "baseline": answer,
        "student": answer,
        "spend": {"calls": 2, "usd": 0.1, "reused": 1},
    }


def compared(words: str) -> dict[str, Any]:
    """What comparing shows."""
    document = {"chunk": "1", "text": words, "document": words, "pages": [], "heading": words}
    result = {"n": 5, "wins": 3, "ties": 1, "losses": 1, "rate": 0.7, "low": 0.3, "high": 0.9}
    return {
        "run": RUN,
        "rows": 9,
        "made": 5,
        "enough": 5,
        "result": {**result, "finding": words},
        "next": {
            **{"row": 3, "question": words, "documents": [document]},
            "answers": {"a": words, "b": f"##begin_quote##{words}##end_quote##"},
        },
        "why": words,
    }


def scores(words: str) -> dict[str, Any]:
    """scores.json."""
    metric = {"metric": words, "n": 12, "missing": 1, "baseline": 0.4, "student": 0.6}
    metric |= {"difference": 0.2, "low": 0.1, "high": 0.3, "p": 0.0001, "finding": words}
    swept = {**metric, "metric": "token_f1"}
    agreement = {"metric": words, "n": 3, "same": 1.0, "difference": 0.0}
    return {
        "rows": 12,
        "confidence": 0.95,
        "draws": 100,
        "settings": {
            words: {"rows": 12, "metrics": [metric]},
            "retrieved": {"rows": 2, "metrics": [], "retrieval": {"oracle_shown": {"mean": 0.5}}},
        },
        "sweep": [{"distractors": 0, "rows": 3, "metrics": [swept]}],
        "slices": {"document": {"parts": [{"value": words, "metrics": [metric]}], "left_out": 1}},
        "judge": {"scores": 9, "failed": 1, "agreement": [agreement]},
        "verdict": {"promoted": True, "reason": words},
    }
