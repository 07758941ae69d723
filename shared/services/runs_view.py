"""What people see of runs: the record joined with what is going on right now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from shared.services.manifest import Manifest
from shared.services.runs import spend_of

Live = Callable[[str], Awaitable[Any]]  # instance id → its custom status, or None


def list_view(manifests: Sequence[Manifest]) -> list[dict[str, Any]]:
    """A line per run."""
    return [
        {
            "run": manifest["run"],
            "domain": manifest["domain"],
            "state": manifest["state"],
            "created": manifest["created"],
            "stage": _stage_of(manifest),
            "usd": spend_of(manifest).usd,
        }
        for manifest in manifests
    ]


async def run_view(manifest: Manifest, live: Live) -> dict[str, Any]:
    """One run. While it runs, progress comes from the custom status of the run and its lanes."""
    run = manifest["run"]
    spend = spend_of(manifest)
    progress: dict[str, Any] = {"stage": _stage_of(manifest)}
    if manifest["state"] == "running":
        parent = await live(run)
        if isinstance(parent, Mapping):
            lanes = range(parent.get("lanes", 0))
            names = [f"{run}-{parent['stage']}-{lane}" for lane in lanes]
            children = await asyncio.gather(*(live(name) for name in names))
            progress = _join(parent, [child for child in children if child])
    return {
        "run": run,
        "domain": manifest["domain"],
        "state": manifest["state"],
        "reason": manifest["reason"],
        "created": manifest["created"],
        "ended": manifest.get("ended"),
        **progress,
        "stages": {
            name: {key: value for key, value in stage.items() if key != "fatal"}
            for name, stage in manifest["stages"].items()
        },
        "documents": len(manifest["documents"]),
        "student": manifest["student"],
        "tokens": {"prompt": spend.prompt_tokens, "completion": spend.completion_tokens},
        "calls": spend.calls,
        "reused": spend.reused,
        "usd": round(spend.usd + progress.get("stage_usd", 0.0), 6),
        "links": manifest["links"],
    }


def _join(parent: Mapping[str, Any], lanes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined = {key: parent.get(key) for key in ("stage", "stage_number", "stages", "done", "total")}
    if lanes:
        left = [lane["seconds_left"] for lane in lanes if lane.get("seconds_left") is not None]
        joined["done"] = sum(lane["done"] for lane in lanes)
        joined["failed"] = sum(lane["failed"] for lane in lanes)
        joined["stage_usd"] = sum(lane["usd"] for lane in lanes)
        joined["seconds_left"] = max(left, default=None)
    return joined


def _stage_of(manifest: Manifest) -> str | None:
    """The stage under way, else the last that ended."""
    last = None
    for name, stage in manifest["stages"].items():
        last = name
        if "ended" not in stage:
            return str(name)
    return last
