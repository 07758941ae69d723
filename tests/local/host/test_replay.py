"""The pure replay: against the SDK's own numbering, over random orchestrators; and case by case."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from local.host import events
from local.host.events import Event
from local.host.ledger import Ledger
from local.host.replay import NonDeterminismError, decide
from local.host.store import Instance
from local.host.tasks import CallActivity, CallChild, StartTimer
from local.host.turn import Outcome, Turns

# The SDK's word on every result that it decodes without a declared type.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")

START = datetime(2026, 1, 1, tzinfo=UTC)
Code = Callable[[Any], Generator[Any, Any, Any]]


@dataclass
class World:
    """Plays one orchestration without an engine: completes open tasks in any order."""

    code: Code
    history: list[Event] = field(default_factory=list)
    open: dict[int, str] = field(default_factory=dict)
    now: datetime = START
    outcome: Outcome = field(default_factory=lambda: Outcome("Running"))
    contexts: list[Any] = field(default_factory=list)
    compared: int = 0

    def __post_init__(self) -> None:
        def watched(context: Any) -> Any:
            self.contexts.append(context)
            return self.code(context)

        handle = df.Orchestrator.create(watched)
        activities = frozenset({"work", "next"})
        self.turns = Turns({"code": handle}, activities, Ledger(strict=True))
        names = ["X", "code", "e", "Running", None, None, None, "", "", None, None, None]
        self.instance = Instance(*names)  # type: ignore[arg-type]
        self.episode([])

    @property
    def at(self) -> str:
        return events.timestamp(self.now)

    def episode(self, arrived: list[Event]) -> None:
        self.now += timedelta(seconds=1)
        self.history.append(events.orchestrator_started(self.at))
        if len(self.history) == 1:
            self.history.append(events.execution_started(self.at, "code", None, "X", "e"))
        self.history += arrived
        text = ",".join(json.dumps(event) for event in self.history)
        state = self.turns.take(self.instance, text, replaying=False)
        decision, self.outcome = self.turns.judge(self.instance, self.history, state)
        for command in decision.commands:
            if isinstance(command, CallActivity):
                event = events.task_scheduled(self.at, command.id, command.name)
                self.open[command.id] = "activity"
            elif isinstance(command, CallChild):
                event = events.child_created(self.at, command.id, command.name, "child")
                self.open[command.id] = "child"
            else:
                fire_at = events.timestamp(command.fire_at)
                event = events.timer_created(self.at, command.id, fire_at, for_retry=False)
                self.open[command.id] = "timer"
            self.history.append(event)
        for task_id in decision.cancelled_timers:
            self.open.pop(task_id, None)
        self.history.append(events.orchestrator_completed(self.at))

    def completion(self, task_id: int, fails: bool) -> Event:
        kind = self.open.pop(task_id)
        if kind == "timer":
            return events.timer_fired(self.at, task_id, self.at)
        if kind == "activity" and fails:
            return events.task_failed(self.at, task_id, "Activity function 'work' failed", "")
        if fails:
            return events.child_failed(self.at, task_id, "Orchestrator function failed", "")
        done = events.task_completed if kind == "activity" else events.child_completed
        return done(self.at, task_id, json.dumps(task_id))

    def compare_with_sdk(self) -> None:
        """The SDK's open tasks must be ours: the same numbers for the same kinds of task."""
        kinds = {
            "CallActivityAction": "activity",
            "CallActivityWithRetryAction": "activity",
            "CallSubOrchestratorAction": "child",
            "CreateTimerAction": "timer",
        }
        theirs = {}
        scheduled = sum(event["EventId"] >= 0 for event in self.history)
        for task_id, task in self.contexts[-1].open_tasks.items():
            if not isinstance(task_id, int) or task_id >= scheduled:
                continue  # an event; or the code ran ahead of a group that failed
            if not getattr(task, "is_cancelled", False):
                # Retry timers and attempts are opaque to the SDK; their numbers still count.
                theirs[task_id] = kinds.get(task._api_name, self.open.get(task_id))
        assert theirs == self.open
        self.compared += len(theirs)


def random_code(seed: int) -> Code:
    """An orchestrator of random steps, without the combinations that Durable itself gets wrong."""
    plan = random.Random(seed)
    steps = [
        (plan.choice(["one", "retry", "all", "any", "nested", "timer"]), plan.randint(1, 5))
        for _ in range(plan.randint(2, 6))
    ]

    def leaf(context: Any, kind: int) -> Any:
        if kind % 3 == 0:
            return context.call_sub_orchestrator("code", 1)
        if kind % 3 == 1:
            return context.create_timer(context.current_utc_datetime + timedelta(seconds=5))
        return context.call_activity("work", 1)

    def code(context: Any) -> Iterator[Any]:
        for step, size in steps:
            if step == "one":
                try:
                    yield context.call_activity("work", size)
                except Exception:
                    yield context.call_activity("next", size)
            elif step == "retry":
                options = df.RetryOptions(1000, size)
                try:
                    yield context.call_activity_with_retry("work", options, 1)
                except Exception:
                    yield context.call_activity("next", 1)
            elif step == "all":
                try:
                    yield context.task_all([leaf(context, n + size) for n in range(size)])
                except Exception:
                    yield context.call_activity("next", 1)
            elif step == "any":
                tasks = [leaf(context, n + size) for n in range(size + 1)]
                winner = yield context.task_any(tasks)
                for task in tasks:
                    if task is not winner and hasattr(task, "cancel") and not task.is_completed:
                        task.cancel()
            elif step == "nested":
                group = context.task_any([leaf(context, 2), leaf(context, 3)])
                yield context.task_all([group, context.call_activity("work", 1)])
            else:
                yield context.create_timer(context.current_utc_datetime + timedelta(seconds=2))
        return "end"

    return code


def test_numbers_equal_those_of_the_sdk_over_random_orchestrators():
    compared = 0
    for seed in range(150):
        chance = random.Random(seed)
        world = World(random_code(seed))
        while world.outcome.kind == "Running":
            world.compare_with_sdk()
            assert world.open, f"seed {seed} stalled"
            batch = chance.sample(sorted(world.open), chance.randint(1, min(3, len(world.open))))
            may_fail = chance.random() < 0.3
            world.episode([world.completion(each, may_fail) for each in batch])
        assert world.outcome.error == "" or "failed: " in world.outcome.error, seed
        compared += world.compared
    assert compared > 1000


def world_of(*yields: Callable[[Any], Any]) -> World:
    def code(context: Any) -> Iterator[Any]:
        for make in yields:
            yield make(context)

    return World(code)


def test_last_failure_is_followed_by_a_timer_and_no_attempt():
    world = world_of(lambda c: c.call_activity_with_retry("work", df.RetryOptions(1000, 2), 1))
    for expected in ({0: "activity"}, {1: "timer"}, {2: "activity"}, {3: "timer"}):
        assert world.open == expected
        world.episode([world.completion(next(iter(expected)), fails=True)])
    assert (world.outcome.kind, world.open) == ("Failed", {})


def test_failed_group_waits_for_its_other_members():
    world = world_of(lambda c: c.task_all([c.call_activity("work", n) for n in range(2)]))
    world.episode([world.completion(0, fails=True)])
    assert world.outcome.kind == "Running"
    world.episode([world.completion(1, fails=False)])
    assert world.outcome.kind == "Failed"


def test_cancelled_timer_keeps_its_number():
    def code(context: Any) -> Iterator[Any]:
        timer = context.create_timer(context.current_utc_datetime + timedelta(days=1))
        yield context.task_any([context.call_activity("work", 1), timer])
        timer.cancel()
        yield context.call_activity("next", 1)

    world = World(code)
    assert world.open == {0: "activity", 1: "timer"}
    world.episode([world.completion(0, fails=False)])
    assert world.open == {2: "activity"}


def test_retry_next_to_a_plain_failure_is_diverging():
    options = df.RetryOptions(1000, 2)
    world = world_of(
        lambda c: c.task_all(
            [c.call_activity_with_retry("work", options, 1), c.call_activity("work", 2)]
        )
    )
    world.episode([world.completion(1, fails=True)])
    assert (world.outcome.kind, "ran ahead" in world.outcome.error) == ("Failed", True)


def test_history_that_the_code_does_not_confirm_is_refused():
    history = [
        events.orchestrator_started("2026-01-01T00:00:00.000000Z"),
        events.execution_started("2026-01-01T00:00:00.000000Z", "code", None, "X", "e"),
        events.task_scheduled("2026-01-01T00:00:00.000000Z", 0, "work"),
    ]
    other = [{"actionType": 0, "functionName": "next", "input": "1"}]
    with pytest.raises(NonDeterminismError, match="'work' with sequence ID 0"):
        decide(history, other)
    with pytest.raises(NonDeterminismError, match="did not schedule it"):
        decide(history, [])


def test_a_plain_group_is_awaited_as_a_whole():
    history = [
        events.orchestrator_started("2026-01-01T00:00:00.000000Z"),
        events.execution_started("2026-01-01T00:00:00.000000Z", "code", None, "X", "e"),
    ]
    call = {"actionType": 0, "functionName": "work", "input": "1"}
    decision = decide(history, [{"actionType": 12, "compoundActions": [call, call]}])
    assert decision.awaiting == {0, 1}
    decision = decide(history, [{"actionType": 11, "compoundActions": [call, call]}])
    assert decision.awaiting is None


def test_events_are_matched_whatever_their_case_and_buffered():
    history = [
        events.orchestrator_started("2026-01-01T00:00:00.000000Z"),
        events.execution_started("2026-01-01T00:00:00.000000Z", "code", None, "X", "e"),
        events.event_raised("2026-01-01T00:00:00.000000Z", "go", "1"),
    ]
    wait = {"actionType": 6, "externalEventName": "Go"}
    fire_at = "2026-01-01T00:00:05.000000Z"
    timer = {"actionType": 5, "fireAt": fire_at, "isCanceled": False}
    decision = decide(history, [wait, timer])
    assert decision.commands == (StartTimer(0, datetime.fromisoformat(fire_at)),)
    assert decide(history, [wait, wait, timer]).commands == ()
