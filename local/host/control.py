"""What clients may do to instances: start, raise event, terminate, suspend, resume, and so on.

Each method is one transaction on the engine's thread. Refusals are exceptions that the HTTP API
turns into Azure's status codes. As on Azure, terminating an instance stops neither its running
activities nor its children.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable

from local.host import events
from local.host.engine import Engine
from local.host.episode import ALREADY_RUNNING, Effects, new_instance
from local.host.store import Instance
from local.host.turn import unknown_function


class NoSuchInstanceError(LookupError):
    """404."""


class InstanceGoneError(Exception):
    """410: the instance is not in a state that allows this."""


class InstanceExistsError(Exception):
    """409."""


class UnknownFunctionError(LookupError):
    """400."""


class Control:
    """Call the methods through `Engine.call`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store

    def start(self, name: str, instance_id: str | None, input_: str | None) -> str:
        """`input_` is the request's JSON text. A finished instance of that id is replaced."""
        orchestrators = self._engine.orchestrators
        if name not in orchestrators:
            raise UnknownFunctionError(unknown_function(name, "orchestrator", orchestrators))
        instance_id = instance_id or uuid.uuid4().hex
        if instance_id.startswith("@") or any(each in instance_id for each in "/\\#?"):
            raise ValueError(f"instance id {instance_id!r} begins with @ or has one of / \\ # ?")
        existing = self._store.instance(instance_id)
        if existing is not None and not existing.finished:
            raise InstanceExistsError(ALREADY_RUNNING.format(status=existing.status))
        # The SDK's client encodes twice; what counts is the text that the app encoded.
        value = None if input_ is None else json.loads(input_)
        self._engine.ledger.orchestration_payload(
            f"orchestration {instance_id}: input", value if isinstance(value, str) else input_
        )
        with self._store.transaction():
            self._store.put_instance(new_instance(instance_id, name, input_, self._now()))
        self._engine.forget(instance_id)
        self._engine.wake(instance_id)
        return instance_id

    def raise_event(self, instance_id: str, name: str, input_: str | None) -> None:
        self._live(instance_id)
        event = events.event_raised(self._now(), name, input_)
        with self._store.transaction():
            self._store.send(instance_id, json.dumps(event))
        self._engine.wake(instance_id)

    def terminate(self, instance_id: str, reason: str) -> None:
        instance = self._live(instance_id)
        at, effects = self._now(), Effects()
        episode = len(self._store.history(instance_id))
        event = events.execution_terminated(at, reason)
        with self._store.transaction():
            self._store.append_history(instance_id, episode, json.dumps(event))
            self._engine.episodes.finish(instance, at, "Terminated", json.dumps(reason), effects)
        self._engine.forget(instance_id)
        self._engine.announce(effects.messages)

    def suspend(self, instance_id: str) -> None:
        self._set_status(self._live(instance_id), "Suspended")

    def resume(self, instance_id: str) -> None:
        instance = self._live(instance_id)
        if instance.status == "Suspended":
            self._set_status(instance, "Running")
        self._engine.wake(instance_id)

    def restart(self, instance_id: str, new_id: bool) -> str:
        """Runs the instance once more with its first input."""
        instance = self._existing(instance_id)
        return self.start(instance.name, None if new_id else instance_id, instance.input)

    def rewind(self, instance_id: str) -> None:
        """Forgets the failures of a failed instance and of its failed children; runs it on.

        Refused where a retrying call failed: its attempts and timers cannot be told apart from
        the numbers that later tasks took.
        """
        instance = self._existing(instance_id)
        if instance.status != "Failed":
            raise InstanceGoneError("Only a failed instance can be rewound.")
        woken: list[str] = []
        with self._store.transaction():
            self._rewind(instance, woken)
        for each in woken:
            self._engine.forget(each)
            self._engine.wake(each)

    def purge(self, instance_ids: Iterable[str]) -> int:
        """Removes those of the instances that are finished; returns how many."""
        gone = 0
        with self._store.transaction():
            for instance_id in instance_ids:
                instance = self._store.instance(instance_id)
                if instance is not None and instance.finished:
                    self._store.forget(instance_id)
                    gone += 1
        return gone

    def _rewind(self, instance: Instance, woken: list[str]) -> None:
        history = [
            event for text in self._store.history(instance.id) for event in json.loads(f"[{text}]")
        ]
        if any(event.get("ForRetry") for event in history):
            raise InstanceGoneError("Instances with retrying calls cannot be rewound.")
        failed = {
            event["TaskScheduledId"]
            for event in history
            if event["EventType"] in (events.EventType.TASK_FAILED, events.EventType.CHILD_FAILED)
        }
        kept = []
        for event in history:
            kind = event["EventType"]
            if kind == events.EventType.CHILD_CREATED and event["EventId"] in failed:
                child = self._store.instance(event["InstanceId"])
                if child is not None and child.status == "Failed":
                    self._rewind(child, woken)
                    kept.append(event)
                continue
            forgotten = (
                (kind == events.EventType.TASK_SCHEDULED and event["EventId"] in failed)
                or kind in (events.EventType.TASK_FAILED, events.EventType.CHILD_FAILED)
                or kind == events.EventType.EXECUTION_COMPLETED
            )
            if not forgotten:
                kept.append(event)
        self._store.drop_history(instance.id)
        text = ",".join(json.dumps(event) for event in kept)
        self._store.append_history(instance.id, 0, text)
        instance.status = "Running"
        instance.output = None
        instance.wake = True
        self._store.update_instance(instance)
        woken.append(instance.id)

    def _set_status(self, instance: Instance, status: str) -> None:
        instance.status = status
        instance.updated = self._now()
        with self._store.transaction():
            self._store.update_instance(instance)

    def _existing(self, instance_id: str) -> Instance:
        instance = self._store.instance(instance_id)
        if instance is None:
            raise NoSuchInstanceError(f"No instance with ID '{instance_id}' found.")
        return instance

    def _live(self, instance_id: str) -> Instance:
        instance = self._existing(instance_id)
        if instance.finished:
            raise InstanceGoneError(f"Instance '{instance_id}' is {instance.status}.")
        return instance

    def _now(self) -> str:
        return events.timestamp(self._engine.clock.now_datetime())
