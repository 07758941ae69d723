"""What each setting of the evaluation shows with a test row's question, and who answers what.

Further distractors come from all chunks of the run, by the rule of the dataset's own: no chunk
that holds the answer, none that is the oracle's passage. All choices are seeded by the row's id.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.raft.distractors import DistractorPool, choose_distractors
from shared.raft.documents import Chunk
from shared.raft.examples import Example, Row, ShownDocument
from shared.raft.metrics import OPEN_BOOK
from shared.raft.rows import shown_document
from shared.raft.splitting import seeded

MODELS = ("baseline", "student")


@dataclass(frozen=True)
class Item:
    """One answer to be given: whose, to which test row, and what is shown.

    `distractors` is the sweep's number, −1 in the other settings; `sheet` is the place among the
    run's sheets, −1 where the row is shown as it is. `shows_oracle` is whether some oracle is
    shown; `judgements` how often the judge scores the answer.
    """

    setting: str
    distractors: int
    row: int
    model: str
    sheet: int = -1
    shows_oracle: bool = True
    judgements: int = 0

    @property
    def folder(self) -> str:
        """Where answers like this one are, beside each other."""
        if self.setting == OPEN_BOOK:
            return self.model
        suffix = f"_{self.distractors}" if self.distractors >= 0 else ""
        return f"{self.model}/{self.setting}{suffix}"


def further_distractors(
    row: Row, pool: DistractorPool, count: int, seed: int, choice: str
) -> list[ShownDocument]:
    """Up to `count` documents that the row does not show and that do not hold its answer."""
    shown = {document.chunk for document in row.documents}
    oracles = [_chunk(row.documents[place]) for place in row.oracles]
    ids = [oracle.id for oracle in oracles]
    example = Example(
        id=row.id,
        chunk=ids[0] if ids else "",
        question=row.question,
        answer=row.answer,
        final=row.final,
        quotes=row.quotes,
        kind=row.kind,
        second=ids[1] if len(ids) > 1 else "",
    )
    found = choose_distractors(example, oracles, pool, count + len(shown), seed, choice)
    return [shown_document(chunk) for chunk in found if chunk.id not in shown][:count]


def without_oracle(row: Row, further: Sequence[ShownDocument]) -> Row | None:
    """The row with a further distractor in each oracle's place; None where there are too few."""
    if len(further) < len(row.oracles):
        return None
    documents = list(row.documents)
    for place, document in zip(row.oracles, further, strict=False):
        documents[place] = document
    return replace(row, documents=documents, oracles=[])


def with_distractors(
    row: Row, count: int, further: Sequence[ShownDocument], seed: int
) -> Row | None:
    """The row with so many distractors; None where there are too few.

    Fewer are part of more. With as many as the row has, it is the row itself; further ones stand
    anywhere among the others.
    """
    oracles = {row.documents[place].chunk for place in row.oracles}
    own = [document for document in row.documents if document.chunk not in oracles]
    if len(own) + len(further) < count:
        return None
    own.sort(key=lambda document: seeded(seed, "sweep", row.id, document.chunk))
    kept = {*oracles, *(document.chunk for document in own[:count])}
    documents = [document for document in row.documents if document.chunk in kept]
    rng = random.Random(seeded(seed, "sweep", row.id))
    for document in further[: max(0, count - len(own))]:
        documents.insert(rng.randint(0, len(documents)), document)
    return _showing(row, documents)


def with_retrieved(row: Row, pool: DistractorPool, count: int) -> Row:
    """The row with the chunks that a search for its question finds, best first."""
    found = [pool.chunks[index] for index in pool.nearest(row.question, count)]
    return _showing(row, [shown_document(chunk) for chunk in found])


def with_nothing(row: Row) -> Row:
    """The bare question."""
    return replace(row, documents=[], oracles=[])


def _showing(row: Row, documents: list[ShownDocument]) -> Row:
    """The row with other documents; its oracles are found among them by their chunks."""
    oracles = {row.documents[place].chunk for place in row.oracles}
    places = [at for at, document in enumerate(documents) if document.chunk in oracles]
    return replace(row, documents=documents, oracles=places)


def _chunk(document: ShownDocument) -> Chunk:
    return Chunk(
        document.chunk, document.text, document.document, document.pages, 0, document.heading
    )
