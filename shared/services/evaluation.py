"""Baseline and student answer the test split; every answer is scored, a seeded sample judged.

Item 2·i is the baseline's answer to row i, item 2·i + 1 the student's. Both get the same prompt
and the same scoring code.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.contracts import Outcome, OutcomeStatus, Step
from shared.errors import BlobNotFound, ContentFiltered, RaftError
from shared.ports import BlobStore, Chat, Judge, JudgeItem, PaidCalls
from shared.raft.answers import parse_answer
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_json
from shared.raft.scoring import LOCAL_METRICS, score_answer
from shared.raft.splitting import seeded
from shared.raft.statistics import Comparison, compare_paired
from shared.services.dataset import questions_prefix
from shared.services.deployment import StudentChat, deployment_name, student_request
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.work import WorkStore, ask
from shared.spec import RunSpec

MODELS = ("baseline", "student")
_READERS = 16


class Evaluation:
    """Use cases of evaluation."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        baseline: Chat,
        student: StudentChat,
        judge: Judge,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._baseline = baseline
        self._student = student
        self._judge = judge
        self._judged: dict[str, set[str]] = {}
        self._student_models: dict[str, str] = {}

    async def evaluate(self, run: str, index: int) -> Outcome:
        """One model's answer to one test row, with its scores."""
        row_index, model = index // 2, MODELS[index % 2]
        row = row_from(await self._shards.item(questions_prefix(run), row_index))
        calls = self._work.item(run, f"evaluate/{index}")
        ref = _answer_name(run, model, row_index)
        status, reason, fatal = OutcomeStatus.OK, "", False
        record: dict[str, Any] = {"row": row.id, "answer": None, "scores": {}}
        try:
            record = await self._answer(run, model, row, calls)
        except ContentFiltered as error:
            status, reason = OutcomeStatus.REJECTED, error.reason
        except RaftError as error:
            status, reason, fatal = OutcomeStatus.FAILED, error.reason, error.fatal
        await self._runs.put(ref, to_json(record))
        unjudged = sum(value is None for value in record["scores"].values())
        counts = {"scores_missing": unjudged} if unjudged else {}
        return Outcome(f"{model} {row.id}", status, reason, ref, fatal, counts, calls.spend)

    async def score(self, run: str) -> Step:
        """Compare the models on every metric, and keep each row's scores beside its question."""
        spec = (await self._records.context(run)).spec
        rows = [row_from(record) for record in await self._shards.all(questions_prefix(run))]
        answers = {model: await self._answers(run, model, len(rows)) for model in MODELS}
        judged = await self._sample(run, rows)
        comparisons = [
            self._compare(metric, rows, answers, judged, spec)
            for metric in (*LOCAL_METRICS, *self._judge.metrics)
        ]
        scores = {
            "rows": len(rows),
            "judged_rows": len(judged),
            "confidence": 0.95,
            "draws": spec.evaluation.bootstrap_draws,
            "metrics": [
                {**asdict(comparison), "finding": comparison.finding} for comparison in comparisons
            ],
        }
        await self._runs.put(f"{run}/evaluation/scores.json", to_json(scores))
        return Step(len(rows), f"{run}/evaluation/scores.json")

    async def answers(self, run: str) -> list[dict[str, Any]]:
        """Each test row with both models' answers, in row order: what the report shows."""
        rows = [row_from(record) for record in await self._shards.all(questions_prefix(run))]
        both = [await self._answers(run, model, len(rows)) for model in MODELS]
        return [
            {"row": row, **dict(zip(MODELS, pair, strict=True))}
            for row, *pair in zip(rows, *both, strict=True)
        ]

    async def _answer(self, run: str, model: str, row: Row, calls: PaidCalls) -> dict[str, Any]:
        chat, name = self._baseline, ""
        if model == "student":
            chat, name = self._student(deployment_name(run)), await self._student_model(run)
        reply = await ask(calls, "evaluation", chat, student_request(row), model=name)
        documents = [document.text for document in row.documents]
        scores: dict[str, float | None] = dict(
            score_answer(
                reply.text,
                final=row.final,
                documents=documents,
                oracle="\n\n".join(documents[place] for place in row.oracles),
                reference_quotes=row.quotes,
            )
        )
        if row.id in await self._sample(run):
            parsed = parse_answer(reply.text)
            item = JudgeItem(
                row.question, parsed.text or "(no answer)", documents, parse_answer(row.answer).text
            )
            scores |= await self._judge.score(item, calls)
        return {"row": row.id, "answer": reply.text, "scores": scores}

    async def _sample(self, run: str, rows: Sequence[Row] | None = None) -> set[str]:
        """Ids of the rows that the judge scores: a seeded sample of the test split."""
        if run not in self._judged:
            if rows is None:
                records = await self._shards.all(questions_prefix(run))
                rows = [row_from(record) for record in records]
            spec = (await self._records.context(run)).spec
            order = sorted(rows, key=lambda row: seeded(spec.seed, "judge", row.id))
            self._judged[run] = {row.id for row in order[: spec.evaluation.judge_sample]}
        return self._judged[run]

    async def _student_model(self, run: str) -> str:
        if run not in self._student_models:
            manifest = await self._records.read(run)
            self._student_models[run] = manifest["student"]["model"]
        return self._student_models[run]

    async def _answers(self, run: str, model: str, count: int) -> list[dict[str, Any]]:
        places = asyncio.Semaphore(_READERS)

        async def one(index: int) -> dict[str, Any]:
            async with places:
                try:
                    record: dict[str, Any] = json.loads(
                        await self._runs.read(_answer_name(run, model, index))
                    )
                except BlobNotFound:
                    record = {"answer": None, "scores": {}}
            return record

        return list(await asyncio.gather(*(one(index) for index in range(count))))

    @staticmethod
    def _compare(
        metric: str,
        rows: Sequence[Row],
        answers: dict[str, list[dict[str, Any]]],
        judged: set[str],
        spec: RunSpec,
    ) -> Comparison:
        """Rows that were never to have this metric are no missing scores."""
        meant = [
            index for index, row in enumerate(rows) if metric in LOCAL_METRICS or row.id in judged
        ]
        baseline, student = (
            [answers[model][index]["scores"].get(metric) for index in meant] for model in MODELS
        )
        return compare_paired(
            metric, baseline, student, draws=spec.evaluation.bootstrap_draws, seed=spec.seed
        )


def _answer_name(run: str, model: str, index: int) -> str:
    return f"{run}/evaluation/{model}/{index:05}.json"
