"""Reads pages of a PDF by their pictures: drawn, shown to the VISION model, kept as markdown.

Each page is one paid call through the item's ledger, so that reading again pays nothing. A page
that fails keeps the text layer it has and says why in its note; only what stops the whole run
raises.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.errors import DocumentError, ModelError
from shared.ports import Chat, ChatRequest, PageRenderer, PaidCalls
from shared.raft.documents import BY_VISION, Page
from shared.raft.transcripts import read_transcript, transcript_prompt
from shared.services.work import ask

SET_VISION = "set VISION_AZURE_OPENAI_ENDPOINT and VISION_AZURE_OPENAI_DEPLOYMENT"
_AT_ONCE = 16  # pictures in memory
_TOKENS = 4_096  # several times a dense page
_ATTEMPTS = 2


class PageVision:
    """Transcribes pages. `chat` makes the model's client at its first use."""

    def __init__(self, chat: Callable[[], Chat], renderer: PageRenderer) -> None:
        self._chat = chat
        self._renderer = renderer

    async def read(
        self, data: bytes, pages: Sequence[Page], numbers: set[int], seed: int, calls: PaidCalls
    ) -> list[Page]:
        """All pages, those of `numbers` as the model reads them, or with a note where it fails.

        Raises ModelRefusesUs and RunStopped.
        """
        wanted = [page for page in pages if page.number in numbers]
        read: dict[int, Page] = {}
        for at in range(0, len(wanted), _AT_ONCE):
            batch = wanted[at : at + _AT_ONCE]
            for page in await self._batch(data, batch, seed, calls):
                read[page.number] = page
        return [read.get(page.number, page) for page in pages]

    async def _batch(
        self, data: bytes, pages: Sequence[Page], seed: int, calls: PaidCalls
    ) -> list[Page]:
        try:
            pictures = await self._renderer.render(data, [page.number for page in pages])
        except DocumentError as error:
            return [_unread(page, error.reason) for page in pages]
        done = await asyncio.gather(
            *(self._page(page, pictures.get(page.number, b""), seed, calls) for page in pages),
            return_exceptions=True,
        )
        read = []
        for result in done:
            if isinstance(result, BaseException):
                raise result
            read.append(result)
        return read

    async def _page(self, page: Page, picture: bytes, seed: int, calls: PaidCalls) -> Page:
        if not picture:
            return _unread(page, "it cannot be drawn")
        try:
            text, problem = await self._transcript(picture, seed, calls)
        except ModelError as error:
            if error.fatal:
                raise
            return _unread(page, error.reason)
        if problem:
            return _unread(page, problem)
        return replace(page, text=text, read_by=BY_VISION, problem="")

    async def _transcript(self, picture: bytes, seed: int, calls: PaidCalls) -> tuple[str, str]:
        """Markdown, or why there is none; a reply that is none is asked for once more."""
        image = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        text = problem = ""
        for attempt in range(_ATTEMPTS):
            request = ChatRequest(transcript_prompt(), _TOKENS, seed=seed + attempt, image=image)
            reply = await ask(calls, "vision", self._chat(), request)
            text, problem = read_transcript(reply.text)
            if reply.finish_reason == "length":
                problem = "the transcript was cut off at its token limit"
            if reply.finish_reason == "content_filter":
                problem = "the content filter cut the transcript off"
            if not problem:
                break
        return text, problem


def _unread(page: Page, reason: str) -> Page:
    note = f"page {page.number} was not read by the VISION model: {reason}"
    problem = page.problem or ("" if page.text.strip() else reason)
    return replace(page, note=note, problem=problem)
