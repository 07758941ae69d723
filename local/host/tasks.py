"""What an orchestration schedules, and what it awaits.

Commands are new work for the engine. Nodes are the awaited things of one replay: leaves with the
number of an activity, child or timer, retrying calls, waits for events, and groups of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.host.events import Event, EventType


@dataclass(frozen=True, slots=True)
class CallActivity:
    id: int
    name: str
    input: str | None


@dataclass(frozen=True, slots=True)
class CallChild:
    id: int
    name: str
    input: str | None
    instance_id: str | None


@dataclass(frozen=True, slots=True)
class StartTimer:
    id: int
    fire_at: datetime
    cancelled: bool = False
    for_retry: bool = False


Command = CallActivity | CallChild | StartTimer


class Node:
    """One awaited thing. A leaf of its own; groups and retries refine it."""

    __slots__ = ("done", "id", "parent")

    def __init__(self, task_id: int = -1) -> None:
        self.parent: Group | None = None
        self.done = False
        self.id = task_id


class Group(Node):
    __slots__ = ("children", "need_all", "pending")

    def __init__(self, children: list[Node], need_all: bool) -> None:
        super().__init__()
        self.children = children
        self.need_all = need_all
        for child in children:
            child.parent = self
        self.pending = sum(not child.done for child in children)
        self.done = not self.pending if need_all else self.pending < len(children)


class Retry(Node):
    __slots__ = ("action", "attempts", "interval", "max_attempts")

    def __init__(self, action: Mapping[str, Any]) -> None:
        super().__init__()
        options = action["retryOptions"]
        self.action = action
        self.attempts = 0
        self.max_attempts: int = options["maxNumberOfAttempts"]
        self.interval = timedelta(milliseconds=options["firstRetryIntervalInMilliseconds"])


class EventWait(Node):
    __slots__ = ()


def conjunction(node: Node) -> frozenset[int] | None:
    """The ids that must all complete before `node` does; None if it is not a plain conjunction."""
    if node.done:
        return frozenset()
    if isinstance(node, Group):
        if not node.need_all:
            return None
        parts = [conjunction(child) for child in node.children]
        known = [part for part in parts if part is not None]
        return frozenset().union(*known) if len(known) == len(parts) else None
    if isinstance(node, Retry | EventWait):
        return None
    return frozenset({node.id})


def outlives_failure(node: Node) -> bool:
    """Whether code that ran ahead of `node` has only to wait.

    That is a group of all, which the code leaves at the first failure, as long as nothing in it
    takes further numbers (a retrying call) or may never come (an event).
    """
    return isinstance(node, Group) and node.need_all and _is_steady(node)


def _is_steady(node: Node) -> bool:
    if node.done:
        return True
    if isinstance(node, Group):
        return all(_is_steady(child) for child in node.children)
    return not isinstance(node, Retry | EventWait)


def describe(command: Command) -> str:
    if isinstance(command, CallActivity):
        return f"an activity task with name '{command.name}'"
    if isinstance(command, CallChild):
        return f"a sub-orchestration with name '{command.name}'"
    return "a timer"


def describe_event(event: Event) -> str:
    if event["EventType"] == EventType.TASK_SCHEDULED:
        return f"an activity task with name '{event['Name']}'"
    if event["EventType"] == EventType.CHILD_CREATED:
        return f"a sub-orchestration with name '{event['Name']}'"
    return "a timer"
