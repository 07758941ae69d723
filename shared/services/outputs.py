"""Many blobs written side by side in one pass, each a stream: what is written is soon forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any

from shared.ports import BlobStore

_WAITING = 1  # batches of one blob that wait for its upload
_END = object()

# Turns the batches of one blob into its bytes.
Form = Callable[[AsyncIterator[Any]], AsyncIterator[bytes]]


async def as_written(parts: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """The form of a blob whose batches are bytes already."""
    async for part in parts:
        yield part


class Outputs:
    """A context manager: at its end all blobs are there; after an error, none that was not yet."""

    def __init__(self, runs: BlobStore) -> None:
        self._runs = runs
        self._queues: dict[str, asyncio.Queue[Any]] = {}
        self._uploads: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Outputs:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                for name in self._queues:
                    await self.write(name, _END)
                await asyncio.gather(*self._uploads.values())
        finally:
            for upload in self._uploads.values():
                upload.cancel()
            await asyncio.gather(*self._uploads.values(), return_exceptions=True)

    def open(self, name: str, form: Form = as_written) -> None:
        """Begin a blob; one that nothing is written to is empty."""
        queue: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
        self._queues[name] = queue
        parts = form(_until_end(queue))
        self._uploads[name] = asyncio.create_task(self._runs.put_stream(name, parts))

    async def write(self, name: str, batch: Any) -> None:
        """The blob's next batch, once there is room for it; raises what its upload raised."""
        waiting = asyncio.ensure_future(self._queues[name].put(batch))
        upload = self._uploads[name]
        await asyncio.wait((waiting, upload), return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            await upload


async def _until_end(queue: asyncio.Queue[Any]) -> AsyncIterator[Any]:
    while (batch := await queue.get()) is not _END:
        yield batch
