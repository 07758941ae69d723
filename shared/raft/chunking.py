"""Cuts a document's pages into chunks of at most `size` tokens that end at sentence ends.

Every character of text that is not white space lands in a chunk; a sentence longer than a chunk
is cut between words. Token counts come from the tokenizer handed in: characters never pass for
tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.raft.documents import Chunk, Page

# A sentence ends at .!? before white space and a capital, digit, quote or bullet; or at a blank
# line; the number of a list item ends none. Splitting after the white space keeps the text whole
# when pieces are joined again.
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\n\d\.)(?<!\n\d\d\.)\s+(?=[A-Z0-9\"'“‘(•*-])|\n\s*\n")
# Of a long run of white space eight characters are kept: it must never fill a chunk.
_WORD = re.compile(r"\S+\s{0,8}")
# A long sentence is cut into runs of this share of the size, so that chunks around it fill up.
_RUN = 1 / 8
# A last chunk below this share of the size joins its neighbour where both fit, or takes
# sentences from it: tiny chunks make poor questions.
_SMALL = 0.25


@dataclass(frozen=True)
class _Piece:
    text: str  # with its trailing white space
    page: int
    tokens: int


def chunk_document(
    document: str,
    pages: Sequence[Page],
    count_tokens: Callable[[str], int],
    size: int,
    overlap: int = 0,
) -> list[Chunk]:
    """Chunks in reading order; [] for pages without text.

    `size` and `overlap` in tokens. With overlap, a chunk begins with the last sentences of the
    one before, as many as fit in `overlap`.
    """
    pieces = list(_pieces(pages, count_tokens, size))
    spans = _balance_tail(_spans(pieces, size, overlap), pieces, size, overlap)
    chunks = []
    for ordinal, (start, end) in enumerate(spans):
        members = pieces[start:end]
        text = "".join(piece.text for piece in members).strip()
        chunks.append(
            Chunk(
                id=f"{document}#{ordinal}",
                text=text,
                document=document,
                pages=sorted({piece.page for piece in members}),
                tokens=count_tokens(text),
            )
        )
    return chunks


def _pieces(
    pages: Sequence[Page], count_tokens: Callable[[str], int], size: int
) -> Iterator[_Piece]:
    for page in pages:
        for sentence in _sentences(page.text):
            if sentence.isspace():
                continue
            tokens = count_tokens(sentence)
            if tokens <= size:
                yield _Piece(sentence, page.number, tokens)
            else:
                yield from _cut(sentence, page.number, count_tokens, size)


def _sentences(text: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        yield text[start : match.end()]
        start = match.end()
    if tail := text[start:].strip():
        yield tail + "\n"


def _cut(
    sentence: str, page: int, count_tokens: Callable[[str], int], size: int
) -> Iterator[_Piece]:
    """A long sentence between words; a word longer than a chunk between characters."""
    run = max(1, int(size * _RUN))
    held = ""
    for match in _WORD.finditer(sentence):
        word = match.group()
        parts = [word] if count_tokens(word) <= size else _bites(word, count_tokens, run)
        for part in parts:
            if held and count_tokens(held + part) > run:
                yield _Piece(held, page, count_tokens(held))
                held = ""
            held += part
    if held:
        yield _Piece(held, page, count_tokens(held))


def _bites(word: str, count_tokens: Callable[[str], int], size: int) -> Iterator[str]:
    if count_tokens(word) <= size:
        yield word
        return
    half = len(word) // 2
    yield from _bites(word[:half], count_tokens, size)
    yield from _bites(word[half:], count_tokens, size)


def _spans(pieces: Sequence[_Piece], size: int, overlap: int) -> list[tuple[int, int]]:
    """[start, end) of pieces per chunk. Tokens of a join never exceed the sum of its parts much;
    the sum is what is held to `size`, so the count of the whole stays at or below it."""
    spans: list[tuple[int, int]] = []
    start = 0
    total = 0
    for index, piece in enumerate(pieces):
        if index > start and total + piece.tokens > size:
            spans.append((start, index))
            start = _overlap_start(pieces, start, index, min(overlap, size - piece.tokens))
            total = sum(p.tokens for p in pieces[start:index])
        total += piece.tokens
    if start < len(pieces):
        spans.append((start, len(pieces)))
    return spans


def _overlap_start(pieces: Sequence[_Piece], low: int, end: int, budget: int) -> int:
    start = end
    while start - 1 > low and pieces[start - 1].tokens <= budget:
        start -= 1
        budget -= pieces[start].tokens
    return start


def _balance_tail(
    spans: list[tuple[int, int]], pieces: Sequence[_Piece], size: int, overlap: int
) -> list[tuple[int, int]]:
    if len(spans) < 2:
        return spans
    (first, cut), (_, end) = spans[-2], spans[-1]
    tail = sum(piece.tokens for piece in pieces[cut:end])  # what the overlap repeats is not new
    if tail >= size * _SMALL:
        return spans
    if sum(piece.tokens for piece in pieces[first:end]) <= size:
        return [*spans[:-2], (first, end)]
    moved = cut
    while moved - 1 > first and tail + pieces[moved - 1].tokens <= size * _SMALL * 2:
        moved -= 1
        tail += pieces[moved].tokens
    start = _overlap_start(pieces, first, moved, min(overlap, size - tail))
    return [*spans[:-2], (first, moved), (start, end)]
