"""Makes rows of chosen documents: which rows keep their oracles, and where these stand."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence

from shared.raft.answers import abstention, without_source
from shared.raft.documents import Chunk
from shared.raft.examples import Choice, Example, Row, ShownDocument
from shared.raft.splitting import seeded


def rows_with_oracle(ids: Iterable[str], p: float, seed: int) -> set[str]:
    """The share `p` of the examples whose oracles are shown: exact to within one row."""
    order = sorted(ids, key=lambda one: seeded(seed, "oracle", one))
    return set(order[: round(p * len(order))])


def shown_document(chunk: Chunk) -> ShownDocument:
    """The chunk as it stands in a prompt."""
    return ShownDocument(chunk.id, chunk.text, chunk.document, chunk.pages, chunk.heading)


def replaced_distractors(choice: Choice, replaced: Collection[str]) -> list[ShownDocument]:
    """The choice's distractors, with spares, as far as there are any, for those replaced."""
    spares = iter([spare for spare in choice.spares if spare.chunk not in replaced])
    shown = [
        next(spares, None) if document.chunk in replaced else document
        for document in choice.distractors
    ]
    return [document for document in shown if document is not None]


def compose_row(
    choice: Choice,
    distractors: Sequence[ShownDocument],
    *,
    label: str | None,
    seed: int,
) -> Row:
    """A row with its documents shuffled. `label` None: all oracles are shown and the teacher's
    answer is the label; otherwise they are left out and `label` stands."""
    example = choice.example
    oracles = choice.oracles if label is None else []
    shown = [*distractors, *oracles]
    random.Random(seeded(seed, "position", example.id)).shuffle(shown)
    return Row(
        id=example.id,
        split=choice.split,
        group=choice.group,
        question=example.question,
        documents=shown,
        oracles=[shown.index(oracle) for oracle in oracles],
        label=example.answer if label is None else label,
        answer=example.answer,
        final=example.final,
        quotes=example.quotes,
        kind=example.kind,
    )


def label_without_oracle(example: Example, oracle_absent: str) -> str:
    """What a row without its oracles teaches: the bare answer, or to abstain."""
    return abstention() if oracle_absent == "abstain" else without_source(example.final)
