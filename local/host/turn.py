"""One turn of an orchestrator's code: history in, the state that the SDK returns out.

`Turns.judge` then says what the state amounts to: the commands of the replay, and whether the
instance goes on, ends, or continues as new. What the extension would refuse fails the instance.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from local.host.events import Event
from local.host.ledger import Ledger
from local.host.replay import (
    ActionType,
    Decision,
    NonDeterminismError,
    UnsupportedActionError,
    decide,
)
from local.host.store import Instance
from local.host.tasks import CallActivity, CallChild

log = logging.getLogger("local.host")

Orchestrators = Mapping[str, Callable[[str], str]]

_ERROR_MARK = "\n\n$OutOfProcData$:"
_RAN_AHEAD = (
    "Orchestrator function '{name}' ran ahead of an action that still waits (a task carried over "
    "two task_any rounds, a task_all that failed next to a retrying call, or an event delivered "
    "twice)."
)
_NOTHING = Decision((), frozenset(), True, None, False)
_DURATIONS = (
    '"longRunningTimerIntervalDuration":"3.00:00:00","maximumShortTimerDuration":"6.00:00:00",'
    '"defaultHttpAsyncRequestSleepTimeMillseconds":30000'
)


@dataclass(frozen=True, slots=True)
class State:
    """What the code returned or raised. `failure` is its exception, for the log."""

    actions: list[dict[str, Any]]
    is_done: bool = False
    output: Any = None
    error: str | None = None
    custom_status: Any = None
    failure: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kind` is Running, Completed, Failed or ContinuedAsNew; `value` a JSON text."""

    kind: str
    value: str | None = None
    error: str = ""


class Turns:
    def __init__(
        self, orchestrators: Orchestrators, activities: frozenset[str], ledger: Ledger
    ) -> None:
        self._orchestrators = orchestrators
        self._activities = activities
        self._ledger = ledger

    def take(self, instance: Instance, history: str, replaying: bool) -> State:
        """Runs the code over `history`, the JSON texts of its events joined by commas."""
        handle = self._orchestrators.get(instance.name)
        if handle is None:
            return State(
                [], error=unknown_function(instance.name, "orchestrator", self._orchestrators)
            )
        payload = (
            f'{{"history":[{history}],"input":{instance.input or "null"},'
            f'"instanceId":{json.dumps(instance.id)},"isReplaying":{json.dumps(replaying)},'
            f'"parentInstanceId":{json.dumps(instance.parent_id)},'
            f'"upperSchemaVersion":1,"upperSchemaVersionNew":2,{_DURATIONS}}}'
        )
        failure: BaseException | None = None
        try:
            text = handle(payload)
        except Exception as error:
            _, mark, text = str(error).rpartition(_ERROR_MARK)
            if not mark:
                return State([], error=f"{type(error).__name__}: {error}", failure=error)
            failure = error.__cause__ or error
        state = json.loads(text)
        return State(
            actions=state["actions"][0],
            is_done=bool(state.get("isDone")),
            output=state.get("output"),
            error=state.get("error"),
            custom_status=state.get("customStatus"),
            failure=failure,
        )

    def judge(
        self, instance: Instance, history: list[Event], state: State
    ) -> tuple[Decision, Outcome]:
        try:
            finished = state.is_done or state.error is not None
            decision = decide(history, state.actions, finished=finished)
            self._check_names(decision)
        except NonDeterminismError as problem:
            return _NOTHING, self._broken(instance, str(problem))
        except (UnsupportedActionError, LookupError) as problem:
            return _NOTHING, _failed(instance, str(problem))
        if decision.diverging:
            text = _RAN_AHEAD.format(name=instance.name)
            if self._ledger.strict:
                return _NOTHING, self._broken(instance, text)
            log.warning("orchestration %s: %s", instance.id, text)
        if not decision.awaited_all:
            return decision, Outcome("Running")
        if state.error:
            return decision, _failed(instance, state.error)
        if not state.is_done:
            return decision, Outcome("Running")
        last = state.actions[-1] if state.actions else {}
        if last.get("actionType") == ActionType.CONTINUE_AS_NEW:
            # The extension keeps the input as a JSON string of JSON, like every input it is given.
            return decision, Outcome("ContinuedAsNew", json.dumps(last["input"]))
        output = None if state.output is None else json.dumps(state.output)
        return decision, Outcome("Completed", output)

    def _broken(self, instance: Instance, text: str) -> Outcome:
        self._ledger.error(f"orchestration {instance.id}: {text}")
        return Outcome("Failed", error=text)

    def _check_names(self, decision: Decision) -> None:
        for command in decision.commands:
            if isinstance(command, CallActivity) and command.name not in self._activities:
                raise LookupError(unknown_function(command.name, "activity", self._activities))
            if isinstance(command, CallChild) and command.name not in self._orchestrators:
                raise LookupError(
                    unknown_function(command.name, "orchestrator", self._orchestrators)
                )


def unknown_function(name: str, kind: str, known: Collection[str]) -> str:
    """The text with which Azure refuses to call a function that is not there."""
    names = ", ".join(f"'{each}'" for each in sorted(known)) or "(none)"
    article = "an" if kind[0] in "aeiou" else "a"
    return (
        f"The function '{name}' doesn't exist, is disabled, or is not {article} {kind} function. "
        f"Additional info: The following are the known {kind} functions: {names}."
    )


def _failed(instance: Instance, error: str) -> Outcome:
    return Outcome("Failed", error=f"Orchestrator function '{instance.name}' failed: {error}")
