"""How orchestrators call: one step with retries, or a fan-out over lanes. Deterministic.

Durable retry is for a process that died; waiting out throttling is the adapters' work. A step
that refuses ends the run with its own words.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import azure.durable_functions as df

from orchestrators.lanes import allot, item_cost, lanes_of, left, next_items, own_total
from shared.contracts import (
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
    lane_id,
    to_wire,
)

T = TypeVar("T")
Yields = Generator[Any, Any, T]

_RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=2_000, max_number_of_attempts=3)
_ROUNDS = 12  # of allotting what lanes left over; each makes the rest smaller


class RunFailed(Exception):
    """Raised inside an orchestrator when the run cannot go on; `str()` is for people."""


@dataclass(frozen=True)
class Job:
    """A fan-out: `total` items of a stage, in up to `lanes` lanes.

    Stops once items have made `wanted` examples (0: never), each from its questions `after` to
    `most`; and when a further item, at `usd_per_item` or what items did cost, is over `usd`.
    """

    run: str
    stage: Stage
    orchestrator: Orchestrator
    total: int
    lanes: int
    wanted: int = 0
    most: int = 0
    after: int = 0
    usd: float | None = None
    usd_per_item: float = 0.0


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
    job: Job,
    show: Callable[[int], None],
    rounds: int = 0,
) -> Yields[Tally]:
    """Run the job's items in child orchestrations; the sum of their tallies.

    A lane that has made or spent what it was allotted stops; what others left over is allotted
    again, until the items, the need or the money are used up. `show` is told the number of each
    round. They count from `rounds`, since every lane of a stage needs an id of its own.
    """
    lanes = [
        replace(lane, most=job.most, after=job.after, usd_per_item=job.usd_per_item)
        for lane in lanes_of(job.run, job.total, job.lanes)
    ]
    tally = Tally()
    for number in range(rounds, rounds + _ROUNDS):
        wanted = max(0, job.wanted - tally.counts.get("examples", 0))
        usd = None if job.usd is None else max(0.0, job.usd - tally.spend.usd)
        allotted = allot(lanes, wanted, usd) if wanted or not job.wanted else []
        allotted = [lane for lane in allotted if next_items(lane)]
        if not allotted or tally.fatal:
            break
        show(number)
        answers = yield context.task_all(
            [
                context.call_sub_orchestrator(
                    job.orchestrator.value,
                    to_wire(lane),
                    instance_id=lane_id(job.run, job.stage, lane.lane, number),
                )
                for lane in allotted
            ]
        )
        for lane, answer in zip(allotted, answers, strict=True):
            own = from_wire(Tally, answer)
            tally = tally.merge(own)
            lanes[lane.lane] = replace(
                lane,
                first=lane.first + own.done,
                usd_per_item=item_cost(replace(lane, tally=own)),
            )
    return tally


def run_lane(context: df.DurableOrchestrationContext, activity: Activity) -> Yields[Any]:
    """One batch of a lane, then itself anew for the next: history stays short at any size."""
    lane = from_wire(FanOut, context.get_input())
    now = context.current_utc_datetime
    if not lane.started:
        lane = replace(lane, started=now.isoformat())
    context.set_custom_status(_progress(lane, now.isoformat()))
    requests = [
        RunRef(lane.run, index, most=lane.most, after=lane.after) for index in next_items(lane)
    ]
    answers = yield context.task_all(
        [context.call_activity(activity.value, to_wire(request)) for request in requests]
    )
    tally = lane.tally
    for answer in answers:
        tally = tally.add(from_wire(Outcome, answer))
    lane = replace(lane, tally=tally)
    context.set_custom_status(_progress(lane, context.current_utc_datetime.isoformat()))
    if not next_items(lane):
        return to_wire(tally, ORCHESTRATION_BYTES)
    context.continue_as_new(to_wire(lane, ORCHESTRATION_BYTES))
    return None


def _progress(lane: FanOut, now: str) -> dict[str, Any]:
    return {
        "done": lane.first + lane.tally.done,
        "total": own_total(lane),
        "failed": lane.tally.failed,
        "usd": round(lane.tally.spend.usd, 6),
        "seconds_left": _seconds_left(lane, now),
    }


def _seconds_left(lane: FanOut, now: str) -> float | None:
    done = lane.tally.done
    if not done:
        return None
    spent = (datetime.fromisoformat(now) - datetime.fromisoformat(lane.started)).total_seconds()
    return round(spent / done * left(lane), 1)
