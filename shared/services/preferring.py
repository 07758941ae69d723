"""Preferences from the baseline's own mistakes: it answers the rows, its worse answers are kept.

Item i asks about rows 10·i to 10·i + 9 of the training and validation split, with the prompt that
they are trained on.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from shared.contracts import CHOICES_PER_ITEM, Outcome, OutcomeStatus, Step
from shared.errors import BlobNotFound, ModelError, RaftError
from shared.ports import BlobStore, Chat, PaidCalls
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_jsonl
from shared.raft.preferences import Record, is_worse, pair_record, preference_record
from shared.services.dataset import learned_prefix, questions_prefix
from shared.services.deployment import student_request
from shared.services.one_thread import OneThread
from shared.services.outputs import Outputs
from shared.services.runs import Runs, checked_id
from shared.services.shards import Shards, read_ahead, records_in
from shared.services.work import WorkStore, ask, settled

_AHEAD = 16
_SPLITS = ("train", "valid")


class Preferring:
    """Use cases of the baseline on what its student is trained on."""

    def __init__(
        self, runs: BlobStore, records: Runs, shards: Shards, work: WorkStore, baseline: Chat
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._baseline = baseline

    async def answer(self, run: str, item: int) -> Outcome:
        """Have the baseline answer an item's rows, and keep the answers that are worse; a row
        that it could not be asked about has none."""
        name = f"preferences {item}"
        calls = self._work.item(run, f"prefer/{item}")
        first = item * CHOICES_PER_ITEM
        records = await self._shards.some(learned_prefix(run), first, CHOICES_PER_ITEM)
        try:
            answers = await settled(self._own(row_from(record), calls) for record in records)
        except RaftError as error:
            fatal, reason = error.fatal, error.reason
            return Outcome(name, OutcomeStatus.FAILED, reason, fatal=fatal, spend=calls.spend)
        ref = _answers_name(run, item)
        await self._runs.put(ref, to_jsonl(answers))
        worse = sum(bool(answer) for answer in answers)
        counts = {"baseline_mistakes": worse} if worse else {}
        return Outcome(name, ref=ref, counts=counts, spend=calls.spend)

    async def write(self, run: str) -> Step:
        """Write dataset/dpo/ of rows and answers, and of what people chose; counts the pairs.

        A comparison about a row that is tested here is left out.
        """
        spec = (await self._records.context(run)).spec
        counts = dict.fromkeys(_SPLITS, 0)
        with OneThread() as away:
            async with Outputs(self._runs) as outputs:
                names = {split: f"{run}/dataset/dpo/{split}.jsonl" for split in _SPLITS}
                for name in names.values():
                    outputs.open(name)
                item = 0
                async for data in self._shards.blobs(learned_prefix(run)):
                    rows = [row_from(record) for record in records_in(data)]
                    kept: list[str] = []
                    for _ in range(0, len(rows), CHOICES_PER_ITEM):  # a shard holds whole items
                        kept += await self._kept(run, item)
                        item += 1
                    for split, pairs in (await away(_pairs, rows, kept)).items():
                        counts[split] += len(pairs)
                        await outputs.write(names[split], to_jsonl(pairs))
                chosen = await self._chosen(run, spec.student.comparisons)
                await outputs.write(names["train"], to_jsonl(chosen))
        made = sum(counts.values()) + len(chosen)
        return Step(made, f"{run}/dataset/dpo", {"pairs_chosen": len(chosen)} if chosen else {})

    async def _chosen(self, run: str, compared: str) -> list[Record]:
        """Pairs of the other run's comparisons that somebody won."""
        if not compared:
            return []
        questions = self._shards.each(questions_prefix(run))
        tested = {record["question"] async for record in questions}
        return [
            pair_record(each["messages"], each["preferred"], each["rejected"])
            for each in await read_comparisons(self._runs, compared)
            if each["preferred"] and each["question"] not in tested
        ]

    async def _own(self, row: Row, calls: PaidCalls) -> str:
        """The baseline's answer where it is worse, else ''; only what stops the run raises."""
        try:
            reply = await ask(calls, "evaluation", self._baseline, student_request(row))
        except ModelError as error:
            if error.fatal:
                raise
            return ""
        return reply.text if is_worse(reply.text, row) else ""

    async def _kept(self, run: str, item: int) -> list[str]:
        """What was kept of an item's rows, in order; '' for each row of an item that failed."""
        try:
            kept = list(records_in(await self._runs.read(_answers_name(run, item))))
        except BlobNotFound:
            kept = []
        return kept or [""] * CHOICES_PER_ITEM


def _pairs(rows: Sequence[Row], kept: Sequence[str]) -> dict[str, list[Record]]:
    """The pairs of rows with what was kept of them, by split."""
    pairs: dict[str, list[Record]] = defaultdict(list)
    for row, own in zip(rows, kept, strict=False):  # a failed item has more than its rows
        if pair := preference_record(row, own):
            pairs[row.split].append(pair)
    return pairs


def comparisons_prefix(run: str) -> str:
    """Where a run keeps what people preferred, one blob for each comparison."""
    return f"{run}/comparisons/"


async def read_comparisons(runs: BlobStore, run: str) -> list[dict[str, Any]]:
    """Everything that people chose in a run, by row; raises BlobNotFound on what is no run's id."""
    blobs = await runs.listing(comparisons_prefix(checked_id(run)))
    names = [blob.name for blob in blobs]
    return [json.loads(data) async for data in read_ahead(names, runs.read, _AHEAD)]


def _answers_name(run: str, item: int) -> str:
    return f"{run}/preferences/{item:05}.jsonl"
