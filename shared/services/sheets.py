"""Plans the evaluation: which model answers which test row in which setting, and what is shown.

All of it is a function of test rows, chunks and spec, so a repeated plan writes the same bytes.
Answers to open_book come first: item 2·i is the baseline's to row i, item 2·i + 1 the student's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import ceil

from shared.contracts import Step
from shared.ports import BlobStore
from shared.raft.distractors import DistractorPool
from shared.raft.examples import Row
from shared.raft.formats import row_from, row_record
from shared.raft.metrics import (
    CLOSED_BOOK,
    DISTRACTORS,
    NO_ORACLE,
    OPEN_BOOK,
    RETRIEVED,
    is_judged,
)
from shared.raft.sheets import (
    MODELS,
    Item,
    further_distractors,
    with_distractors,
    with_nothing,
    with_retrieved,
    without_oracle,
)
from shared.raft.splitting import seeded
from shared.services.dataset import questions_prefix
from shared.services.documents import chunks_prefix
from shared.services.one_thread import OneThread
from shared.services.runs import Runs
from shared.services.scratch import ChunksOnShelf, Scratch, Shelf, to_record
from shared.services.shards import Shards, records_in
from shared.spec import RunSpec

Sheet = tuple[
    str, int, Row
]  # setting, number of distractors (−1: none of the sweep), what is shown


class Sheets:
    """Plans of runs. A sheet is a test row as a setting other than open_book shows it."""

    def __init__(self, runs: BlobStore, records: Runs, shards: Shards) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards

    async def plan(self, run: str) -> Step:
        """Write the items and their sheets; counts the items."""
        spec = (await self._records.context(run)).spec
        ids = [str(record["id"]) async for record in self._shards.each(questions_prefix(run))]
        sampled = _Sample(ids, spec)
        items = self._shards.writer(_items_prefix(run))
        count = 0
        if OPEN_BOOK in spec.evaluation.settings:
            for index in range(len(ids)):
                times = sampled.judgements(index)
                await items.add(_pair(Item(OPEN_BOOK, -1, index, "", judgements=times)))
            count = 2 * len(ids)
        sheets = self._shards.writer(_sheets_prefix(run))
        number = 0
        with Scratch() as scratch, OneThread() as away:
            pool = await self._pool(run, spec, scratch.shelf("chunks"), away)
            for index in sampled.rows:
                row = row_from(await self._shards.item(questions_prefix(run), index))
                for setting, distractors, shown in await away(_sheets, row, pool, spec):
                    judged = is_judged(setting) and sampled.judgements(index) > 0
                    one = Item(
                        *(setting, distractors, index, "", number, bool(shown.oracles)),
                        judgements=int(judged),
                    )
                    await items.add(_pair(one))
                    await sheets.add([row_record(shown)])
                    number += 1
        await items.close()
        await sheets.close()
        return Step(count + 2 * number, _items_prefix(run))

    async def item(self, run: str, index: int) -> tuple[Item, Row]:
        """One item, and the row as it is shown; IndexError or BlobNotFound past the end."""
        item = Item(**await self._shards.item(_items_prefix(run), index))
        if item.sheet < 0:
            return item, row_from(await self._shards.item(questions_prefix(run), item.row))
        return item, row_from(await self._shards.item(_sheets_prefix(run), item.sheet))

    async def items(self, run: str) -> list[Item]:
        """All items, in order."""
        return [Item(**record) for record in await self._shards.all(_items_prefix(run))]

    async def _pool(
        self, run: str, spec: RunSpec, shelf: Shelf, away: OneThread
    ) -> DistractorPool | None:
        """All chunks of the run, indexed; None where no setting looks for any."""
        asked = spec.evaluation
        if not asked.sample or not (
            asked.distractor_sweep or {NO_ORACLE, RETRIEVED} & {*asked.settings}
        ):
            return None
        async for data in self._shards.blobs(chunks_prefix(run)):
            shelf.add(map(to_record, records_in(data)))
        return await away(DistractorPool, ChunksOnShelf(shelf, range(len(shelf))))


class _Sample:
    """Which rows have further settings and which are judged: both the first of one seeded order,
    so that settings are compared over the same rows."""

    def __init__(self, ids: Sequence[str], spec: RunSpec) -> None:
        asked = spec.evaluation
        order = sorted(range(len(ids)), key=lambda at: seeded(spec.seed, "judge", ids[at]))
        judged = order[: asked.judge_sample] if asked.metrics else []
        self.rows = sorted(order[: asked.sample])
        self._judged = set(judged)
        self._twice = set(judged[: ceil(asked.judge_repeats * len(judged))])

    def judgements(self, row: int) -> int:
        """How often the judge scores an open_book answer to the row."""
        return (row in self._judged) + (row in self._twice)


def _sheets(row: Row, pool: DistractorPool | None, spec: RunSpec) -> list[Sheet]:
    """What all settings but open_book show of a row; without those that lack distractors."""
    asked = spec.evaluation
    shown = len(row.documents) - len(row.oracles)
    wanted = max([len(row.oracles), *(count - shown for count in asked.distractor_sweep)])
    further = []
    if pool is not None:
        further = further_distractors(row, pool, wanted, spec.seed, spec.distractor_choice)
    found: list[tuple[str, int, Row | None]] = []
    for setting in asked.settings:
        if setting == NO_ORACLE:
            found.append((setting, -1, without_oracle(row, further)))
        elif setting == RETRIEVED and pool is not None:
            found.append((setting, -1, with_retrieved(row, pool, asked.top_k)))
        elif setting == CLOSED_BOOK:
            found.append((setting, -1, with_nothing(row)))
    for count in sorted(set(asked.distractor_sweep)):
        found.append((DISTRACTORS, count, with_distractors(row, count, further, spec.seed)))
    return [(setting, count, one) for setting, count, one in found if one is not None]


def _pair(item: Item) -> Iterator[dict[str, object]]:
    """The item of each model."""
    return ({**asdict(item), "model": model} for model in MODELS)


def _items_prefix(run: str) -> str:
    return f"{run}/evaluation/items"


def _sheets_prefix(run: str) -> str:
    return f"{run}/evaluation/sheets"
