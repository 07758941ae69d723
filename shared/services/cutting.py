"""From a document's bytes to its chunks, as the run's spec asks: read, clean, cut.

Reading is the reader's, decisions are the domain's. Only `semantic` chunking pays for something:
vectors of the sentences, through the item's ledger, so that cutting again pays nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.ports import DocumentReader, Embedder, PaidCalls, Tokenizer
from shared.raft.chunking import chunk_document, chunk_entries, sentences
from shared.raft.documents import Chunk, Page
from shared.raft.text import clean_pages, mend_characters
from shared.spec import RunSpec


@dataclass(frozen=True)
class Cut:
    """What became of a document: its pages as cleaned, its chunks, and what had to be assumed."""

    pages: list[Page]
    chunks: list[Chunk]
    notes: list[str]


class Cutter:
    """Cuts one document at a time."""

    def __init__(
        self,
        reader: DocumentReader,
        tokenizer: Tokenizer,
        embedder: Callable[[], Embedder],
    ) -> None:
        self._reader = reader
        self._tokenizer = tokenizer
        self._embedder = embedder

    async def cut(
        self, data: bytes, name: str, doctype: str, spec: RunSpec, calls: PaidCalls
    ) -> Cut:
        """Raises DocumentError, and for `semantic` what `Embedder` raises."""
        pages = await self._reader.read(data, name, doctype)
        pages = await asyncio.to_thread(_cleaned, pages, doctype)
        vectors: list[list[float]] | None = None
        if spec.chunking == "semantic" and doctype != "api":
            room = spec.chunk_size - spec.chunk_overlap
            texts = await asyncio.to_thread(sentences, pages, self._tokenizer.count, room)
            vectors = await self._embedder().embed(texts, calls)
        chunks = await asyncio.to_thread(self._chunks, name, pages, doctype, spec, vectors)
        return Cut(pages, chunks, _notes(pages, chunks, doctype))

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
