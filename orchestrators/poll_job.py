"""Waits for something the cloud works on: look, sleep on a durable timer, look again.

Waits grow from the poll interval to ten times it and end at the deadline at the latest. A look
that fails is not the job's failure; one that the cloud answers by "no such job" or "I do not know
you" counts, since a token expires and a new job may not be listed yet, but not for ever. Whoever
cancels the run wakes it. Every twenty looks the orchestration begins anew, so a day in a queue
leaves a short history.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.steps import RunFailed, Yields, call
from shared.contracts import (
    Activity,
    Event,
    JobState,
    JobStatus,
    Orchestrator,
    PollRequest,
    RunRef,
    from_wire,
    to_wire,
)

bp = df.Blueprint()

_LOOKS = 20
_GROWTH = 1.25
_LONGEST = 10  # times the poll interval
_LOST = ("NotFound", "Unauthorized")  # as the adapters say it
_LOST_LOOKS = 10  # in a row
_AGAIN = 'start the run again ({"again": true}): what is paid is not paid twice'


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.POLL_JOB.value)
def poll_job(context: df.DurableOrchestrationContext):
    """Returns the JobStatus that ended the wait; a passed deadline is a failed one."""
    request = from_wire(PollRequest, context.get_input())
    deadline = datetime.fromisoformat(request.deadline)
    sleep, lost = _Sleep(context), 0
    for _ in range(_LOOKS):
        status = yield from _look(context, request)
        looks = request.polls + 1
        lost = lost + 1 if status.status in _LOST else 0
        if lost == _LOST_LOOKS:
            words = f"so at {lost} looks in a row. {status.detail}"
            status = JobStatus(JobState.FAILED, status.status, words[:500])
        if status.state is not JobState.RUNNING:
            return to_wire(status)
        context.set_custom_status(
            {"status": status.status, "detail": status.detail, "looks": looks}
        )
        now = context.current_utc_datetime
        if now >= deadline:
            words = f"still {status.status} at its deadline, after {looks} looks; {_AGAIN}"
            return to_wire(JobStatus(JobState.FAILED, "overdue", words))
        seconds = request.poll_seconds
        if not sleep.woken:
            seconds *= min(_LONGEST, _GROWTH**request.polls)
        yield from sleep.until(min(now + timedelta(seconds=seconds), deadline))
        request = replace(request, polls=looks)
    context.continue_as_new(to_wire(request))
    return None


def _look(context: df.DurableOrchestrationContext, request: PollRequest) -> Yields[JobStatus]:
    try:
        ref = RunRef(request.run, job=request.job)
        return (yield from call(context, Activity(request.check), ref, JobStatus))
    except RunFailed as refusal:
        return JobStatus(JobState.FAILED, "refused", str(refusal)[:500])
    except Exception:
        return JobStatus(JobState.RUNNING, "unknown", "the last look failed")


class _Sleep:
    """Timers that a decision about the run cuts short, once.

    Each sleep waits for the event anew: a task that was in an earlier `task_any` cannot wake a
    later one. So an event raised during a look goes to the wait of the sleep before. After the
    first event only timers are slept on: the SDK would deliver it to the next wait again.
    """

    def __init__(self, context: df.DurableOrchestrationContext) -> None:
        self._context = context
        self._decided: Any = None
        self._used = False

    @property
    def woken(self) -> bool:
        """Whether somebody has decided something."""
        return self._used or (self._decided is not None and self._decided.is_completed)

    def until(self, moment: datetime) -> Yields[None]:
        """Sleep until then, or until woken."""
        timer = self._context.create_timer(moment)
        if self.woken:
            self._used = True
            yield timer
            return
        self._decided = self._context.wait_for_external_event(Event.DECIDED.value)
        winner = yield self._context.task_any([self._decided, timer])
        if winner is self._decided:
            timer.cancel()
            self._used = True
