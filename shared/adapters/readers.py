"""DocumentReader for all document types: each is read in a child process with the same limits."""

from __future__ import annotations

import asyncio

from shared.adapters.children import ChildGaveUp, ReadingLimits, read_in_child
from shared.adapters.pdf import PdfReader
from shared.errors import DocumentError
from shared.raft.documents import Page

_CHILD = "shared.adapters.text_child"


class Readers:
    """Keeps the promises of `ports.DocumentReader`."""

    def __init__(
        self, limits: ReadingLimits | None = None, places: asyncio.Semaphore | None = None
    ) -> None:
        self._limits = limits or ReadingLimits()
        self._places = places or asyncio.Semaphore(self._limits.at_once)
        self._pdf = PdfReader(self._limits, self._places)

    async def read(self, data: bytes, name: str, doctype: str) -> list[Page]:
        """See the port."""
        if doctype == "pdf":
            return await self._pdf.read(data, name)
        limits = self._limits
        if not data.strip():
            raise DocumentError("empty_file", f"{name} holds no text: {len(data)} bytes")
        if len(data) > limits.file_bytes:
            raise DocumentError("too_large", f"{name} has over {limits.file_bytes} bytes")
        try:
            async with self._places, asyncio.timeout(limits.seconds):
                pages = await read_in_child(_CHILD, (doctype,), data, name, limits)
        except TimeoutError:
            raise DocumentError(
                "too_slow", f"{name} was not read within {limits.seconds:g} s"
            ) from None
        except ChildGaveUp:
            raise DocumentError("damaged", f"the reader gave up on {name}") from None
        if not any(page.text.strip() for page in pages):
            raise DocumentError("no_text", f"{name} holds no text")
        return pages
