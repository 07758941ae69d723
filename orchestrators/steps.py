"""How orchestrators call: one step with retries, or a fan-out over lanes. Deterministic.

Durable retry is for a process that died; waiting out throttling is the adapters' work. A step
that refuses ends the run with its own words.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any, TypeVar

import azure.durable_functions as df

from shared.contracts import (
    BATCH_LIMIT,
    ORCHESTRATION_BYTES,
    Activity,
    FanOut,
    Orchestrator,
    Outcome,
    Refusal,
    RunRef,
    Stage,
    Step,
    Tally,
    from_wire,
    to_wire,
)

T = TypeVar("T")
Yields = Generator[Any, Any, T]

_RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=2_000, max_number_of_attempts=3)
_TICKS = 6  # batches a lane is cut into, so that progress moves and lanes end together
_SMALLEST_BATCH = 8


class RunFailed(Exception):
    """Raised inside an orchestrator when the run cannot go on; `str()` is for people."""


def call(
    context: df.DurableOrchestrationContext, activity: Activity, request: Any, kind: type[T]
) -> Yields[T]:
    """The record that a step answers; raises RunFailed with its refusal."""
    payload = request if isinstance(request, dict) else to_wire(request)
    answer = yield context.call_activity_with_retry(activity.value, _RETRY, payload)
    if "refused" in answer:
        raise RunFailed(from_wire(Refusal, answer).refused)
    return from_wire(kind, answer)


def step(context: df.DurableOrchestrationContext, activity: Activity, request: Any) -> Yields[Step]:
    """A step whose record is a Step."""
    return call(context, activity, request, Step)


def fan_out(
    context: df.DurableOrchestrationContext,
    orchestrator: Orchestrator,
    run: str,
    stage: Stage,
    total: int,
    lanes: int,
) -> Yields[Tally]:
    """Run `total` items in up to `lanes` child orchestrations; the sum of their tallies.

    Raises RunFailed when an item says that no other will fare better.
    """
    children = [
        context.call_sub_orchestrator(
            orchestrator.value, to_wire(lane), instance_id=lane_id(run, stage, lane.lane)
        )
        for lane in lanes_of(run, total, lanes)
    ]
    tally = Tally()
    if children:
        answers = yield context.task_all(children)
        for answer in answers:
            tally = tally.merge(from_wire(Tally, answer))
    return tally


def lanes_of(run: str, total: int, lanes: int) -> list[FanOut]:
    """The lanes' first inputs: batches of at most 50, smaller ones for small runs."""
    if total == 0:
        return []
    size = min(BATCH_LIMIT, max(_SMALLEST_BATCH, ceil(total / (lanes * _TICKS))))
    used = min(lanes, ceil(total / size))
    return [FanOut(run, total, lane, used, size) for lane in range(used)]


def lane_id(run: str, stage: Stage, lane: int) -> str:
    """Instance id of a lane: known to whoever shows progress."""
    return f"{run}-{stage.value}-{lane}"


def run_lane(context: df.DurableOrchestrationContext, activity: Activity) -> Yields[Any]:
    """One batch of a lane, then itself anew for the next: history stays short at any size."""
    lane = from_wire(FanOut, context.get_input())
    now = context.current_utc_datetime
    if lane.batch < 0:
        lane = replace(lane, batch=lane.lane, started=now.isoformat())
    context.set_custom_status(_progress(lane, now.isoformat()))
    start = lane.batch * lane.batch_size
    indexes = range(start, min(lane.total, start + lane.batch_size))
    answers = yield context.task_all(
        [context.call_activity(activity.value, to_wire(RunRef(lane.run, i))) for i in indexes]
    )
    tally = lane.tally
    for answer in answers:
        tally = tally.add(from_wire(Outcome, answer))
    lane = replace(lane, batch=lane.batch + lane.lanes, tally=tally)
    context.set_custom_status(_progress(lane, context.current_utc_datetime.isoformat()))
    if tally.fatal or lane.batch * lane.batch_size >= lane.total:
        return to_wire(tally, ORCHESTRATION_BYTES)
    context.continue_as_new(to_wire(lane, ORCHESTRATION_BYTES))
    return None


def _progress(lane: FanOut, now: str) -> dict[str, Any]:
    return {
        "done": lane.tally.done,
        "total": _lane_total(lane),
        "failed": lane.tally.failed,
        "usd": round(lane.tally.spend.usd, 6),
        "seconds_left": _seconds_left(lane, now),
    }


def _lane_total(lane: FanOut) -> int:
    batches = range(lane.lane, ceil(lane.total / lane.batch_size), lane.lanes)
    return sum(min(lane.batch_size, lane.total - batch * lane.batch_size) for batch in batches)


def _seconds_left(lane: FanOut, now: str) -> float | None:
    done = lane.tally.done
    if not done:
        return None
    spent = (datetime.fromisoformat(now) - datetime.fromisoformat(lane.started)).total_seconds()
    return round(spent / done * (_lane_total(lane) - done), 1)
