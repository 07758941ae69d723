"""Baseline and student answer the test split; every answer is scored, a seeded sample judged.

What is answered was planned before. Both models get the same prompt and the same scoring code; a
prompt that two settings share is paid once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from shared.contracts import Outcome, OutcomeStatus, Step
from shared.errors import BlobNotFound, ContentFiltered, RaftError
from shared.ports import BlobStore, Chat, ChatRequest, Judge, JudgeItem, PaidCalls
from shared.raft.answers import parse_answer
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_json
from shared.raft.metrics import CLOSED_BOOK, CONTEXT_PRECISION, OPEN_BOOK, RETRIEVED
from shared.raft.prompts import closed_prompt
from shared.raft.scoring import score_answer
from shared.raft.sheets import MODELS, Item
from shared.services.comparing import Answer, compare_models
from shared.services.dataset import questions_prefix
from shared.services.deployment import ANSWER_TOKENS, student_request
from shared.services.one_thread import OneThread
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.sheets import Sheets
from shared.services.students import Students
from shared.services.work import WorkStore, ask
from shared.spec import RunSpec

_READERS = 16
_NO_ANSWER: Answer = {"answer": None, "scores": {}}


class Evaluation:
    """Use cases of evaluation."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        baseline: Chat,
        students: Students,
        judge: Judge,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._baseline = baseline
        self._students = students
        self._judge = judge
        self._sheets = Sheets(runs, records, shards)

    async def plan(self, run: str) -> Step:
        """See `Sheets.plan`."""
        return await self._sheets.plan(run)

    async def evaluate(self, run: str, index: int) -> Outcome:
        """One planned answer, with its scores."""
        item, row = await self._sheets.item(run, index)
        calls = self._work.item(run, f"evaluate/{index}")
        ref = _answer_name(run, item)
        status, reason, fatal = OutcomeStatus.OK, "", False
        record: Answer = {"row": row.id, **_NO_ANSWER}
        try:
            record = await self._answer(run, item, row, calls)
        except ContentFiltered as error:
            status, reason = OutcomeStatus.REJECTED, error.reason
        except RaftError as error:
            status, reason, fatal = OutcomeStatus.FAILED, error.reason, error.fatal
        await self._runs.put(ref, to_json(record))
        judged = [record["scores"], record.get("again", {})]
        missing = sum(value is None for scores in judged for value in scores.values())
        counts = {"scores_missing": missing} if missing else {}
        return Outcome(_said(item, row), status, reason, ref, fatal, counts, calls.spend)

    async def score(self, run: str) -> Step:
        """Compare the models, and decide whether the student is promoted.

        Writes evaluation/scores.json, whose form `compare_models` tells, and notes the verdict.
        """
        spec = (await self._records.context(run)).spec
        items = await self._sheets.items(run)
        answers = await self._read_answers([_answer_name(run, item) for item in items])
        rows = [row_from(record) async for record in self._shards.each(questions_prefix(run))]
        with OneThread() as away:
            scores = await away(compare_models, rows, items, answers, spec)
        await self._runs.put(f"{run}/evaluation/scores.json", to_json(scores))
        verdict = {name: scores["verdict"][name] for name in ("promoted", "reason")}
        await self._records.note(run, verdict=verdict)
        return Step(len(rows), f"{run}/evaluation/scores.json")

    async def answers(self, run: str) -> list[dict[str, Any]]:
        """Each test row with both models' open_book answers, in row order: what the report shows.
        Rows without either are those that were never asked about."""
        rows = [row_from(record) for record in await self._shards.all(questions_prefix(run))]
        both = [
            await self._read_answers(
                [_answer_name(run, Item(OPEN_BOOK, -1, row, model)) for row in range(len(rows))]
            )
            for model in MODELS
        ]
        return [
            {"row": row, **dict(zip(MODELS, pair, strict=True))}
            for row, *pair in zip(rows, *both, strict=True)
        ]

    async def _answer(self, run: str, item: Item, row: Row, calls: PaidCalls) -> Answer:
        chat, name = self._baseline, ""
        if item.model == "student":
            chat, name = await self._students.chat(run)
        request = _request(item, row)
        reply = await ask(calls, "evaluation", chat, request, model=name)
        documents = [document.text for document in row.documents]
        scores: dict[str, float | None] = dict(
            score_answer(
                reply.text,
                setting=item.setting,
                final=row.final,
                documents=documents,
                oracles=row.oracles,
                reference_quotes=row.quotes,
            )
        )
        answer: Answer = {"row": row.id, "answer": reply.text, "scores": scores}
        spec = (await self._records.context(run)).spec
        for attempt in range(item.judgements):
            judged = await self._judge.score(
                _judge_item(item, row, reply.text, spec, attempt), calls
            )
            if attempt:
                answer["again"] = judged
            else:
                scores |= judged
        return answer

    async def _read_answers(self, names: Sequence[str]) -> list[Answer]:
        places = asyncio.Semaphore(_READERS)

        async def one(name: str) -> Answer:
            async with places:
                try:
                    record: Answer = json.loads(await self._runs.read(name))
                except BlobNotFound:  # the item failed before it could write
                    record = _NO_ANSWER
            return record

        return list(await asyncio.gather(*map(one, names)))


def _request(item: Item, row: Row) -> ChatRequest:
    """The request that baseline and student both get."""
    if item.setting == CLOSED_BOOK:
        return ChatRequest(closed_prompt(row.question), max_tokens=ANSWER_TOKENS, seed=0)
    return student_request(row)


def _judge_item(item: Item, row: Row, answer: str, spec: RunSpec, attempt: int) -> JudgeItem:
    """What the judge sees; context precision is the same for both models, so asked for once."""
    precision = item.setting == RETRIEVED and item.model == "baseline"
    return JudgeItem(
        row.question,
        parse_answer(answer).text or "(no answer)",
        [document.text for document in row.documents],
        parse_answer(row.answer).text,
        [name for name in spec.evaluation.metrics if precision or name != CONTEXT_PRECISION],
        attempt,
    )


def _said(item: Item, row: Row) -> str:
    """The item for people."""
    where = "" if item.setting == OPEN_BOOK else f" ({item.setting.replace('_', ' ')})"
    if item.distractors >= 0:
        where = f" ({item.distractors} distractors)"
    return f"{item.model} {row.id}{where}"


def _answer_name(run: str, item: Item) -> str:
    return f"{run}/evaluation/{item.folder}/{item.row:05}.json"
