"""Cuts a document's pages into chunks of at most `size` tokens that end at sentence ends.

Every character of text that is not white space lands in a chunk; what a sentence longer than a
chunk is cut into is whole words. No chunk is over its size by the tokenizer handed in, none ends
with a bare heading while text follows, and one that begins among a table's rows begins with the
table's header. Three ways to choose where chunks end:

tokens    chunks as full as whole sentences make them, with overlap
markdown  sections stay together where they fit and are cut evenly where they do not; small ones
          join their neighbours under the same heading
semantic  chunks end where the meaning of the sentences changes most (see `semantic`)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from shared.raft.documents import Chunk, Page
from shared.raft.pieces import Count, Flow, Piece, cut_pieces, flow_of
from shared.raft.semantic import Vectors, semantic_sections
from shared.raft.spans import (
    Span,
    join_small,
    markdown_sections,
    pack,
    tidy_end,
    with_overlap,
)

# A chunk below this share of the size joins a neighbour where both fit, or takes sentences from
# one: tiny chunks make poor questions.
SMALL = 0.25
_HEADING_SHARE = 2 / 3  # of a chunk's tokens that stand under the heading it is filed under
ENTRY_TOKENS = 8_000  # of one endpoint of an API: more would not fit into a prompt five times


def chunk_document(
    document: str,
    pages: Sequence[Page],
    count_tokens: Count,
    size: int,
    overlap: int = 0,
    chunking: str = "tokens",
    vectors: Vectors | None = None,
) -> list[Chunk]:
    """Chunks in reading order; [] for pages without text.

    `size` and `overlap` in tokens. With overlap, a chunk begins with the last sentences of the
    one before, as many as fit in `overlap`. `semantic` takes a vector for each of `sentences`.
    """
    flow = flow_of(pages)
    pieces = cut_pieces(flow.text, count_tokens, size - (0 if chunking == "tokens" else overlap))
    small = int(size * SMALL)
    if chunking == "tokens":
        spans = pack(pieces, size, overlap, small)
    else:
        room = size - overlap
        if chunking == "semantic":
            sections = semantic_sections(pieces, vectors, room, small)
        else:
            sections = markdown_sections(pieces, room)
        whole = join_small(pieces, sections, room, small)
        spans = [with_overlap(pieces, span, overlap) for span in whole]
    return _chunks(document, flow, pieces, _held_to(size, spans, flow, pieces, count_tokens))


def sentences(pages: Sequence[Page], count_tokens: Count, size: int) -> list[str]:
    """What `semantic` needs vectors of, in order; `size` is the chunks' without overlap."""
    flow = flow_of(pages)
    pieces = cut_pieces(flow.text, count_tokens, size)
    return [flow.text[piece.start : piece.end].strip() for piece in pieces]


def chunk_entries(document: str, pages: Sequence[Page], count_tokens: Count) -> list[Chunk]:
    """One chunk for each page, which is one endpoint of an API; only a giant one is cut."""
    chunks: list[Chunk] = []
    for page in pages:
        parts = chunk_document("", [page], count_tokens, ENTRY_TOKENS)
        heading = page.headings[0][1] if page.headings else ""
        for part in parts:
            ordinal = f"{document}#{len(chunks)}"
            chunks.append(Chunk(ordinal, part.text, document, [page.number], part.tokens, heading))
    return chunks


def _held_to(
    size: int, spans: Iterable[Span], flow: Flow, pieces: Sequence[Piece], count: Count
) -> list[tuple[Span, str, int]]:
    """The spans with their text and tokens, cut again where the whole counts more than its parts.

    A tokenizer joins what stands together, so this is rare.
    """
    held = []
    waiting = list(spans)[::-1]
    while waiting:
        start, end = waiting.pop()
        text = flow.text[pieces[start].start : pieces[end - 1].end].strip()
        if pieces[start].header:
            text = pieces[start].header + text
        tokens = count(text)
        if tokens <= size or end - start < 2:
            held.append(((start, end), text, tokens))
            continue
        cut = tidy_end(pieces, start, end - 1)
        waiting += [(cut, end), (start, cut)]
    return held


def _chunks(
    document: str, flow: Flow, pieces: Sequence[Piece], spans: Sequence[tuple[Span, str, int]]
) -> list[Chunk]:
    return [
        Chunk(
            id=f"{document}#{ordinal}",
            text=text,
            document=document,
            pages=flow.pages(pieces[start].start, pieces[end - 1].end),
            tokens=tokens,
            heading=" > ".join(_path(pieces[start:end])),
        )
        for ordinal, ((start, end), text, tokens) in enumerate(spans)
    ]


def _path(pieces: Sequence[Piece]) -> tuple[str, ...]:
    """The deepest heading under which most of the pieces stand."""
    under: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for piece in pieces:
        for depth in range(1, len(piece.path) + 1):
            under[piece.path[:depth]] += piece.tokens
    enough = sum(piece.tokens for piece in pieces) * _HEADING_SHARE
    return max((path for path, tokens in under.items() if tokens >= enough), key=len, default=())
