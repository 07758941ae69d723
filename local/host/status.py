"""The JSON shapes of the Durable HTTP API: instance status, history, management URLs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from local.host.events import Event, EventType
from local.host.store import Instance

WEBHOOKS = "/runtime/webhooks/durabletask"
RPC = "/durabletask"

_NAMES = {
    EventType.EXECUTION_STARTED: "ExecutionStarted",
    EventType.EXECUTION_COMPLETED: "ExecutionCompleted",
    EventType.EXECUTION_TERMINATED: "ExecutionTerminated",
    EventType.TASK_SCHEDULED: "TaskScheduled",
    EventType.TASK_COMPLETED: "TaskCompleted",
    EventType.TASK_FAILED: "TaskFailed",
    EventType.CHILD_CREATED: "SubOrchestrationInstanceCreated",
    EventType.CHILD_COMPLETED: "SubOrchestrationInstanceCompleted",
    EventType.CHILD_FAILED: "SubOrchestrationInstanceFailed",
    EventType.TIMER_CREATED: "TimerCreated",
    EventType.TIMER_FIRED: "TimerFired",
    EventType.EVENT_RAISED: "EventRaised",
}
_SCHEDULING = (EventType.TASK_SCHEDULED, EventType.CHILD_CREATED, EventType.TIMER_CREATED)
_PLUMBING = (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED)


def instance_json(instance: Instance, *, show_input: bool = True) -> dict[str, Any]:
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": _value(instance.input) if show_input else None,
        "customStatus": _value(instance.custom_status),
        "output": _value(instance.output),
        "createdTime": instance.created,
        "lastUpdatedTime": instance.updated,
    }


def history_json(
    history: Iterable[Event], *, show_input: bool, show_output: bool
) -> list[dict[str, Any]]:
    """Azure's view of a history: a task's scheduling is folded into its completion."""
    scheduled: dict[int, Event] = {}
    shown: list[dict[str, Any]] = []
    for event in history:
        kind = event["EventType"]
        if kind in _SCHEDULING:
            scheduled[event["EventId"]] = event
        elif kind not in _PLUMBING:
            task_id = event.get("TaskScheduledId", event.get("TimerId"))
            origin = None if task_id is None else scheduled.pop(task_id, None)
            shown.append(_shown(event, origin, show_input, show_output))
    shown += [_shown(event, None, show_input, show_output) for event in scheduled.values()]
    return shown


def _shown(
    event: Event, origin: Event | None, show_input: bool, show_output: bool
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "EventType": _NAMES[EventType(event["EventType"])],
        "Timestamp": event["Timestamp"],
    }
    if origin is not None:
        shown["ScheduledTime"] = origin["Timestamp"]
    name = (origin or event).get("Name")
    if event["EventType"] == EventType.EVENT_RAISED:
        shown["Name"] = name
    elif name is not None:
        shown["FunctionName"] = name
    for key in ("InstanceId", "FireAt", "Reason", "Details", "OrchestrationStatus"):
        if key in event or (origin is not None and key in origin):
            shown[key] = event.get(key, origin.get(key) if origin else None)
    if show_input and "Input" in event:
        shown["Input"] = _value(event["Input"])
    if show_output and "Result" in event:
        shown["Result"] = _value(event["Result"])
    return shown


def management_urls(base: str, hub: str, instance_id: str) -> dict[str, str]:
    """The links that a client gets for one instance."""
    root = f"{base}{WEBHOOKS}/instances/{instance_id}"
    query = f"taskHub={hub}&connection=Storage"
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{root}?{query}",
        "sendEventPostUri": f"{root}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{root}/terminate?reason={{text}}&{query}",
        "rewindPostUri": f"{root}/rewind?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{root}?{query}",
        "restartPostUri": f"{root}/restart?{query}",
        "suspendPostUri": f"{root}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{root}/resume?reason={{text}}&{query}",
    }


def client_binding(base: str, hub: str) -> str:
    """The JSON text that a durableClient parameter receives."""
    creation = f"{base}{WEBHOOKS}/orchestrators/{{functionName}}[/{{instanceId}}]"
    query = f"taskHub={hub}&connection=Storage"
    wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
    return json.dumps(
        {
            "taskHubName": hub,
            "connectionName": "Storage",
            "creationUrls": {
                "createNewInstancePostUri": f"{creation}?{query}",
                "createAndWaitOnNewInstancePostUri": f"{creation}?{wait}&{query}",
            },
            "managementUrls": management_urls(base, hub, "INSTANCEID"),
            "baseUrl": f"{base}{WEBHOOKS}",
            "requiredQueryStringParameters": query,
            "rpcBaseUrl": f"{base}{RPC}/",
        }
    )


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)
