"""The heavy work of a step, off the event loop and on one thread of its own.

Each thread that allocates much keeps freed memory to itself: on the loop's pool of threads the
same work would take up to six times the room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class OneThread:
    """A context manager; what is given to it is done one after the other."""

    def __enter__(self) -> OneThread:
        self._pool = ThreadPoolExecutor(1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    async def __call__(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns."""
        future = self._pool.submit(work, *args, **kwargs)
        return await asyncio.wrap_future(future)
