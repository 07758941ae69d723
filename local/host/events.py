"""The shapes of Durable history events, as the extension writes them and the SDK reads them.

Every event has EventType, EventId, IsPlayed and Timestamp; completions carry EventId -1.
`Result` is always present on a completion, because the SDK reads it without asking. Scheduling
events leave out the input: nobody reads it, and every replay would parse it again.
"""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Any

Event = dict[str, Any]

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


class EventType(IntEnum):
    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    CHILD_CREATED = 7
    CHILD_COMPLETED = 8
    CHILD_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_RAISED = 15


def timestamp(moment: datetime) -> str:
    return moment.strftime(TIME_FORMAT)


def _event(kind: EventType, event_id: int, at: str, **fields: Any) -> Event:
    return {
        "EventType": int(kind),
        "EventId": event_id,
        "IsPlayed": False,
        "Timestamp": at,
        **fields,
    }


def orchestrator_started(at: str) -> Event:
    return _event(EventType.ORCHESTRATOR_STARTED, -1, at)


def orchestrator_completed(at: str) -> Event:
    return _event(EventType.ORCHESTRATOR_COMPLETED, -1, at)


def execution_started(
    at: str, name: str, input_: str | None, instance_id: str, execution: str
) -> Event:
    instance = {"InstanceId": instance_id, "ExecutionId": execution}
    return _event(
        EventType.EXECUTION_STARTED,
        -1,
        at,
        Name=name,
        Version="",
        Input=input_,
        OrchestrationInstance=instance,
    )


def execution_completed(at: str, status: str, result: str | None) -> Event:
    return _event(EventType.EXECUTION_COMPLETED, -1, at, OrchestrationStatus=status, Result=result)


def execution_terminated(at: str, reason: str) -> Event:
    return _event(EventType.EXECUTION_TERMINATED, -1, at, Input=reason)


def task_scheduled(at: str, task_id: int, name: str) -> Event:
    return _event(EventType.TASK_SCHEDULED, task_id, at, Name=name, Version="")


def task_completed(at: str, task_id: int, result: str | None) -> Event:
    return _event(EventType.TASK_COMPLETED, -1, at, TaskScheduledId=task_id, Result=result)


def task_failed(at: str, task_id: int, reason: str, details: str) -> Event:
    return _event(
        EventType.TASK_FAILED, -1, at, TaskScheduledId=task_id, Reason=reason, Details=details
    )


def child_created(at: str, task_id: int, name: str, instance_id: str) -> Event:
    return _event(
        EventType.CHILD_CREATED, task_id, at, Name=name, Version="", InstanceId=instance_id
    )


def child_completed(at: str, task_id: int, result: str | None) -> Event:
    return _event(EventType.CHILD_COMPLETED, -1, at, TaskScheduledId=task_id, Result=result)


def child_failed(at: str, task_id: int, reason: str, details: str) -> Event:
    return _event(
        EventType.CHILD_FAILED, -1, at, TaskScheduledId=task_id, Reason=reason, Details=details
    )


def timer_created(at: str, task_id: int, fire_at: str, *, for_retry: bool) -> Event:
    """`ForRetry` is this host's own mark: a timer of a retrying call, not of the code."""
    return _event(EventType.TIMER_CREATED, task_id, at, FireAt=fire_at, ForRetry=for_retry)


def timer_fired(at: str, task_id: int, fire_at: str) -> Event:
    return _event(EventType.TIMER_FIRED, -1, at, TimerId=task_id, FireAt=fire_at)


def event_raised(at: str, name: str, input_: str | None) -> Event:
    return _event(EventType.EVENT_RAISED, -1, at, Name=name, Input=input_)
