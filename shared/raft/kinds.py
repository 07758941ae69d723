"""Which kinds of question a chunk lends itself to, and how many of each are asked of it.

Shares are drawn by systematic sampling (Madow 1949): a chunk's counts are its exact shares rounded
up or down, and over many chunks each kind comes to its share. The draw is seeded by the chunk's
text, so that a chunk that moves within its document is asked the same, and is not paid again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from math import floor

from shared.raft.documents import Chunk
from shared.raft.prompts import API, MULTI_HOP
from shared.raft.splitting import seeded
from shared.raft.text import TABLE_ROW, TABLE_RULE

_ALIGNED = re.compile(r"\S(?: {3,}|\t+)\S+(?:.*\S)?(?: {3,}|\t+)\S")  # at least three columns
_NUMBERED = re.compile(r"[ \t]*\(?\d{1,2}[.)][ \t]+\S")
_PROCEDURE = re.compile(
    r"""\bhow\s+to\b | \bstep\s+\d
      | \bto\s+(?:apply|cancel|open|close|change|report|claim|request)\b
      | \b(?:you|we|they|customers?|applicants?|holders?|users?)\s+(?:can|must|should|need\s+to)\s
        (?!be\b|not\b|have\b) | \b(?:first|then|next|finally),\s
      | (?:^|[.!?]\s+|[-*•]\s+)(?:call|tap|click|select|choose|enter|press|open|write|send|fill|go|
        sign|log|contact|visit|keep|check|ask|tell|bring|use|turn|add|remove|run|set)\s+(?:the|a|an|
        your|us|to|in|on|it|out|for|our|any|all)\b""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_COMPARISON = re.compile(
    r"""\b(?:than|whereas|unlike|compared\s+(?:with|to)|in\s+contrast|on\s+the\s+other\s+hand|
        instead\s+of|rather\s+than|differ(?:s|ent|ence|ences)?|both|either|while\s+the|
        respectively|the\s+same\s+as|similar\s+to|the\s+former|the\s+latter)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_ROWS = 2  # of a table, below its header


def kinds_for(chunk: Chunk, following: Chunk | None) -> set[str]:
    """The kinds that the chunk lends itself to; `following` is the run's next chunk, if any.

    Questions over two chunks are asked of chunks with an even ordinal only, about them and the
    very next one of their document: no chunk is asked of twice.
    """
    lines = chunk.text.splitlines()
    kinds = {"factual"}
    table = has_table(chunk.text)
    if table:
        kinds.add("table")
    if sum(_NUMBERED.match(line) is not None for line in lines) > 1 or _PROCEDURE.search(
        chunk.text
    ):
        kinds.add("procedural")
    if table or _COMPARISON.search(chunk.text):
        kinds.add("comparison")
    if following is not None and _is_next(chunk, following):
        kinds.add(MULTI_HOP)
    return kinds


def has_table(text: str) -> bool:
    """Whether the text holds a table: piped, or of three columns or more set apart by spaces."""
    lines = text.splitlines()
    piped = [line for line in lines if TABLE_ROW.match(line) and not TABLE_RULE.match(line)]
    aligned = [line for line in lines if _ALIGNED.search(line)]
    return len(piped) > _ROWS or len(aligned) > _ROWS


def ask_for(
    chunk: Chunk, kinds: Iterable[str], mix: Mapping[str, float], count: int, seed: int
) -> dict[str, int]:
    """How many of `count` questions are of which kind, in the mix's order; only counts over 0.

    What the chunk does not lend itself to goes to its other kinds by their weights. Where none of
    them has a weight, all are factual. Multi-hop weighs double, since only every other chunk can
    be asked for it.
    """
    able = set(kinds)
    weights = {
        kind: weight * (2 if kind == MULTI_HOP else 1)
        for kind, weight in mix.items()
        if kind in able and weight
    } or {"factual": 1.0}
    total = sum(weights.values())
    mark = random.Random(seeded(seed, "kinds", chunk.text)).random()
    counts: dict[str, int] = {}
    before = 0
    reached = 0.0
    for kind, weight in weights.items():
        reached += weight
        # The last mark is reached exactly, whatever floating point makes of the sum.
        upto = count if reached >= total else floor(count * reached / total + mark)
        counts[kind] = upto - before
        before = upto
    return {kind: number for kind, number in counts.items() if number}


def instructions(count: int) -> dict[str, int]:
    """What is asked of an entry of API documentation."""
    return {API: count}


def _is_next(chunk: Chunk, following: Chunk) -> bool:
    ordinal, other = _ordinal(chunk.id), _ordinal(following.id)
    same = chunk.document == following.document
    return same and ordinal >= 0 and ordinal % 2 == 0 and other == ordinal + 1


def _ordinal(chunk_id: str) -> int:
    digits = chunk_id.rpartition("#")[2]
    return int(digits) if digits.isdecimal() else -1
