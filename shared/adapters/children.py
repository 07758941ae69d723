"""Reads a document in a child process: what is hostile or broken ends there, and within limits.

A 29 KB file can hold 10 MB of text operators and keep a parser busy for half a minute, and a broken
one can take all memory: neither may happen in a process that serves other work. The child speaks
one JSON line a page, then {"done": …}, or {"error": code, "message": …}.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from shared.errors import DocumentError
from shared.raft.documents import Page


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


class ChildGaveUp(Exception):
    """Raised when the child ended without a word: its parser brought it down."""

    def __init__(self, page: int) -> None:
        super().__init__(f"the reader gave up on page {page}")
        self.page = page


async def read_in_child(
    module: str, arguments: tuple[str, ...], data: bytes, name: str, limits: ReadingLimits
) -> list[Page]:
    """Pages that the module says; raises DocumentError, and ChildGaveUp when it crashed."""
    pages: list[Page] = []
    characters = 0
    async with contextlib.aclosing(said_by_child(module, arguments, data, name, limits)) as said:
        async for record in said:
            pages.append(_page(record))
            characters += len(record["text"])
            if characters > limits.characters:
                raise DocumentError(
                    "too_large", f"{name} holds over {limits.characters} characters of text"
                )
    return pages


async def said_by_child(
    module: str, arguments: tuple[str, ...], data: bytes, name: str, limits: ReadingLimits
) -> AsyncGenerator[dict[str, Any]]:
    """What the module says of each page, as it says it; raises as `read_in_child`."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        str(limits.memory_bytes),
        str(limits.pages),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=limits.characters * 8,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert child.stdin and child.stdout
    feeding = asyncio.create_task(_feed(child.stdin, data))
    page = 1
    try:
        while "done" not in (record := await _next(child.stdout, name, page, limits)):
            if "error" in record:
                raise DocumentError(record["error"], f"{name} cannot be read: {record['message']}")
            yield record
            page += 1
    finally:
        feeding.cancel()
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _page(record: dict[str, Any]) -> Page:
    return Page(
        record["page"],
        record["text"],
        read_by=record.get("by", ""),
        problem=str(record.get("problem", ""))[:200],
        label=record.get("label", ""),
        headings=[(int(level), str(title)) for level, title in record.get("headings", [])],
        note=record.get("note", ""),
        pictured=float(record.get("pictured", 0.0)),
        drawn=bool(record.get("drawn", False)),
    )


async def _next(
    lines: asyncio.StreamReader, name: str, page: int, limits: ReadingLimits
) -> dict[str, Any]:
    try:
        line = await asyncio.wait_for(lines.readline(), limits.silent_seconds)
    except TimeoutError:
        seconds = limits.silent_seconds
        raise DocumentError(
            "too_slow", f"page {page} of {name} was not read within {seconds:g} s"
        ) from None
    except ValueError:  # a line over the stream's limit
        raise DocumentError("too_large", f"page {page} of {name} holds too much text") from None
    if not line.endswith(b"\n"):
        raise ChildGaveUp(page)
    record: dict[str, Any] = _storable(json.loads(line))
    return record


def _storable(value: Any) -> Any:
    """The value with halves of surrogate pairs, which broken fonts give, as U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    return value


async def _feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(data)
        await stdin.drain()
        stdin.close()
