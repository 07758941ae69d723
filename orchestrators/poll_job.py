"""Waits for something the cloud works on: look, sleep on a durable timer, look again.

Waits grow from the poll interval to ten times it. A look that fails is not the job's failure.
Every twenty looks the orchestration begins anew, so a day in a queue leaves a short history.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import azure.durable_functions as df

from orchestrators.steps import RunFailed, call
from shared.contracts import (
    Activity,
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


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.POLL_JOB.value)
def poll_job(context: df.DurableOrchestrationContext):
    """Returns the JobStatus that ended the wait; a passed deadline is a failed one."""
    request = from_wire(PollRequest, context.get_input())
    check = Activity(request.check)
    for _ in range(_LOOKS):
        try:
            ref = RunRef(request.run, job=request.job)
            status = yield from call(context, check, ref, JobStatus)
        except RunFailed as refusal:
            return to_wire(JobStatus(JobState.FAILED, "refused", str(refusal)[:500]))
        except Exception:
            status = JobStatus(JobState.RUNNING, "unknown", "the last look failed")
        if status.state is not JobState.RUNNING:
            return to_wire(status)
        context.set_custom_status({"status": status.status, "looks": request.polls + 1})
        now = context.current_utc_datetime
        if now >= datetime.fromisoformat(request.deadline):
            words = f"still {status.status} at its deadline, after {request.polls + 1} looks"
            return to_wire(JobStatus(JobState.FAILED, "deadline", words))
        wait = request.poll_seconds * min(_LONGEST, _GROWTH**request.polls)
        yield context.create_timer(now + timedelta(seconds=wait))
        request = replace(request, polls=request.polls + 1)
    context.continue_as_new(to_wire(request))
    return None
