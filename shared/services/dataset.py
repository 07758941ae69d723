"""Fan-in: from the chunks' examples to split, composed and written rows.

Everything here is a function of examples, chunks and spec: no clock, no run id. So a run that
was killed and resumed writes the same bytes as one that was not.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from shared.contracts import Step
from shared.errors import BlobNotFound, QuorumNotReached
from shared.ports import BlobStore, TableWriter, Tokenizer
from shared.raft.answers import abstention, without_source
from shared.raft.card import dataset_card
from shared.raft.distractors import (
    DistractorPool,
    choose_distractors,
    compose_row,
    distractor_count,
    rows_with_oracle,
)
from shared.raft.documents import Chunk
from shared.raft.examples import ChunkExamples, Drop, Example, Row
from shared.raft.exports import (
    completion_record,
    evaluation_record,
    export_records,
    flat_record,
    preference_record,
    reinforcement_record,
)
from shared.raft.formats import chat_record, row_record, to_json, to_jsonl
from shared.raft.leakage import leakage_report
from shared.raft.splitting import (
    SPLITS,
    drop_repeated_questions,
    group_chunks,
    quoted_in,
    split_groups,
)
from shared.services.documents import chunks_prefix, document_facts
from shared.services.generation import examples_name
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.spec import RunSpec

MINIMUM_TRAINING_ROWS = 10  # Azure OpenAI refuses fewer, after the upload
_READERS = 16


class Datasets:
    """Use cases on the dataset."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        tokenizer: Tokenizer,
        tables: TableWriter,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._tokenizer = tokenizer
        self._tables = tables

    async def build(self, run: str) -> Step:
        """Write dataset/ and the evaluation's rows; the step counts rows by split and drops.

        Raises QuorumNotReached when there is too little to train on.
        """
        spec = (await self._records.context(run)).spec
        chunks = [Chunk(**record) for record in await self._shards.all(chunks_prefix(run))]
        made = await self._all_examples(run, len(chunks))
        drops = Counter(drop.code for one in made for drop in one.drops)
        examples, repeated = drop_repeated_questions([e for one in made for e in one.examples])
        if repeated:
            drops["repeated_question"] = len(repeated)
        if not examples:
            why = ", ".join(f"{count} {code}" for code, count in drops.most_common(3))
            raise QuorumNotReached(
                f"no usable question came out of {len(chunks)} chunks"
                + (f"; dropped: {why}" if why else "")
            )
        rows = await asyncio.to_thread(compose_rows, examples, chunks, spec)
        if seen := len(examples) - len(rows):
            drops["test_quote_in_training"] = seen
        if (training := sum(row.split == "train" for row in rows)) < MINIMUM_TRAINING_ROWS:
            raise QuorumNotReached(
                f"{training} training rows are fewer than the {MINIMUM_TRAINING_ROWS} that "
                "fine-tuning needs: add documents, or ask for more questions per chunk"
            )
        if not any(row.split == "test" for row in rows):
            raise QuorumNotReached("no question is left to test on: every one quotes trained text")
        await self._write(run, spec, rows, chunks, drops, made)
        counts = {split: sum(row.split == split for row in rows) for split in SPLITS}
        counts |= {f"drop_{code}": count for code, count in sorted(drops.items())}
        return Step(len(rows), f"{run}/dataset", counts)

    async def _write(
        self,
        run: str,
        spec: RunSpec,
        rows: Sequence[Row],
        chunks: Sequence[Chunk],
        drops: Counter[str],
        made: Sequence[ChunkExamples],
    ) -> None:
        texts = {chunk.id: chunk.text for chunk in chunks}
        oracle_of = {row.id: row.id.rpartition("/")[0] for row in rows}
        leakage = leakage_report(rows, texts, oracle_of)
        folder = f"{run}/dataset"
        for split in SPLITS:
            records = [chat_record(row) for row in rows if row.split == split]
            await self._runs.put(f"{folder}/{split}.jsonl", to_jsonl(records))
            await self._export(f"{folder}", split, [r for r in rows if r.split == split], spec)
        if "parquet" in spec.exports:
            table = await asyncio.to_thread(
                self._tables.parquet, [flat_record(row) for row in rows]
            )
            await self._runs.put(f"{folder}/full.parquet", table)
        await self._runs.put(f"{folder}/rows.jsonl", to_jsonl(row_record(row) for row in rows))
        await self._runs.put(f"{folder}/dropped.jsonl", to_jsonl(_dropped(made)))
        await self._runs.put(f"{folder}/leakage.json", to_json(leakage))
        count = len((await self._records.context(run)).documents)
        card = dataset_card(
            rows,
            spec=spec.model_dump(),
            documents=await document_facts(self._runs, run, count),
            drops=drops,
            leakage=leakage,
            chunk_tokens=[chunk.tokens for chunk in chunks],
            tokenizer=self._tokenizer.name,
        )
        await self._runs.put(f"{folder}/card.md", card.encode())
        tests = [row_record(row) for row in rows if row.split == "test"]
        await self._shards.write(questions_prefix(run), tests)

    async def _export(self, folder: str, split: str, rows: Sequence[Row], spec: RunSpec) -> None:
        """The split in each further form asked for: `dataset/{form}/{split}.jsonl`."""
        form = spec.completion

        def completion(row: Row) -> dict[str, Any]:
            return completion_record(row, form.prompt_column, form.completion_column, form.stop)

        makers = {
            "completion": completion,
            "eval": evaluation_record,
            "dpo": preference_record,
            "reinforcement": reinforcement_record,
        }
        for name, make in makers.items():
            if name in spec.exports:
                records = export_records(rows, make)
                await self._runs.put(f"{folder}/{name}/{split}.jsonl", to_jsonl(records))

    async def _all_examples(self, run: str, count: int) -> list[ChunkExamples]:
        places = asyncio.Semaphore(_READERS)

        async def one(index: int) -> ChunkExamples:
            async with places:
                try:
                    record = json.loads(await self._runs.read(examples_name(run, index)))
                except BlobNotFound:  # the item failed before it could write
                    return ChunkExamples(chunk="")
            return ChunkExamples(
                record["chunk"],
                [Example(**example) for example in record["examples"]],
                [Drop(**drop) for drop in record["drops"]],
            )

        return list(await asyncio.gather(*(one(index) for index in range(count))))


def compose_rows(examples: Sequence[Example], chunks: Sequence[Chunk], spec: RunSpec) -> list[Row]:
    """Rows of all splits in reading order.

    Train and valid keep the oracle in a share `p`; every test row shows its oracle, so that each
    test question can be answered from what is shown. Test examples whose quote also stands in a
    passage of train or valid are left out.
    """
    by_id = {chunk.id: chunk for chunk in chunks}
    by_document = spec.split_by == "document"
    groups = group_chunks(chunks, overlap=spec.chunk_overlap > 0, by_document=by_document)
    sizes = Counter(groups[example.chunk] for example in examples)
    documents = {groups[chunk.id]: chunk.document for chunk in chunks}
    assigned = split_groups(sizes, spec.splits.model_dump(), spec.seed, documents)
    split_of = {example.id: assigned[groups[example.chunk]] for example in examples}
    pools: dict[str, list[Chunk]] = {split: [] for split in SPLITS}
    for chunk in chunks:  # chunks without questions may distract in training only
        pools[assigned.get(groups[chunk.id], "train")].append(chunk)
    trained = [chunk.text for split in ("train", "valid") for chunk in pools[split]]
    shown_from = {split: DistractorPool(pool) for split, pool in pools.items()}
    tests = [example for example in examples if split_of[example.id] == "test"]
    seen = quoted_in(tests, trained)
    rows = []
    for split in SPLITS:
        own = [e for e in examples if split_of[e.id] == split and e.id not in seen]
        shown = rows_with_oracle(own, 1.0 if split == "test" else spec.p, spec.seed)
        for example in own:
            label = None if example.id in shown else _label_without_oracle(example, spec)
            oracle = by_id[example.chunk]
            count = distractor_count(
                example, spec.distractors, spec.fewest_distractors, spec.seed
            ) + (label is not None)
            rows.append(
                compose_row(
                    example,
                    oracle,
                    choose_distractors(
                        example,
                        oracle,
                        shown_from[split],
                        count,
                        spec.seed,
                        spec.distractor_choice,
                    ),
                    split=split,
                    group=groups[example.chunk],
                    label=label,
                    seed=spec.seed,
                )
            )
    return rows


def questions_prefix(run: str) -> str:
    """Where the evaluation's rows are."""
    return f"{run}/evaluation/questions"


def _label_without_oracle(example: Example, spec: RunSpec) -> str:
    return abstention() if spec.oracle_absent == "abstain" else without_source(example.final)


def _dropped(made: Sequence[ChunkExamples]) -> list[dict[str, str]]:
    return [
        {"chunk": one.chunk, "question": d.question, "code": d.code, "reason": d.reason}
        for one in made
        for d in one.drops
    ]
