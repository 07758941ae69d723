"""A run's stages as its page shows them: those behind it, the one under way, those to come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from console.words import STAGES, time_of

_OPTIONAL = "approve"  # a stage of those runs only that wait for a person


def timeline(view: Mapping[str, Any], now: datetime | None = None) -> list[dict[str, Any]]:
    """For each stage: name, state (done, now, failed, ahead, skipped), done of total, seconds,
    counts, problems and spend."""
    recorded = view["stages"]
    ended = view["state"] not in ("pending", "running")
    stages = []
    for name in STAGES:
        if name == _OPTIONAL and name not in recorded:
            continue
        stage = recorded.get(name)
        stages.append({"name": name, **_stage(view, name, stage, ended, now or _now())})
    return stages


def _stage(
    view: Mapping[str, Any],
    name: str,
    stage: Mapping[str, Any] | None,
    ended: bool,
    now: datetime,
) -> dict[str, Any]:
    if stage is None:
        return {"state": "skipped" if ended else "ahead", "seconds": None, **_nothing()}
    begun, over = time_of(stage.get("started")), time_of(stage.get("ended"))
    last = view["stage"] == name
    state = "done"
    if last and view["state"] in ("failed", "cancelled"):
        state = "failed"
    elif last and not ended and over is None:
        state = "now"
    done, total = stage.get("ok", 0), stage.get("total", 0)
    if state == "now":
        done, total = view.get("done") or 0, view.get("total") or total
    return {
        "state": state,
        "seconds": ((over or now) - begun).total_seconds() if begun else None,
        "done": done,
        "total": total,
        "counts": {key: value for key, value in stage.get("counts", {}).items() if value},
        "unwanted": stage.get("rejected", 0) + stage.get("failed", 0),
        "problems": stage.get("problems", []),
        "spend": stage.get("spend") or {},
    }


def _nothing() -> dict[str, Any]:
    return {"done": 0, "total": 0, "counts": {}, "unwanted": 0, "problems": [], "spend": {}}


def _now() -> datetime:
    return datetime.now(UTC)
