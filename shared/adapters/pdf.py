"""DocumentReader for PDF files: pypdf in a child process with limits.

A 29 KB file can hold 10 MB of text operators and keep pypdf busy for half a minute, and a broken
one can take all memory: neither may happen in a process that serves other work.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from shared.errors import DocumentError
from shared.raft.documents import Page

_HEADER_WITHIN = 1_024  # where readers accept %PDF-, by the standard's implementation notes


@dataclass(frozen=True)
class ReadingLimits:
    """Bounds for one document; seconds of silence are between two pages."""

    seconds: float = 300
    silent_seconds: float = 20
    memory_bytes: int = 1_500_000_000
    pages: int = 5_000
    characters: int = 20_000_000
    file_bytes: int = 500_000_000
    at_once: int = 2  # children of one process: each may take all its memory


class PdfReader:
    """Keeps the promises of `ports.DocumentReader`."""

    def __init__(self, limits: ReadingLimits | None = None) -> None:
        self._limits = limits or ReadingLimits()
        self._places = asyncio.Semaphore(self._limits.at_once)

    async def read(self, data: bytes, name: str) -> list[Page]:
        """See the port."""
        limits = self._limits
        if not data:
            raise DocumentError("empty_file", f"{name} has 0 bytes")
        if len(data) > limits.file_bytes:
            raise DocumentError("too_large", f"{name} has over {limits.file_bytes} bytes")
        if b"%PDF-" not in data[:_HEADER_WITHIN]:
            raise DocumentError("not_a_pdf", f"{name} is named .pdf but is not a PDF file")
        try:
            async with self._places, asyncio.timeout(limits.seconds):
                pages = await self._read_in_child(data, name)
        except TimeoutError:
            raise DocumentError(
                "too_slow", f"{name} was not read within {limits.seconds:g} s"
            ) from None
        if not any(page.text.strip() for page in pages):
            if troubled := [page for page in pages if page.problem]:
                page = troubled[0]
                raise DocumentError(
                    "damaged", f"page {page.number} of {name} cannot be read: {page.problem}"
                )
            raise DocumentError(
                "no_text", f"{name} has {len(pages)} pages and none holds text: it may be scanned"
            )
        return pages

    async def _read_in_child(self, data: bytes, name: str) -> list[Page]:
        limits = self._limits
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "shared.adapters.pdf_child",
            str(limits.memory_bytes),
            str(limits.pages),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=limits.characters * 8,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        assert child.stdin and child.stdout
        feeding = asyncio.create_task(_feed(child.stdin, data))
        try:
            return await self._collect(child.stdout, name)
        finally:
            feeding.cancel()
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

    async def _collect(self, lines: asyncio.StreamReader, name: str) -> list[Page]:
        limits = self._limits
        pages: list[Page] = []
        characters = 0
        while True:
            record = await self._next(lines, name, len(pages) + 1)
            if "done" in record:
                return pages
            if "error" in record:
                raise DocumentError(record["error"], f"{name} cannot be read: {record['message']}")
            problem = str(record.get("problem", ""))[:200]
            pages.append(Page(record["page"], record["text"], problem=problem))
            characters += len(record["text"])
            if characters > limits.characters:
                raise DocumentError(
                    "too_large", f"{name} holds over {limits.characters} characters of text"
                )

    async def _next(self, lines: asyncio.StreamReader, name: str, page: int) -> dict[str, Any]:
        try:
            line = await asyncio.wait_for(lines.readline(), self._limits.silent_seconds)
        except TimeoutError:
            seconds = self._limits.silent_seconds
            raise DocumentError(
                "too_slow", f"page {page} of {name} was not read within {seconds:g} s"
            ) from None
        except ValueError:  # a line over the stream's limit
            raise DocumentError("too_large", f"page {page} of {name} holds too much text") from None
        if not line:
            raise DocumentError("damaged", f"the reader gave up on page {page} of {name}")
        record: dict[str, Any] = json.loads(line)
        if "text" in record:
            record["text"] = _storable(record["text"])
        return record


def _storable(text: str) -> str:
    """The text with halves of surrogate pairs, which broken fonts give, as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


async def _feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(data)
        await stdin.drain()
        stdin.close()
