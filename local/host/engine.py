"""The orchestration engine: one thread that owns the store.

Everything that changes state runs on that thread, one transaction at a time: an episode, a batch
of activity completions, a call of the HTTP API. So there are no locks, and one orchestrator runs
at a time (replay is pure Python: more threads would gain nothing). A process killed at any moment
resumes from the last commit: what was not committed had not been announced. An activity's row
outlives its run, so activities are at-least-once. An instance that can only move when several
tasks have all completed is not replayed before the last of them is in.
"""

from __future__ import annotations

import heapq
import json
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from local.host import events
from local.host.clock import Clock
from local.host.episode import Episodes
from local.host.ledger import Ledger
from local.host.store import Store, Work
from local.host.turn import Orchestrators

log = logging.getLogger("local.host")

_STOP_SECONDS = 5.0  # an orchestrator that never yields must not keep the host alive

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of one activity call: a JSON result, or the failure's reason and details."""

    work: Work
    result: str | None = None
    reason: str | None = None
    details: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    run: Callable[[], Any]
    future: Future[Any]


class Engine:
    """Hands activity work out through `dispatch`; `complete` takes the results back."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ledger: Ledger,
        orchestrators: Orchestrators,
        activities: frozenset[str],
    ) -> None:
        self.store = store
        self.clock = clock
        self.ledger = ledger
        self.orchestrators = orchestrators
        self.episodes = Episodes(store, clock, ledger, orchestrators, activities)
        self._queue: queue.SimpleQueue[Completion | _Call | None] = queue.SimpleQueue()
        self._ready: dict[str, None] = {}
        self._awaiting: dict[str, set[int]] = {}
        self._timers: list[tuple[float, str]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(
        self, dispatch: Callable[[Sequence[Work]], None], on_crash: Callable[[], None]
    ) -> None:
        """Resumes whatever an earlier process left, then serves.

        `dispatch` and `on_crash` are called on the engine's thread.
        """
        self._dispatch = dispatch
        self._on_crash = on_crash
        now = self.clock.now()
        self._ready = dict.fromkeys(sorted(self.store.to_wake(now)))
        self._timers = self.store.timers(now)
        heapq.heapify(self._timers)
        dispatch(self.store.open_work())
        self._thread.start()

    def stop(self) -> None:
        """Returns when the transaction under way is over; nothing else is waited for."""
        self._queue.put(None)
        self._thread.join(_STOP_SECONDS)

    def complete(self, completion: Completion) -> None:
        self._queue.put(completion)

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs `function` on the engine's thread, between transactions."""
        future: Future[T] = Future()
        self._queue.put(_Call(lambda: function(*args, **kwargs), future))
        return future

    def wake(self, instance_id: str) -> None:
        """On the engine's thread: replay this instance soon."""
        self._awaiting.pop(instance_id, None)
        self._ready[instance_id] = None

    def forget(self, instance_id: str) -> None:
        """On the engine's thread: the stored history of this instance changed under the cache."""
        self._awaiting.pop(instance_id, None)
        self.episodes.forget(instance_id)

    def announce(self, effects: Iterable[tuple[str, int | None]]) -> None:
        """On the engine's thread: these (instance, completed task id or None) got messages."""
        for instance_id, task_id in effects:
            awaited = self._awaiting.get(instance_id)
            if awaited is None or task_id is None:
                self.wake(instance_id)
                continue
            awaited.discard(task_id)
            if not awaited:
                self.wake(instance_id)

    def _run(self) -> None:
        try:
            while True:
                self._drain()
                if self._stopping:
                    return
                self._fire_timers()
                if self._ready:
                    instance_id = next(iter(self._ready))
                    del self._ready[instance_id]
                    self._play(instance_id)
        except BaseException:  # also SystemExit, which would end the thread without a word
            log.exception("the engine stopped")
            self._on_crash()

    def _drain(self) -> None:
        items = self._next_items()
        completions = [item for item in items if isinstance(item, Completion)]
        if completions:
            self._record(completions)
        for item in items:
            if item is None:
                self._stopping = True
                return
            if isinstance(item, _Call) and item.future.set_running_or_notify_cancel():
                try:
                    item.future.set_result(item.run())
                except Exception as error:  # belongs to the caller
                    item.future.set_exception(error)

    def _next_items(self) -> list[Completion | _Call | None]:
        items: list[Completion | _Call | None] = []
        timeout: float | None = 0.0
        if not self._ready:
            timeout = self.clock.seconds_until(self._timers[0][0]) if self._timers else None
        try:
            # The cap keeps a far timer within what threading accepts.
            items.append(self._queue.get(timeout=None if timeout is None else min(timeout, 3600)))
            while True:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            return items

    def _record(self, completions: Sequence[Completion]) -> None:
        at = events.timestamp(self.clock.now_datetime())
        arrived: list[tuple[str, int | None]] = []
        with self.store.transaction():
            for completion in completions:
                work = completion.work
                if not self.store.finish_work(work.seq):
                    continue
                instance = self.store.instance(work.instance_id)
                if instance is None or instance.finished or instance.execution != work.execution:
                    continue
                if completion.reason is None:
                    event = events.task_completed(at, work.task_id, completion.result)
                else:
                    event = events.task_failed(
                        at, work.task_id, completion.reason, completion.details
                    )
                self.store.send(
                    work.instance_id,
                    json.dumps(event),
                    execution=work.execution,
                    task_id=work.task_id,
                )
                arrived.append((work.instance_id, work.task_id))
        for completion in completions:
            where = f"activity {completion.work.name} of {completion.work.instance_id}"
            self.ledger.activity_payload(f"{where}: output", completion.result)
            self.ledger.activity_payload(f"{where}: failure", completion.reason)
        self.announce(arrived)

    def _fire_timers(self) -> None:
        now = self.clock.now()
        while self._timers and self._timers[0][0] <= now:
            self.wake(heapq.heappop(self._timers)[1])

    def _play(self, instance_id: str) -> None:
        effects = self.episodes.play(instance_id)
        if effects is None:
            return
        for timer in effects.timers:
            heapq.heappush(self._timers, timer)
        if effects.awaiting is not None:
            self._awaiting[instance_id] = set(effects.awaiting)
        if effects.work:
            self._dispatch(effects.work)
        self.announce(effects.messages)
