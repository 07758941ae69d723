"""Draws pages of PDF files, in a child process with the limits of reading (see `render_child`).

A page that brings the child down, or takes too long, is left out: the pages after it are drawn by
another child.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Sequence

from shared.adapters.children import ChildGaveUp, ReadingLimits, said_by_child
from shared.errors import DocumentError

_CHILD = "shared.adapters.render_child"
_ONE_PAGE = {"too_slow"}  # a DocumentError about the page underway, not about the file


class PdfPictures:
    """Keeps the promises of `ports.PageRenderer`."""

    def __init__(
        self, limits: ReadingLimits | None = None, places: asyncio.Semaphore | None = None
    ) -> None:
        self._limits = limits or ReadingLimits()
        self._places = places or asyncio.Semaphore(self._limits.at_once)

    async def render(self, data: bytes, numbers: Sequence[int]) -> dict[int, bytes]:
        """See the port. Pages not drawn within the limit of seconds are left out as well."""
        drawn: dict[int, bytes] = {}
        waiting = list(numbers)
        with contextlib.suppress(TimeoutError):
            async with self._places, asyncio.timeout(self._limits.seconds):
                while waiting:
                    waiting = await self._draw(data, waiting, drawn)
        return {number: png for number, png in drawn.items() if png}

    async def _draw(self, data: bytes, numbers: list[int], drawn: dict[int, bytes]) -> list[int]:
        """Add the pictures of one child; returns what is left to draw by another."""
        waiting = list(numbers)
        wanted = ",".join(map(str, numbers))
        said = said_by_child(_CHILD, (wanted,), data, "the file", self._limits)
        try:
            async with contextlib.aclosing(said):
                async for record in said:
                    drawn[waiting.pop(0)] = base64.b64decode(record["png"])
        except ChildGaveUp:
            return waiting[1:]
        except DocumentError as error:
            if error.code not in _ONE_PAGE:
                raise
            return waiting[1:]
        return []
