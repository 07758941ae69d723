"""Calls the app's functions: sync ones in threads, async ones all on the host's event loop.

The durable client keeps a module-global HTTP session, so one loop serves every async function.
Activities run at most `max_activities` at a time, in the order in which they were scheduled;
their threads are apart from those of the other functions, so neither starves the other.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import azure.functions as func
from azure.functions import meta
from azure.functions.durable_functions import ActivityTriggerConverter

from local.host.engine import Completion
from local.host.function import Function
from local.host.store import Work

log = logging.getLogger("local.host")

_OTHER_THREADS = 16


class _Context(func.Context):
    """The `context` parameter that a function may ask for."""

    thread_local_storage = threading.local()  # type: ignore[assignment]
    function_directory = "."
    trace_context = None  # type: ignore[assignment]
    retry_context = None  # type: ignore[assignment]

    def __init__(self, function_name: str) -> None:
        self._function_name = function_name
        self._invocation_id = str(uuid.uuid4())

    @property
    def invocation_id(self) -> str:
        return self._invocation_id

    @property
    def function_name(self) -> str:
        return self._function_name


class Invoker:
    """`client_binding` is the JSON text that a durableClient parameter receives."""

    def __init__(self, client_binding: str, max_activities: int) -> None:
        self._client_binding = client_binding
        self._activity_threads = ThreadPoolExecutor(max_activities, "activity")
        self._other_threads = ThreadPoolExecutor(_OTHER_THREADS, "function")

    async def call(self, function: Function, argument: Any) -> Any:
        """Calls with `argument` as the trigger's parameter."""
        arguments: dict[str, Any] = {function.trigger["name"]: argument}
        for client in function.clients:
            arguments[client] = self._client_binding
        if function.wants_context:
            arguments["context"] = _Context(function.name)
        if function.is_async:
            return await function.code(**arguments)
        is_activity = function.kind == "activityTrigger"
        threads = self._activity_threads if is_activity else self._other_threads
        call = functools.partial(function.code, **arguments)
        return await asyncio.get_running_loop().run_in_executor(threads, call)

    def close(self) -> None:
        self._activity_threads.shutdown(wait=False, cancel_futures=True)
        self._other_threads.shutdown(wait=False, cancel_futures=True)


class Activities:
    """Runs the activity calls that the engine hands out."""

    def __init__(
        self,
        invoker: Invoker,
        functions: dict[str, Function],
        limit: int,
        complete: Callable[[Completion], None],
    ) -> None:
        self._invoker = invoker
        self._functions = functions
        self._limit = limit
        self._complete = complete
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Work] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def dispatch(self, works: Sequence[Work]) -> None:
        """Called on the engine's thread."""
        self._loop.call_soon_threadsafe(self._enqueue, works)

    def close(self) -> None:
        """Starts nothing more; what runs will run again after the next start of the host."""
        self._closed = True
        for task in self._running:
            task.cancel()

    def _enqueue(self, works: Sequence[Work]) -> None:
        self._waiting.extend(works)
        self._fill()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._limit and not self._closed:
            task = self._loop.create_task(self._run(self._waiting.popleft()))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._fill()

    async def _run(self, work: Work) -> None:
        try:
            result = await self._invoke(work)
        except asyncio.CancelledError:
            if self._closed:
                raise
            self._fail(work, "CancelledError: ")
        except Exception as error:
            log.error("activity %s of %s failed", work.name, work.instance_id, exc_info=error)
            self._fail(work, f"{type(error).__name__}: {error}")
        else:
            self._complete(Completion(work, result))

    async def _invoke(self, work: Work) -> str:
        function = self._functions.get(work.name)
        if function is None:
            raise LookupError(f"activity '{work.name}' is no longer in the app")
        argument = None
        if work.input is not None:
            datum = meta.Datum(work.input, "json")
            argument = ActivityTriggerConverter.decode(datum, trigger_metadata=None)
        value = await self._invoker.call(function, argument)
        encoded = ActivityTriggerConverter.encode(value, expected_type=None)
        return str(encoded.value)

    def _fail(self, work: Work, message: str) -> None:
        # Two blanks: what is left where the extension cuts "Exception:" out of the worker's text.
        reason = f"Activity function '{work.name}' failed:  {message}"
        details = f"Result: Failure\nException: {message}"
        self._complete(Completion(work, reason=reason, details=details))
