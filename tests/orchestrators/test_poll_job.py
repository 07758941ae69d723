"""The wait for the cloud, replayed by the real SDK: how often it looks, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.azurite import ROOT
from local.host import events
from local.host.events import Event
from local.host.functions import App, load_app
from local.host.ledger import Ledger
from local.host.store import Instance
from local.host.tasks import CallActivity, StartTimer
from local.host.turn import Turns
from shared.contracts import (
    Activity,
    JobState,
    JobStatus,
    Orchestrator,
    PollRequest,
    Refusal,
    from_wire,
    to_wire,
)

# The SDK's word on every result that it decodes without a declared type.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUEUED = JobStatus(JobState.RUNNING, "queued", "Files validated, job is queued.")
DONE = JobStatus(JobState.SUCCEEDED, "succeeded")
STOPPED = Refusal("not sent, the run was stopped: cancelled by Ada", "stopped")
Cloud = Callable[[datetime], Any]  # what a look at that moment sees: a record, or its exception


@dataclass
class Wait:
    """One `poll_job` and all that happens to it, in its own time; a look takes a second.

    `during` is the look (from 1) in which somebody decides something about the run, `asleep` the
    sleep in which that happens.
    """

    app: App
    cloud: Cloud
    hours: float = 72
    during: int = 0
    asleep: int = 0
    now: datetime = START
    looks: int = 0
    sleeps: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)  # of the history, by generation
    shown: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = Ledger(strict=True)
        names = frozenset(self.app.activities)
        self.turns = Turns(self.app.orchestrators, names, self.ledger)
        deadline = (START + timedelta(hours=self.hours)).isoformat()
        request = PollRequest("bank-1", Activity.CHECK_TRAINING, "job", 30, deadline)
        asked: str | None = json.dumps(json.dumps(to_wire(request)))
        while asked:
            asked = self._generation(asked)
        self.status = from_wire(JobStatus, self.outcome.value)
        assert self.ledger.errors == []

    def _generation(self, asked: str) -> str | None:
        """One history, from its start to the end or to the next generation's input."""
        fields = ["bank-1-training", Orchestrator.POLL_JOB.value, "e", "Running", asked]
        self.instance = Instance(*fields, *[None] * 2, "", "", *[None] * 3)  # type: ignore[arg-type]
        self.history: list[Event] = []
        arrived: list[Event] = []
        while True:
            commands = self._episode(arrived)
            if self.outcome.kind != "Running":
                break
            arrived = [event for command in commands for event in self._happens(command)]
            assert arrived, "it waits for nothing"
        self.lengths.append(len(self.history))
        assert self.outcome.kind in ("Completed", "ContinuedAsNew"), self.outcome.error
        return self.outcome.value if self.outcome.kind == "ContinuedAsNew" else None

    def _episode(self, arrived: list[Event]) -> list[Any]:
        at = events.timestamp(self.now)
        new = [events.orchestrator_started(at)]
        if not self.history:
            new.append(
                events.execution_started(at, self.instance.name, self.instance.input, "i", "e")
            )
        self.history += new + arrived
        text = ",".join(json.dumps(event) for event in self.history)
        state = self.turns.take(self.instance, text, replaying=False)
        decision, self.outcome = self.turns.judge(self.instance, self.history, state)
        if state.custom_status:
            self.shown.append(state.custom_status)
        for command in decision.commands:
            self.history.append(_scheduled(at, command))
        self.history.append(events.orchestrator_completed(at))
        return [each for each in decision.commands if not getattr(each, "cancelled", False)]

    def _happens(self, command: CallActivity | StartTimer) -> list[Event]:
        if isinstance(command, CallActivity):
            return self._looked(command)
        if command.for_retry:
            self.now = command.fire_at
            return [events.timer_fired(events.timestamp(self.now), command.id, "")]
        self.sleeps.append((command.fire_at - self.now).total_seconds())
        if len(self.sleeps) == self.asleep:
            self.now += timedelta(seconds=1)
            return [self._decided()]
        self.now = command.fire_at
        return [events.timer_fired(events.timestamp(self.now), command.id, "")]

    def _looked(self, command: CallActivity) -> list[Event]:
        assert command.name == Activity.CHECK_TRAINING
        self.looks += 1
        seen = self.cloud(self.now)
        self.now += timedelta(seconds=1)
        at = events.timestamp(self.now)
        if isinstance(seen, Exception):
            return [events.task_failed(at, command.id, "failed", str(seen))]
        done = events.task_completed(at, command.id, json.dumps(to_wire(seen)))
        return [self._decided(), done] if self.looks == self.during else [done]

    def _decided(self) -> Event:
        return events.event_raised(events.timestamp(self.now), "decided", "null")


def _scheduled(at: str, command: Any) -> Event:
    if isinstance(command, CallActivity):
        return events.task_scheduled(at, command.id, command.name)
    fire_at = events.timestamp(command.fire_at)
    return events.timer_created(at, command.id, fire_at, for_retry=command.for_retry)


@pytest.fixture(scope="module")
def app() -> App:
    """The app, whose orchestrators replay in this process; nothing is connected."""
    return load_app(ROOT)


def after(hours: float, then: Any = DONE, before: Any = QUEUED) -> Cloud:
    """A cloud that says something else once so many hours are over."""
    return lambda now: then if now >= START + hours * HOUR else before


def test_a_day_in_the_queue_is_waited_out_by_ever_longer_sleeps(app: App) -> None:
    wait = Wait(app, after(24))
    assert wait.status == DONE
    assert wait.sleeps[:3] == [30, 37.5, 46.875]
    assert wait.sleeps == sorted(wait.sleeps)
    assert wait.sleeps[11:] == [300] * (wait.looks - 12)
    assert wait.looks == pytest.approx(24 * 12, abs=10)
    assert len(wait.lengths) > 10
    assert max(wait.lengths) < 200, "an orchestration's history may have 500 events"
    assert wait.shown[-1] == {"status": "queued", "detail": QUEUED.detail, "looks": wait.looks - 1}


def test_a_deadline_ends_the_wait_to_the_minute_and_says_what_to_do(app: App) -> None:
    wait = Wait(app, after(99), hours=2)
    assert (wait.status.state, wait.status.status) == (JobState.FAILED, "overdue")
    assert wait.now - START < 2 * HOUR + timedelta(minutes=1)
    assert f"still queued at its deadline, after {wait.looks} looks" in wait.status.detail
    assert "start the run again" in wait.status.detail


def test_a_word_that_nobody_knows_is_shown_and_waited_out(app: App) -> None:
    wait = Wait(app, after(1, before=JobStatus(JobState.RUNNING, "resting")))
    assert wait.status == DONE
    assert {each["status"] for each in wait.shown} == {"resting"}


@pytest.mark.parametrize("word", ["NotFound", "Unauthorized"])
def test_not_being_known_is_survived_for_a_while(app: App, word: str) -> None:
    unknown = JobStatus(JobState.RUNNING, word, "the cloud's words")
    assert Wait(app, after(0.1, before=unknown)).status == DONE
    lost = Wait(app, after(9, before=unknown))
    assert lost.looks == 10
    assert lost.status.state is JobState.FAILED
    assert lost.status == JobStatus(
        JobState.FAILED, word, "so at 10 looks in a row. the cloud's words"
    )


def test_looks_that_fail_are_no_failure_of_the_job(app: App) -> None:
    wait = Wait(app, after(3, before=RuntimeError("out of reach")))
    assert wait.status == DONE
    assert wait.shown[-1]["detail"] == "the last look failed"


@pytest.mark.parametrize("sleep", [1, 2, 15, 25])
def test_a_cancelled_run_ends_the_sleep_it_is_in(app: App, sleep: int) -> None:
    looked: list[datetime] = []

    def cloud(now: datetime) -> Any:
        looked.append(now)
        return STOPPED if len(looked) > sleep else QUEUED

    wait = Wait(app, cloud, asleep=sleep)
    assert wait.status == JobStatus(JobState.FAILED, "refused", STOPPED.refused)
    assert len(wait.sleeps) == sleep, "it did not sleep on"
    assert wait.now == looked[-1] + timedelta(seconds=1)


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
@pytest.mark.parametrize("look", [1, 2, 15, 20, 21, 25])
def test_a_decision_during_a_look_shortens_the_next_sleep(app: App, look: int) -> None:
    wait = Wait(app, after(24), during=look)
    assert wait.status == DONE, "and the wait goes on where it was no cancelling"
    if look not in (1, 21):  # before the first sleep of a generation: that one ends at once
        assert wait.sleeps[look - 1] == 30
