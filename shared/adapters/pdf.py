"""Reads PDF files: pdfium and pypdf in a child process with limits (see `children`, `pdf_child`).

pdfium is native code, so a hostile file can end its process: such a file is read once more by
pypdf alone, in a child of its own, before it counts as damaged.
"""

from __future__ import annotations

import asyncio

from shared.adapters.children import ChildGaveUp, ReadingLimits, read_in_child
from shared.errors import DocumentError
from shared.raft.documents import Page

__all__ = ["PdfReader", "ReadingLimits"]

_CHILD = "shared.adapters.pdf_child"
_HEADER_WITHIN = 1_024  # where readers accept %PDF-, by the standard's implementation notes


class PdfReader:
    """Pages with their text, outline and labels, by the limits given."""

    def __init__(
        self, limits: ReadingLimits | None = None, places: asyncio.Semaphore | None = None
    ) -> None:
        self._limits = limits or ReadingLimits()
        self._places = places or asyncio.Semaphore(self._limits.at_once)

    async def read(self, data: bytes, name: str) -> list[Page]:
        """See `ports.DocumentReader`; pages without text stay in the list, with their problem.

        Whether none has text is not asked here: their pictures may still be read.
        """
        limits = self._limits
        if not data:
            raise DocumentError("empty_file", f"{name} has 0 bytes")
        if len(data) > limits.file_bytes:
            raise DocumentError("too_large", f"{name} has over {limits.file_bytes} bytes")
        if b"%PDF-" not in data[:_HEADER_WITHIN]:
            raise DocumentError("not_a_pdf", f"{name} is named .pdf but is not a PDF file")
        try:
            async with self._places, asyncio.timeout(limits.seconds):
                return await self._read(data, name)
        except TimeoutError:
            raise DocumentError(
                "too_slow", f"{name} was not read within {limits.seconds:g} s"
            ) from None

    async def _read(self, data: bytes, name: str) -> list[Page]:
        with_pdfium: tuple[str, ...] = ()
        for arguments in (with_pdfium, ("pypdf",)):
            try:
                return await read_in_child(_CHILD, arguments, data, name, self._limits)
            except ChildGaveUp as crash:
                page = crash.page
        raise DocumentError("damaged", f"the reader gave up on page {page} of {name}")
