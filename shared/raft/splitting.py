"""Splits examples into train, valid and test by chunk group, so that no oracle is in two splits.

A group is a chunk, or several that share text or a question: all questions about the same
passage go to the same side. Peers split by row, and 12 % to 96 % of their test oracles were
trained on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from shared.errors import QuorumNotReached
from shared.raft.answers import squash
from shared.raft.documents import Chunk
from shared.raft.examples import Example
from shared.raft.near_duplicates import near_duplicates
from shared.raft.questions import normalise_question

SPLITS = ("train", "valid", "test")


def drop_repeated_questions(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """(kept, repeated): the first example of each question stays, form and wording aside."""
    kept, repeated = _drop_same_form(examples)
    again = near_duplicates([example.question for example in kept])
    repeated += [kept[index] for index in again]
    return [example for index, example in enumerate(kept) if index not in again], repeated


def _drop_same_form(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    kept: list[Example] = []
    repeated: list[Example] = []
    seen: set[str] = set()
    for example in examples:
        key = normalise_question(example.question)
        (repeated if key in seen else kept).append(example)
        seen.add(key)
    return kept, repeated


def group_chunks(
    chunks: Sequence[Chunk], overlap: bool, by_document: bool = False
) -> dict[str, str]:
    """Chunk id → group id: the chunk itself, or its document.

    Chunks of the same text are one group. With overlap, neighbours share text and are paired
    rather than chained: a chain would make one group of a whole document. Test examples that
    quote a span shared between pairs are dropped.
    """
    groups: dict[str, str] = {}
    by_text: dict[str, str] = {}
    ordinals: dict[str, int] = {}
    for chunk in chunks:
        ordinal = ordinals.get(chunk.document, 0)
        ordinals[chunk.document] = ordinal + 1
        own = f"{chunk.document}#{ordinal - ordinal % 2}" if overlap else chunk.id
        if by_document:
            own = chunk.document
        groups[chunk.id] = by_text.setdefault(squash(chunk.text), own)
    return groups


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


def quoted_in(examples: Sequence[Example], texts: Iterable[str]) -> set[str]:
    """Ids of the examples of which some quote stands in one of the texts.

    Overlapping chunks and repeated passages put the same sentence on both sides of a split; a
    test question about it would ask for what was trained on.
    """
    joined = "\n".join(squash(text) for text in texts)
    return {e.id for e in examples if any(squash(quote) in joined for quote in e.quotes)}


def seeded(seed: int, *parts: str) -> int:
    """A number that depends on the seed and the names only, not on order or process."""
    text = "\x1f".join((str(seed), *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
