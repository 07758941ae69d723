"""One orchestration episode: replay the code over its history, then one transaction.

The transaction holds everything the episode did: history, new work, timers, children, the
messages it consumed, its outcome and the message to its parent. What the engine must do after
the commit comes back as `Effects`. If the transaction fails, so does the engine.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass, field

from local.host import events
from local.host.clock import Clock
from local.host.events import Event
from local.host.history import History, HistoryCache
from local.host.ledger import Ledger
from local.host.store import Instance, Store, Work
from local.host.tasks import CallActivity, CallChild, Command
from local.host.turn import Orchestrators, Outcome, Turns

log = logging.getLogger("local.host")

ALREADY_RUNNING = "An Orchestration instance with the status {status} already exists."


@dataclass(slots=True)
class Effects:
    """What to do once the episode is committed."""

    work: list[Work] = field(default_factory=list)
    timers: list[tuple[float, str]] = field(default_factory=list)
    messages: list[tuple[str, int | None]] = field(default_factory=list)
    awaiting: frozenset[int] | None = None


class Episodes:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        ledger: Ledger,
        orchestrators: Orchestrators,
        activities: frozenset[str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._ledger = ledger
        self._turns = Turns(orchestrators, activities, ledger)
        self._histories = HistoryCache(store)

    def forget(self, instance_id: str) -> None:
        """The stored history of this instance changed."""
        self._histories.forget(instance_id)

    def play(self, instance_id: str) -> Effects | None:
        """None if there was nothing to do."""
        instance = self._store.instance(instance_id)
        if instance is None or instance.finished or instance.status == "Suspended":
            return None
        now = self._clock.now_datetime()
        inbox = self._store.inbox(instance_id, now.timestamp())
        if not inbox and not instance.wake:
            return None
        at = events.timestamp(now)
        history = self._histories.get(instance_id)
        new = [events.orchestrator_started(at)]
        if not history.events:
            new.append(
                events.execution_started(
                    at, instance.name, instance.input, instance.id, instance.execution
                )
            )
        new += [json.loads(text) for _, text in inbox]
        text = ",".join([*history.chunks, *(json.dumps(event) for event in new)])
        state = self._turns.take(instance, text, replaying=bool(history.events))
        decision, outcome = self._turns.judge(instance, history.events + new, state)

        effects = Effects(awaiting=decision.awaiting)
        instance.updated = at
        instance.wake = False
        if state.custom_status is not None:
            instance.custom_status = json.dumps(state.custom_status)
        with self._store.transaction():
            self._store.take(seq for seq, _ in inbox)
            self._store.cancel_timers(instance_id, decision.cancelled_timers)
            for command in decision.commands:
                new.append(self._carry_out(instance, at, command, effects))
            self._settle(instance, history, new, at, outcome, effects)
        if outcome.kind == "Failed":
            log.error("orchestration %s: %s", instance_id, outcome.error, exc_info=state.failure)
        return effects

    def finish(
        self, instance: Instance, at: str, status: str, output: str | None, effects: Effects
    ) -> None:
        """Ends an instance and tells its parent. Inside the caller's transaction."""
        instance.status = status
        instance.output = output
        instance.updated = at
        instance.wake = False
        self._store.update_instance(instance)
        self._store.clear_inbox(instance.id, keep_raised_events=False)
        self.forget(instance.id)
        if instance.parent_id is None or instance.parent_task is None:
            return
        parent = self._store.instance(instance.parent_id)
        if parent is None or parent.finished or parent.execution != instance.parent_execution:
            return
        if status == "Completed":
            event = events.child_completed(at, instance.parent_task, output)
        else:
            reason = json.loads(output) if output else status
            event = events.child_failed(at, instance.parent_task, reason, f"Message: {reason}")
        self._send(parent, instance.parent_task, event, effects)

    def _carry_out(
        self,
        instance: Instance,
        at: str,
        command: Command,
        effects: Effects,
    ) -> Event:
        """Writes what one command asks for; returns its history event."""
        if isinstance(command, CallActivity):
            self._ledger.activity_payload(
                f"activity {command.name} of {instance.id}: input", command.input
            )
            effects.work.append(
                self._store.schedule(
                    instance.id, instance.execution, command.id, command.name, command.input
                )
            )
            return events.task_scheduled(at, command.id, command.name)
        if isinstance(command, CallChild):
            return self._start_child(instance, at, command, effects)
        fire_at = events.timestamp(command.fire_at)
        if not command.cancelled:
            moment = command.fire_at.timestamp()
            self._store.send(
                instance.id,
                json.dumps(events.timer_fired(fire_at, command.id, fire_at)),
                execution=instance.execution,
                task_id=command.id,
                visible_at=moment,
            )
            effects.timers.append((moment, instance.id))
        return events.timer_created(at, command.id, fire_at, for_retry=command.for_retry)

    def _start_child(
        self, parent: Instance, at: str, command: CallChild, effects: Effects
    ) -> Event:
        child_id = command.instance_id or f"{parent.execution}:{command.id:04x}"
        existing = self._store.instance(child_id)
        if existing is not None and not existing.finished:
            reason = ALREADY_RUNNING.format(status=existing.status)
            refusal = events.child_failed(at, command.id, reason, f"InstanceId: {child_id}")
            self._send(parent, command.id, refusal, effects)
        else:
            child = new_instance(
                child_id,
                command.name,
                None if command.input is None else json.dumps(command.input),
                at,
            )
            child.parent_id = parent.id
            child.parent_execution = parent.execution
            child.parent_task = command.id
            self._store.put_instance(child)
            self.forget(child_id)
            self._ledger.orchestration_payload(f"orchestration {child_id}: input", command.input)
            effects.messages.append((child_id, None))
        return events.child_created(at, command.id, command.name, child_id)

    def _send(self, to: Instance, task_id: int, event: Event, effects: Effects) -> None:
        self._store.send(to.id, json.dumps(event), execution=to.execution, task_id=task_id)
        effects.messages.append((to.id, task_id))

    def _settle(
        self,
        instance: Instance,
        history: History,
        new: list[Event],
        at: str,
        outcome: Outcome,
        effects: Effects,
    ) -> None:
        """Writes the outcome and the history of this episode."""
        where = f"orchestration {instance.id}"
        self._ledger.orchestration_payload(f"{where}: custom status", instance.custom_status)
        self._ledger.history(instance.id, len(history.events) + len(new) + 1)
        if outcome.kind == "ContinuedAsNew":
            self._ledger.orchestration_payload(f"{where}: input", json.loads(outcome.value or '""'))
            self._store.drop_history(instance.id)
            self._store.clear_inbox(instance.id, keep_raised_events=True)
            self.forget(instance.id)
            instance.execution = uuid.uuid4().hex
            instance.input = outcome.value
            instance.status = "Running"
            instance.wake = True
            self._store.update_instance(instance)
            effects.awaiting = None
            effects.messages.append((instance.id, None))
            return
        result = json.dumps(outcome.error) if outcome.kind == "Failed" else outcome.value
        if outcome.kind != "Running":
            new.append(events.execution_completed(at, outcome.kind, result))
        new.append(events.orchestrator_completed(at))
        text = ",".join(json.dumps(event) for event in new)
        self._store.append_history(instance.id, len(history.chunks), text)
        if outcome.kind == "Running":
            instance.status = "Running"
            self._store.update_instance(instance)
            self._histories.extend(instance.id, history, new, text)
        else:
            self._ledger.orchestration_payload(f"{where}: output", result)
            effects.awaiting = None
            self.finish(instance, at, outcome.kind, result, effects)


def new_instance(instance_id: str, name: str, input_: str | None, at: str) -> Instance:
    return Instance(
        id=instance_id,
        name=name,
        execution=uuid.uuid4().hex,
        status="Pending",
        input=input_,
        output=None,
        custom_status=None,
        created=at,
        updated=at,
        parent_id=None,
        parent_execution=None,
        parent_task=None,
    )
