"""What people see of runs: the record joined with what is going on right now."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from shared.contracts import DEPLOYMENT, TRAINING, Stage, lane_id, wait_id
from shared.services.manifest import Manifest
from shared.services.runs import ENDED, Runs, spend_of

_HELD = 2_000

Live = Callable[[str], Awaitable[Any]]  # instance id → its custom status, or None


class RunViews:
    """Use cases of looking at runs."""

    def __init__(self, records: Runs) -> None:
        self._records = records
        self._ended: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def newest(self, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """A line per run, newest first, without the first `offset`.

        The line of a run that has ended never changes: it is held, and the run not read again.
        """
        runs = await self._records.newest_ids(limit, offset)
        lines = {run: self._ended[run] for run in runs if run in self._ended}
        for manifest in await self._records.several([run for run in runs if run not in lines]):
            lines[manifest["run"]] = line = _line(manifest)
            if manifest["state"] in ENDED:
                self._ended[manifest["run"]] = line
        while len(self._ended) > _HELD:
            self._ended.popitem(last=False)
        return [lines[run] for run in runs if run in lines]

    async def one(self, run: str, live: Live) -> dict[str, Any]:
        """One run; raises BlobNotFound. While it runs, progress is the custom status of the run
        and of its lanes, which `live` looks up; so is `wait` while the cloud trains or deploys:
        {status: the cloud's own word, event: what it said last, looks}."""
        manifest = await self._records.read(run)
        spend = spend_of(manifest)
        progress: dict[str, Any] = {"stage": _stage_of(manifest)}
        if manifest["state"] == "running":
            progress |= await _progress(run, live)
        return {
            "run": run,
            "domain": manifest["domain"],
            "state": manifest["state"],
            "reason": manifest["reason"],
            "created": manifest["created"],
            "ended": manifest.get("ended"),
            **progress,
            "stages": {name: manifest["stages"][name] for name in _in_order(manifest)},
            "documents": len(manifest["documents"]),
            "student": manifest["student"],
            "tokens": {"prompt": spend.prompt_tokens, "completion": spend.completion_tokens},
            "calls": spend.calls,
            "reused": spend.reused,
            "usd": round(spend.usd + progress.get("stage_usd", 0.0), 6),
            "estimate": manifest.get("estimate"),
            "approval": manifest.get("approval"),
            "cancel": manifest.get("cancel"),
            "budget_usd": manifest["spec"].get("budget", {}).get("usd"),
            "verdict": manifest.get("verdict"),
            "links": manifest["links"],
        }


async def _progress(run: str, live: Live) -> dict[str, Any]:
    parent = await live(run)
    if not isinstance(parent, Mapping):
        return {}
    lanes = [
        lane_id(run, parent["stage"], lane, parent.get("round", 0))
        for lane in range(parent.get("lanes", 0))
    ]
    children = await asyncio.gather(*(live(lane) for lane in lanes))
    joined = _join(parent, [child for child in children if child])
    wait = await _wait(run, parent, live)
    return {**joined, "wait": wait} if wait else joined


async def _wait(run: str, parent: Mapping[str, Any], live: Live) -> dict[str, Any] | None:
    """What the cloud says of what the run waits for; of two trainings the later one."""
    waits: list[str] = []
    if parent["stage"] == Stage.TRAIN:
        numbers = reversed(range(parent.get("total") or 1))
        waits = [wait_id(run, TRAINING, number) for number in numbers]
    elif parent["stage"] == Stage.DEPLOY:
        waits = [wait_id(run, DEPLOYMENT)]
    for wait in waits:
        status = await live(wait)
        if isinstance(status, Mapping) and status.get("status"):
            event = " ".join(str(status.get("detail") or "").split())
            looks = status.get("looks") or 0
            return {"status": str(status["status"]), "event": event, "looks": looks}
    return None


def _join(parent: Mapping[str, Any], lanes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined = {key: parent.get(key) for key in ("stage", "stage_number", "stages", "done", "total")}
    if lanes:
        left = [lane["seconds_left"] for lane in lanes if lane.get("seconds_left") is not None]
        joined["done"] = sum(lane["done"] for lane in lanes)
        joined["failed"] = sum(lane["failed"] for lane in lanes)
        joined["stage_usd"] = sum(lane["usd"] for lane in lanes)
        joined["seconds_left"] = max(left, default=None)
    return joined


def _in_order(manifest: Manifest) -> list[str]:
    """The recorded stages in the order of the pipeline; JSON keeps them by name."""
    return [stage.value for stage in Stage if stage.value in manifest["stages"]]


def _line(manifest: Manifest) -> dict[str, Any]:
    """A run in the list of runs."""
    return {
        "run": manifest["run"],
        "domain": manifest["domain"],
        "state": manifest["state"],
        "created": manifest["created"],
        "stage": _stage_of(manifest),
        "usd": spend_of(manifest).usd,
        "budget_usd": manifest["spec"].get("budget", {}).get("usd"),
        "documents": len(manifest["documents"]),
        "waits": _waits(manifest),
        "promoted": manifest.get("verdict", {}).get("promoted"),
    }


def _waits(manifest: Manifest) -> bool:
    """Whether the run waits for a person's approval."""
    approval = manifest.get("approval") or {}
    return (manifest["state"], approval.get("state")) == ("running", "waiting")


def _stage_of(manifest: Manifest) -> str | None:
    """The stage under way or reached last."""
    return _in_order(manifest)[-1] if manifest["stages"] else None
