"""Chooses what a row shows beside (or instead of) its oracle, and where the oracle stands.

Each row's choice is seeded by its own id, so it hangs on the pool and never on other rows.
Distractors come from the row's own split: a test passage is never shown in training.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from shared.raft.answers import squash
from shared.raft.documents import Chunk
from shared.raft.examples import Example, Row, ShownDocument
from shared.raft.splitting import seeded


def rows_with_oracle(examples: Sequence[Example], p: float, seed: int) -> set[str]:
    """Ids of the share `p` of examples whose oracle is shown: exact to within one row."""
    order = sorted(examples, key=lambda example: seeded(seed, "oracle", example.id))
    return {example.id for example in order[: round(p * len(order))]}


def choose_distractors(
    example: Example, pool: Sequence[Chunk], count: int, seed: int
) -> list[Chunk]:
    """Up to `count` chunks of the pool that are not the oracle and hold none of its quotes."""
    rng = random.Random(seeded(seed, "distractors", example.id))
    oracle = next((chunk for chunk in pool if chunk.id == example.chunk), None)
    taken = {squash(oracle.text)} if oracle else set()
    quotes = [squash(quote) for quote in example.quotes]
    chosen: list[Chunk] = []
    for index in rng.sample(range(len(pool)), len(pool)):
        if len(chosen) == count:
            break
        text = squash(pool[index].text)
        if pool[index].id == example.chunk or text in taken or any(q in text for q in quotes):
            continue
        taken.add(text)
        chosen.append(pool[index])
    return chosen


def compose_row(
    example: Example,
    oracle: Chunk,
    distractors: Sequence[Chunk],
    *,
    split: str,
    group: str,
    label: str | None,
    seed: int,
) -> Row:
    """A row with its documents shuffled. `label` None: the oracle is shown and the teacher's
    answer is the label; otherwise the oracle is left out and `label` stands."""
    shown = [*distractors, oracle] if label is None else list(distractors)
    random.Random(seeded(seed, "position", example.id)).shuffle(shown)
    return Row(
        id=example.id,
        split=split,
        group=group,
        question=example.question,
        documents=[ShownDocument(chunk.id, chunk.text) for chunk in shown],
        oracle=shown.index(oracle) if label is None else -1,
        label=example.answer if label is None else label,
        answer=example.answer,
        final=example.final,
        quotes=example.quotes,
    )
