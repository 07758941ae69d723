"""The chunks of any folder's documents in figures: read and cut as a run would, without one.

Glued words are counted from above: a word counts that stands once or twice, is not written anywhere
with a hyphen, and falls into two words of three letters or more that both stand three times or
more in the same documents. Real compounds that pass this test are counted too. Where the folder
has the documents' source texts in `text/`, words that stand in no source are counted exactly.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from shared.adapters.readers import Readers
from shared.adapters.tokenizer import O200kTokenizer
from shared.raft.documents import Chunk, doctype_of
from shared.services.cutting import Cutter
from shared.spec import RunSpec

_WORD = re.compile(r"[^\W\d_]+")
_SIZES = (256, 512)


def measure_chunks(files: list[Path]) -> dict[str, Any]:
    """Median sizes of `tokens` chunks, and the share of glued words."""
    figures: dict[str, Any] = {}
    chunks: list[Chunk] = []
    for size in _SIZES:
        chunks = asyncio.run(_cut(files, RunSpec(chunking="tokens", chunk_size=size)))
        middle = median(chunk.tokens for chunk in chunks)
        figures[f"median of `tokens` chunks over chunk_size = {size}"] = f"{middle / size:.3f}"
    words, glued = _glued(chunks)
    figures["words that may be glued, of all words"] = (
        f"{len(glued)} of {words} = {100 * len(glued) / max(1, words):.3f} %"
    )
    figures["  which"] = ", ".join(sorted(glued)) or "none"
    if source := _source(files):
        written = _WORD.findall("\n".join(chunk.text for chunk in chunks).casefold())
        foreign = [word for word in written if word not in source]
        figures["words that no source text holds (glued or torn)"] = f"{len(foreign)} of {words}"
    return figures


def _source(files: list[Path]) -> set[str]:
    """All words of the texts that the documents were made from; empty where there are none."""
    folders = {path.parent / "text" for path in files}
    texts = [path.read_text(encoding="utf-8") for each in folders for path in each.glob("*.md")]
    return set(_WORD.findall("\n".join(texts).casefold()))


async def _cut(files: list[Path], spec: RunSpec) -> list[Chunk]:
    def no_embedder() -> Any:
        raise RuntimeError("tokens chunks need no embeddings")

    cutter = Cutter(Readers(), O200kTokenizer(), no_embedder)
    calls: Any = None  # nothing of this is paid
    found: list[Chunk] = []
    for path in files:
        cut = await cutter.cut(path.read_bytes(), path.name, doctype_of(path.name), spec, calls)
        found += cut.chunks
    return found


def _glued(chunks: list[Chunk]) -> tuple[int, list[str]]:
    text = "\n".join(chunk.text for chunk in chunks).casefold()
    seen = Counter(_WORD.findall(text))
    parts = {word for word, count in seen.items() if count >= 3 and len(word) >= 3}
    hyphened = {match.replace("-", "") for match in re.findall(r"[^\W\d_]+-[^\W\d_]+", text)}
    glued = [
        word
        for word, count in seen.items()
        if count <= 2
        and word not in hyphened
        and any(word[:at] in parts and word[at:] in parts for at in range(3, len(word) - 2))
    ]
    return seen.total(), glued
