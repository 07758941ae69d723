"""From a document's bytes to its chunks, as the run's spec asks: read, clean, cut.

Reading is the reader's, decisions are the domain's. What is paid goes through the item's ledger,
so that cutting again pays nothing: the VISION model's transcripts of pages, and for `semantic`
chunking vectors of the sentences.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shared.errors import DocumentError, SpecError
from shared.ports import DocumentReader, Embedder, PaidCalls, Tokenizer
from shared.raft.chunking import chunk_document, chunk_entries, sentences
from shared.raft.documents import BY_VISION, Chunk, Page
from shared.raft.reading import poor_text_layer, refusal_of_unread
from shared.raft.text import clean_pages, mend_characters
from shared.raft.transcripts import under_outline
from shared.services.vision import SET_VISION, PageVision
from shared.spec import RunSpec

_NO_VISION = f"no VISION model is configured: {SET_VISION} to have such pages read"


@dataclass(frozen=True)
class Cut:
    """What became of a document: its pages as cleaned, its chunks, and what had to be assumed.

    `poor`: numbers of the pages left with a poor text layer or none, and why it is poor.
    """

    pages: list[Page]
    chunks: list[Chunk]
    notes: list[str]
    poor: dict[int, str] = field(default_factory=dict)


class Cutter:
    """Cuts one document at a time. Without `vision` pages are read by their text layer alone."""

    def __init__(
        self,
        reader: DocumentReader,
        tokenizer: Tokenizer,
        embedder: Callable[[], Embedder],
        vision: PageVision | None = None,
    ) -> None:
        self._reader = reader
        self._tokenizer = tokenizer
        self._embedder = embedder
        self._vision = vision

    async def cut(
        self, data: bytes, name: str, doctype: str, spec: RunSpec, calls: PaidCalls
    ) -> Cut:
        """Raises DocumentError, and what `PageVision` and, for `semantic`, `Embedder` raise."""
        pages = await self._reader.read(data, name, doctype)
        poor: dict[int, str] = {}
        if doctype == "pdf":
            pages, poor = await self._by_vision(data, name, pages, spec, calls)
        pages = await asyncio.to_thread(_cleaned, pages, doctype)
        vectors: list[list[float]] | None = None
        if spec.chunking == "semantic" and doctype != "api":
            room = spec.chunk_size - spec.chunk_overlap
            texts = await asyncio.to_thread(sentences, pages, self._tokenizer.count, room)
            vectors = await self._embedder().embed(texts, calls)
        chunks = await asyncio.to_thread(self._chunks, name, pages, doctype, spec, vectors)
        notes = _notes(pages, chunks, doctype)
        if poor:
            notes += [f"page {number}: {reason}" for number, reason in poor.items()]
            notes += self._hint(spec)
        return Cut(pages, chunks, notes, poor)

    async def _by_vision(
        self, data: bytes, name: str, pages: list[Page], spec: RunSpec, calls: PaidCalls
    ) -> tuple[list[Page], dict[int, str]]:
        """Pages as the spec wants them read, and which of them stay poor."""
        if spec.reading == "vision" and self._vision is None:
            raise SpecError("reading", f"is vision, but {_NO_VISION}")
        poor = await asyncio.to_thread(_poor, pages)
        read = pages
        if self._vision is not None and spec.reading != "text":
            wanted = set(poor)
            if spec.reading == "vision":  # blank pages need nothing
                wanted |= {page.number for page in pages if page.text.strip()}
            read = await self._vision.read(data, pages, wanted, spec.seed, calls)
            read = [_settled(page, before, poor) for page, before in zip(read, pages, strict=True)]
        if not any(page.text.strip() for page in read):
            raise self._refusal(name, pages, read, spec)
        left = {page.number: page.read_by != BY_VISION for page in read}
        return under_outline(read), {number: why for number, why in poor.items() if left[number]}

    def _refusal(
        self, name: str, before: list[Page], read: list[Page], spec: RunSpec
    ) -> DocumentError:
        """Why no page gave text, in the reader's words, and what vision has to do with it."""
        error = refusal_of_unread(name, before)
        hint = self._hint(spec) if error.code == "no_text" else []
        more = [page.note for page in read if page.note][:1] or hint
        if all(page.read_by == BY_VISION for page in read):
            more = ["the VISION model found none in its pictures either"]
        return DocumentError(error.code, "; ".join([str(error), *more]))

    def _hint(self, spec: RunSpec) -> list[str]:
        return [_NO_VISION] if self._vision is None and spec.reading != "text" else []

    def _chunks(
        self,
        name: str,
        pages: list[Page],
        doctype: str,
        spec: RunSpec,
        vectors: list[list[float]] | None,
    ) -> list[Chunk]:
        count = self._tokenizer.count
        if doctype == "api":
            return chunk_entries(name, pages, count)
        return chunk_document(
            name, pages, count, spec.chunk_size, spec.chunk_overlap, spec.chunking, vectors
        )


def _poor(pages: list[Page]) -> dict[int, str]:
    return {page.number: why for page in pages if (why := poor_text_layer(page))}


def _settled(page: Page, before: Page, poor: dict[int, str]) -> Page:
    """The page as read, unless the model saw nothing where there is a good text layer."""
    lost = page.read_by == BY_VISION and not page.text.strip() and before.text.strip()
    if lost and page.number not in poor:
        return replace(before, note=f"page {page.number}: the VISION model saw no text on it")
    return page


def _cleaned(pages: list[Page], doctype: str) -> list[Page]:
    """Only a PDF's lines are the page's and not the author's."""
    if doctype == "pdf":
        return clean_pages(pages)
    return [replace(page, text=mend_characters(page.text)) for page in pages]


def _notes(pages: list[Page], chunks: list[Chunk], doctype: str) -> list[str]:
    notes = [page.note for page in pages if page.note]
    if doctype == "api":
        numbers = [chunk.pages[0] for chunk in chunks]
        notes += [
            f"endpoint {number} is too long for one chunk and was cut"
            for number in sorted({n for n in numbers if numbers.count(n) > 1})
        ]
    return notes
