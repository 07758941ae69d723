"""Preferences from the baseline's own mistakes: it answers the rows, its worse answers are kept.

Item i asks about rows 10·i to 10·i + 9 of the training and validation split, with the prompt that
they are trained on.
"""

from __future__ import annotations

import asyncio
import json

from shared.contracts import CHOICES_PER_ITEM, Outcome, OutcomeStatus, Step
from shared.errors import BlobNotFound, ModelError, RaftError
from shared.ports import BlobStore, Chat, PaidCalls
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_jsonl
from shared.raft.preferences import Record, is_worse, pair_record, preference_record
from shared.services.dataset import learned_prefix, questions_prefix
from shared.services.deployment import student_request
from shared.services.outputs import Outputs
from shared.services.runs import Runs, checked_id
from shared.services.shards import Shards, records_in
from shared.services.work import WorkStore, ask

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
        rows = await self._rows(run, item)
        answers = await asyncio.gather(
            *(self._own(row, calls) for row in rows), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, RaftError):
                fatal, reason = answer.fatal, answer.reason
                return Outcome(name, OutcomeStatus.FAILED, reason, fatal=fatal, spend=calls.spend)
            if isinstance(answer, BaseException):
                raise answer
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
        async with Outputs(self._runs) as outputs:
            names = {split: f"{run}/dataset/dpo/{split}.jsonl" for split in _SPLITS}
            for name in names.values():
                outputs.open(name)
            kept: list[str] = []
            index = 0
            async for record in self._shards.each(learned_prefix(run)):
                row = row_from(record)
                item, place = divmod(index, CHOICES_PER_ITEM)
                kept = kept if place else await self._kept(run, item)
                pair = preference_record(row, kept[place] if kept else "")
                index += 1
                if pair is not None:
                    counts[row.split] += 1
                    await outputs.write(names[row.split], to_jsonl([pair]))
            chosen = await self._chosen(run, spec.student.comparisons)
            await outputs.write(names["train"], to_jsonl(chosen))
        pairs = sum(counts.values()) + len(chosen)
        return Step(pairs, f"{run}/dataset/dpo", {"pairs_chosen": len(chosen)} if chosen else {})

    async def _chosen(self, run: str, compared: str) -> list[Record]:
        """Pairs of the other run's comparisons that somebody won."""
        if not compared:
            return []
        questions = self._shards.each(questions_prefix(run))
        tested = {record["question"] async for record in questions}
        blobs = await self._runs.listing(comparisons_prefix(checked_id(compared)))
        found = [json.loads(await self._runs.read(blob.name)) for blob in blobs]
        return [
            pair_record(each["messages"], each["preferred"], each["rejected"])
            for each in found
            if each["preferred"] and each["question"] not in tested
        ]

    async def _rows(self, run: str, item: int) -> list[Row]:
        rows = []
        for index in range(item * CHOICES_PER_ITEM, (item + 1) * CHOICES_PER_ITEM):
            try:
                rows.append(row_from(await self._shards.item(learned_prefix(run), index)))
            except (IndexError, BlobNotFound):
                break
        return rows

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
        """What was kept of an item's rows, in order; nothing of an item that failed."""
        try:
            return list(records_in(await self._runs.read(_answers_name(run, item))))
        except BlobNotFound:
            return []


def comparisons_prefix(run: str) -> str:
    """Where a run keeps what people preferred, one blob for each comparison."""
    return f"{run}/comparisons/"


def _answers_name(run: str, item: int) -> str:
    return f"{run}/preferences/{item:05}.jsonl"
