"""The second half of the fan-in: from checked choices to composed and written rows.

Everything here is a function of choices, verdicts, chunks and spec: no clock, no run id. So a run
that was killed and resumed writes the same bytes as one that was not. Rows go from the choices to
the files one shard at a time; what is gathered over all of them are counts, ids and digests.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable

from shared.contracts import CHOICES_PER_ITEM, Step
from shared.ports import BlobStore, TableWriter, Tokenizer
from shared.raft.card import RowFacts, dataset_card
from shared.raft.examples import Choice, ChoiceVerdict, Row
from shared.raft.formats import row_record, to_json, to_jsonl
from shared.raft.leakage import LeakageReport
from shared.raft.rows import (
    compose_row,
    label_without_oracle,
    replaced_distractors,
    rows_with_oracle,
)
from shared.raft.splitting import SPLITS
from shared.services.choices import (
    Planned,
    choice_from,
    choices_prefix,
    drops_prefix,
    read_planned,
    read_verdicts,
)
from shared.services.corpus import dropped_record
from shared.services.documents import chunks_prefix, document_facts
from shared.services.files import DatasetFiles
from shared.services.one_thread import OneThread
from shared.services.outputs import Outputs
from shared.services.planning import Planning, nothing_left, require_enough, shown_count
from shared.services.runs import Runs
from shared.services.shards import Shards, records_in
from shared.spec import RunSpec


class Datasets:
    """Use cases on the dataset."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        tokenizer: Tokenizer,
        tables: TableWriter,
        planning: Planning,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._tokenizer = tokenizer
        self._tables = tables
        self._planning = planning

    async def plan(self, run: str) -> Step:
        """See `Planning.plan`."""
        return await self._planning.plan(run)

    async def build(self, run: str) -> Step:
        """Write dataset/ and the evaluation's rows of what was planned.

        The step counts rows by split; drops were counted where they were made. Raises
        QuorumNotReached when too little is left to train on, BlobNotFound when nothing was planned.
        """
        context = await self._records.context(run)
        sizes = await self._chunk_sizes(run)
        survey = _Survey(context.spec, await read_planned(self._runs, run))
        async for verdict in read_verdicts(self._runs, run, survey.items):
            survey.note(verdict)
        survey.close()
        if not survey.rows.total():
            raise nothing_left(sizes.total(), survey.drops)
        require_enough(survey.rows, context.spec.student)
        folder = f"{run}/dataset"
        with OneThread() as away:
            composer = await away(_Composer, survey)
            drops = await self._write_rows(run, composer, away)
            leakage = await away(composer.leakage.figures)
        await self._runs.put(f"{folder}/leakage.json", to_json(leakage))
        card = dataset_card(
            composer.facts,
            spec=context.spec.model_dump(),
            documents=await document_facts(self._runs, run, len(context.documents)),
            drops=drops + survey.drops,
            leakage=leakage,
            chunk_tokens=sizes,
            tokenizer=self._tokenizer.name,
        )
        await self._runs.put(f"{folder}/card.md", card.encode())
        counts = {split: composer.facts.count(split) for split in SPLITS}
        if survey.unchecked:
            counts[f"drop_{UNCHECKED}"] = survey.unchecked
        return Step(survey.rows.total(), folder, counts)

    async def _write_rows(self, run: str, composer: _Composer, away: OneThread) -> Counter[str]:
        """Write all that holds rows or drops; what was dropped before checking, by code."""
        survey = composer.survey
        drops: Counter[str] = Counter()
        tests = self._shards.writer(questions_prefix(run))
        learned = self._shards.writer(learned_prefix(run))
        async with Outputs(self._runs) as outputs:
            files = DatasetFiles(outputs, f"{run}/dataset", survey.spec, self._tables)
            async for data in self._shards.blobs(drops_prefix(run)):
                drops.update(record["code"] for record in records_in(data))
                await outputs.write(files.dropped, data)
            async for data in self._shards.blobs(choices_prefix(run), survey.count):
                rows, dropped = await away(composer.compose, data)
                for name, part in (await away(files.parts, rows)).items():
                    await outputs.write(name, part)
                await outputs.write(files.dropped, to_jsonl(dropped))
                await tests.add(row_record(row) for row in rows if row.split == "test")
                if survey.spec.student.compares_answers:
                    await learned.add(row_record(row) for row in rows if row.split != "test")
        await tests.close()
        await learned.close()
        return drops

    async def _chunk_sizes(self, run: str) -> Counter[int]:
        """Chunks by their tokens."""
        sizes: Counter[int] = Counter()
        async for data in self._shards.blobs(chunks_prefix(run)):
            sizes.update(record["tokens"] for record in records_in(data))
        return sizes


UNCHECKED = "unchecked"


class _Survey:
    """Which of the planned choices become rows: known before the first row is made."""

    def __init__(self, spec: RunSpec, planned: Iterable[Planned]) -> None:
        self.spec = spec
        self.split_of: dict[str, str] = {}
        self.quotes: dict[str, list[str]] = {}  # of test examples
        self.dropped: dict[str, tuple[str, str]] = {}  # code and reason
        self.replaced: dict[str, list[str]] = {}
        self.drops: Counter[str] = Counter()
        self.checked: set[str] = set()
        self.unchecked = 0
        for one in planned:
            self.split_of[one.id] = sys.intern(one.split)
            if one.quotes:
                self.quotes[one.id] = one.quotes
        self.count = len(self.split_of)
        self.items = -(-self.count // CHOICES_PER_ITEM)
        self.rows = Counter(self.split_of.values())

    def note(self, verdict: ChoiceVerdict) -> None:
        """Take in what checking found."""
        self.checked.add(verdict.id)
        if verdict.code and verdict.id in self.split_of and verdict.id not in self.dropped:
            self.dropped[verdict.id] = verdict.code, verdict.reason
            self.drops[verdict.code] += 1
            self.rows[self.split_of[verdict.id]] -= 1
        if verdict.replaced:
            self.replaced[verdict.id] = verdict.replaced

    def close(self) -> None:
        """Drop what was to be checked and was not."""
        if self.spec.verification.distractors and self.spec.distractors:
            for one in self.split_of.keys() - self.checked:
                self.unchecked += 1
                self.note(ChoiceVerdict(one, code=UNCHECKED, reason="its check gave no verdict"))

    def ids(self, split: str) -> list[str]:
        """Of the rows of a split."""
        return [
            one for one, own in self.split_of.items() if own == split and one not in self.dropped
        ]


class _Composer:
    """Makes the rows, and gathers what the reports say of them."""

    def __init__(self, survey: _Survey) -> None:
        self.survey = survey
        self._spec = survey.spec
        self._with_oracle: set[str] = set()
        for split in SPLITS:  # every test question can be answered from what is shown
            p = 1.0 if split == "test" else self._spec.p
            self._with_oracle |= rows_with_oracle(survey.ids(split), p, self._spec.seed)
        self.facts = RowFacts()
        self.leakage = LeakageReport(
            quotes for one, quotes in survey.quotes.items() if one not in survey.dropped
        )

    def compose(self, data: bytes) -> tuple[list[Row], list[dict[str, str]]]:
        """The rows of one shard of choices, and lines of dropped.jsonl for the others."""
        rows, dropped = [], []
        for choice in map(choice_from, records_in(data)):
            example = choice.example
            if why := self.survey.dropped.get(example.id):
                dropped.append(
                    dropped_record(
                        example.chunk, example.question, example.kind, example.answer, *why
                    )
                )
                continue
            row = self._row(choice)
            self.facts.add(row)
            self.leakage.add(row, [oracle.text for oracle in choice.oracles])
            rows.append(row)
        return rows, dropped

    def _row(self, choice: Choice) -> Row:
        spec, example = self._spec, choice.example
        distractors = replaced_distractors(choice, self.survey.replaced.get(example.id, ()))
        count = shown_count(example, spec)
        if example.id not in self._with_oracle:
            label = label_without_oracle(example, spec.oracle_absent)
            return compose_row(choice, distractors[:count], label=label, seed=spec.seed)
        beside = max(0, count - len(choice.oracles))
        return compose_row(choice, distractors[:beside], label=None, seed=spec.seed)


def learned_prefix(run: str) -> str:
    """Where the training and validation rows are, when the baseline is to answer them."""
    return f"{run}/learned"


def questions_prefix(run: str) -> str:
    """Where the evaluation's rows are."""
    return f"{run}/evaluation/questions"
