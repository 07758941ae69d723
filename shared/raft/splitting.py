"""Splits examples into train, valid and test by chunk group, so that no oracle is in two splits.

A group is a chunk, or several that share text or a question: all questions about the same
passage go to the same side. Peers split by row, and 12 % to 96 % of their test oracles were
trained on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from shared.errors import QuorumNotReached
from shared.raft.answers import squash
from shared.raft.documents import Chunk

SPLITS = ("train", "valid", "test")


def group_chunks(
    chunks: Iterable[Chunk],
    overlap: bool,
    by_document: bool = False,
    together: Collection[str] = (),
) -> dict[str, str]:
    """Chunk id → group id: the chunk itself, or its document.

    Chunks of the same text are one group. With overlap, neighbours share text and are paired
    (ordinals 2k and 2k + 1) rather than chained: a chain would make one group of a whole
    document. Test examples that quote a span shared between pairs are dropped. Chunks in
    `together` are paired likewise: a question needs both.
    """
    groups: dict[str, str] = {}
    roots: dict[str, str] = {}
    by_text: dict[bytes, str] = {}
    for chunk in chunks:
        own = chunk.id
        if by_document:
            own = chunk.document
        elif overlap or chunk.id in together:
            own = _pair(chunk.id)
        groups[chunk.id] = own
        text = hashlib.blake2b(squash(chunk.text).encode(), digest_size=16).digest()
        first, own = _root(roots, by_text.setdefault(text, own)), _root(roots, own)
        if first != own:
            roots[own] = first
    return {chunk: _root(roots, group) for chunk, group in groups.items()}


def _pair(chunk: str) -> str:
    """The id of the first chunk of a pair."""
    document, _, ordinal = chunk.rpartition("#")
    return f"{document}#{int(ordinal) - int(ordinal) % 2}"


def _root(roots: dict[str, str], group: str) -> str:
    while group in roots:
        group = roots[group]
    return group


def split_groups(
    sizes: Mapping[str, int],
    shares: Mapping[str, float],
    seed: int,
    documents: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Group id → split, shares measured in examples (`sizes`: examples per group).

    Groups are taken in a seeded order and each goes to the split that is furthest below its
    share. With `documents` (group → document) the shares are kept within each document too.
    Raises QuorumNotReached with fewer groups than splits.
    """
    if len(sizes) < len(SPLITS):
        raise QuorumNotReached(
            f"{len(sizes)} chunks (or documents, when split by document) with usable questions "
            "cannot fill train, valid and test: add documents, or make chunk_size smaller"
        )
    strata = documents or {}
    totals = Counter({"": sum(sizes.values())})
    for group, size in sizes.items():
        if group in strata:
            totals[strata[group]] += size
    filled: Counter[tuple[str, str]] = Counter()
    assigned: dict[str, str] = {}
    order = sorted(sizes, key=lambda group: seeded(seed, "split", group))
    for group in order:
        scopes = ["", strata[group]] if group in strata else [""]
        split = max(
            SPLITS,
            key=lambda name: sum(
                shares[name] - filled[scope, name] / totals[scope] for scope in scopes
            ),
        )
        assigned[group] = split
        for scope in scopes:
            filled[scope, split] += sizes[group]
    for name in SPLITS:  # tiny corpora: an empty split gets the smallest group that can be spared
        groups = Counter(assigned.values())
        if groups[name] == 0:
            spare = [group for group in reversed(order) if groups[assigned[group]] > 1]
            assigned[min(spare, key=lambda group: sizes[group])] = name
    return assigned


def seeded(seed: int, *parts: str) -> int:
    """A number that depends on the seed and the names only, not on order or process."""
    text = "\x1f".join((str(seed), *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
