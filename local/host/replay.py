"""Decides what an orchestration does next, from its history and the actions its code returned.

Pure: no I/O and no clock. It repeats what the Durable extension does with an out-of-process
orchestrator: invoke each action and await it, replaying against the whole history; whatever the
history does not confirm is new work. One counter per execution numbers activities, children,
timers, retry timers and retry attempts in the order in which they are invoked, so the numbers
equal the SDK's own. Retries are the engine's: after every failure, the last one too, a timer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from local.host.events import Event, EventType
from local.host.tasks import (
    CallActivity,
    CallChild,
    Command,
    EventWait,
    Group,
    Node,
    Retry,
    StartTimer,
    conjunction,
    describe,
    describe_event,
    outlives_failure,
)


class ActionType(IntEnum):
    CALL_ACTIVITY = 0
    CALL_ACTIVITY_WITH_RETRY = 1
    CALL_CHILD = 2
    CALL_CHILD_WITH_RETRY = 3
    CONTINUE_AS_NEW = 4
    CREATE_TIMER = 5
    WAIT_FOR_EVENT = 6
    WHEN_ANY = 11
    WHEN_ALL = 12


class NonDeterminismError(Exception):
    """The code did not schedule what an earlier replay of the same history scheduled."""


class UnsupportedActionError(Exception):
    """The orchestrator used an API that this host does not play (entities, durable HTTP)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What one replay found.

    `awaited_all`: every action was awaited, so the code's result counts now.
    `awaiting`: ids that must *all* complete before anything can move, or None if not known.
    `diverging`: the code ran ahead of an action that still waits, in a way that can number the
    next tasks differently on the two sides or stall the instance.
    """

    commands: tuple[Command, ...]
    cancelled_timers: frozenset[int]
    awaited_all: bool
    awaiting: frozenset[int] | None
    diverging: bool


def decide(
    history: Sequence[Event], actions: Sequence[Mapping[str, Any]], *, finished: bool = False
) -> Decision:
    """Replay `actions` over `history`. `finished`: the code has returned, raised or restarted."""
    return _Replay(history, actions).decision(finished)


class _Replay:
    def __init__(self, history: Sequence[Event], actions: Sequence[Mapping[str, Any]]) -> None:
        self._actions = actions
        self._next_id = 0
        self._cursor = 0
        self._current: Node | None = None
        self._open: dict[int, Node] = {}
        self._pending: dict[int, Command] = {}
        self._waits: dict[str, list[Node]] = {}
        self._buffered: Counter[str] = Counter()
        self._cancelled: set[int] = set()
        self._now = ""
        for event in history:
            self._apply(event)

    def decision(self, finished: bool) -> Decision:
        idle = self._current is None or self._current.done
        awaited_all = idle and self._cursor == len(self._actions)
        ran_ahead = not awaited_all and (finished or self._cursor < len(self._actions))
        awaiting = None if self._current is None or idle else conjunction(self._current)
        return Decision(
            commands=tuple(self._pending.values()),
            cancelled_timers=frozenset(self._cancelled),
            awaited_all=awaited_all,
            awaiting=awaiting,
            diverging=ran_ahead and not (self._current and outlives_failure(self._current)),
        )

    def _apply(self, event: Event) -> None:
        kind = event["EventType"]
        if kind in (EventType.TASK_COMPLETED, EventType.CHILD_COMPLETED):
            self._complete(event["TaskScheduledId"], failed=False)
        elif kind in (EventType.TASK_SCHEDULED, EventType.CHILD_CREATED, EventType.TIMER_CREATED):
            self._confirm(event)
        elif kind in (EventType.TASK_FAILED, EventType.CHILD_FAILED):
            self._complete(event["TaskScheduledId"], failed=True)
        elif kind == EventType.TIMER_FIRED:
            self._complete(event["TimerId"], failed=False)
        elif kind == EventType.EVENT_RAISED:
            self._deliver(event["Name"].casefold())
        elif kind == EventType.ORCHESTRATOR_STARTED:
            self._now = event["Timestamp"]
        elif kind == EventType.EXECUTION_STARTED:
            self._advance()

    def _confirm(self, event: Event) -> None:
        task_id = event["EventId"]
        command = self._pending.pop(task_id, None)
        if command is None or describe(command) != describe_event(event):
            found = "did not schedule it" if command is None else "scheduled " + describe(command)
            raise NonDeterminismError(
                "Non-Deterministic workflow detected: A previous execution of this orchestration "
                f"scheduled {describe_event(event)} with sequence ID {task_id}, "
                f"but the current replay {found}."
            )

    def _complete(self, task_id: int, failed: bool) -> None:
        node = self._open.pop(task_id, None)
        if node is None or node.done:
            return  # a cancelled timer that had fired already, or a loser of a race
        if isinstance(node, Retry):
            timer_fired = node.id != task_id
            if failed:
                self._start_timer(node, datetime.fromisoformat(self._now) + node.interval)
                return
            if timer_fired and node.attempts < node.max_attempts:
                self._attempt(node)
                return
        self._finish(node)

    def _deliver(self, name: str) -> None:
        waits = self._waits.get(name)
        if waits:
            self._finish(waits.pop())
        else:
            self._buffered[name] += 1

    def _finish(self, node: Node) -> None:
        node.done = True
        while (parent := node.parent) is not None and not parent.done:
            parent.pending -= 1
            if parent.need_all and parent.pending:
                break
            parent.done = True
            node = parent
        self._advance()

    def _advance(self) -> None:
        while self._cursor < len(self._actions) and (self._current is None or self._current.done):
            action = self._actions[self._cursor]
            self._cursor += 1
            self._current = self._invoke(action)

    def _invoke(self, action: Mapping[str, Any]) -> Node:
        kind = action["actionType"]
        node: Node
        if kind in (ActionType.WHEN_ALL, ActionType.WHEN_ANY):
            children = [self._invoke(child) for child in action["compoundActions"]]
            return Group(children, need_all=kind == ActionType.WHEN_ALL)
        if kind in (ActionType.CALL_ACTIVITY, ActionType.CALL_CHILD):
            node = Node(self._next_id)
            self._call(node, action)
            return node
        if kind in (ActionType.CALL_ACTIVITY_WITH_RETRY, ActionType.CALL_CHILD_WITH_RETRY):
            retry = Retry(action)
            self._attempt(retry)
            return retry
        if kind == ActionType.CREATE_TIMER:
            node = Node(self._next_id)
            node.done = bool(action["isCanceled"])
            self._start_timer(node, datetime.fromisoformat(action["fireAt"]), node.done)
            return node
        if kind == ActionType.WAIT_FOR_EVENT:
            return self._wait(action["externalEventName"].casefold())
        if kind == ActionType.CONTINUE_AS_NEW:
            node = Node()
            node.done = True
            return node
        raise UnsupportedActionError(
            f"Orchestration action type {kind} (entities and durable HTTP calls) is not supported."
        )

    def _wait(self, name: str) -> Node:
        node = EventWait()
        if self._buffered[name]:
            self._buffered[name] -= 1
            node.done = True
        else:
            self._waits.setdefault(name, []).append(node)
        return node

    def _attempt(self, retry: Retry) -> None:
        retry.attempts += 1
        retry.id = self._next_id
        self._call(retry, retry.action)

    def _call(self, node: Node, action: Mapping[str, Any]) -> None:
        task_id = self._take_id(node)
        name, input_ = action["functionName"], action.get("input")
        if action["actionType"] in (
            ActionType.CALL_ACTIVITY,
            ActionType.CALL_ACTIVITY_WITH_RETRY,
        ):
            self._pending[task_id] = CallActivity(task_id, name, input_)
        else:
            self._pending[task_id] = CallChild(task_id, name, input_, action.get("instanceId"))

    def _start_timer(self, node: Node, fire_at: datetime, cancelled: bool = False) -> None:
        task_id = self._take_id(node)
        self._pending[task_id] = StartTimer(
            task_id, fire_at, cancelled, for_retry=isinstance(node, Retry)
        )
        if cancelled:
            self._cancelled.add(task_id)

    def _take_id(self, node: Node) -> int:
        task_id = self._next_id
        self._next_id += 1
        self._open[task_id] = node
        return task_id
