"""One chunk through the teacher: questions, chain-of-thought answers, verification.

Each chunk is one item of the fan-out: it never raises for its own trouble, and a repeated item
finds what it paid for. A reply that cannot be used is asked for once more, then dropped.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

from shared.contracts import Outcome, OutcomeStatus
from shared.errors import ContentFiltered, ModelError, ModelUnavailable, RaftError
from shared.ports import BlobStore, Chat, ChatRequest, PaidCalls, Reply
from shared.raft.answers import parse_answer, verify_answer
from shared.raft.documents import Chunk
from shared.raft.examples import ChunkExamples, Drop, Example
from shared.raft.formats import to_json
from shared.raft.prompts import answer_prompt, questions_prompt
from shared.raft.questions import parse_questions
from shared.services.documents import chunks_prefix
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.work import WorkStore, ask
from shared.spec import RunSpec

_QUESTION_TOKENS = 1_024
_ANSWER_TOKENS = 1_024
_ATTEMPTS = 2
_SERVICE_TROUBLE = {ModelError.code, ModelUnavailable.code}


class Generation:
    """Use cases of the teacher."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        teacher: Chat,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._teacher = teacher

    async def generate(self, run: str, index: int) -> Outcome:
        """Make the examples of one chunk; the outcome counts them and the drops by code."""
        spec = (await self._records.context(run)).spec
        chunk = Chunk(**await self._shards.item(chunks_prefix(run), index))
        calls = self._work.item(run, f"generate/{index}")
        made = ChunkExamples(chunk.id)
        ref = examples_name(run, index)
        status, reason, fatal = OutcomeStatus.OK, "", False
        try:
            made = await self._examples(chunk, spec, calls)
            if not made.examples:
                status, reason = _why_none(made)
        except ContentFiltered as error:
            status, reason = OutcomeStatus.REJECTED, error.reason
        except RaftError as error:
            status, reason, fatal = OutcomeStatus.FAILED, error.reason, error.fatal
        await self._runs.put(ref, to_json(asdict(made)))
        counts = {"examples": len(made.examples)}
        for drop in made.drops:
            counts[f"drop_{drop.code}"] = counts.get(f"drop_{drop.code}", 0) + 1
        return Outcome(
            chunk.id,
            status,
            reason,
            ref,
            fatal,
            {k: v for k, v in counts.items() if v},
            calls.spend,
        )

    async def _examples(self, chunk: Chunk, spec: RunSpec, calls: PaidCalls) -> ChunkExamples:
        questions = await self._questions(chunk, spec, calls)
        answered = await asyncio.gather(
            *(
                self._example(chunk, number, question, spec, calls)
                for number, question in enumerate(questions)
            ),
            return_exceptions=True,
        )
        for result in answered:
            if isinstance(result, BaseException):
                raise result
        return ChunkExamples(
            chunk.id,
            [result for result in answered if isinstance(result, Example)],
            [result for result in answered if isinstance(result, Drop)],
        )

    async def _questions(self, chunk: Chunk, spec: RunSpec, calls: PaidCalls) -> list[str]:
        request = ChatRequest(
            questions_prompt(spec.prompts, chunk.text, spec.questions),
            max_tokens=_QUESTION_TOKENS,
            seed=spec.seed,
        )
        questions: list[str] = []
        for attempt in range(_ATTEMPTS):
            reply = await self._ask(calls, "questions", request, attempt)
            questions = parse_questions(reply.text, spec.questions)
            if questions or not reply.text.strip():
                break
        return questions

    async def _example(
        self, chunk: Chunk, number: int, question: str, spec: RunSpec, calls: PaidCalls
    ) -> Example | Drop:
        """An example, or why there is none. Only what stops the whole run raises."""
        request = ChatRequest(
            answer_prompt(spec.prompts, chunk.text, question),
            max_tokens=_ANSWER_TOKENS,
            seed=spec.seed,
        )
        problem = ("", "")
        try:
            for attempt in range(_ATTEMPTS):
                reply = await self._ask(calls, "answer", request, attempt)
                answer = parse_answer(reply.text)
                found = verify_answer(answer, chunk.text)
                if reply.finish_reason == "length":
                    found = ("truncated", "the answer was cut off at its token limit")
                if reply.finish_reason == "content_filter":
                    found = (ContentFiltered.code, "the content filter cut the answer off")
                if found is None:
                    return Example(
                        f"{chunk.id}/{number}",
                        chunk.id,
                        question,
                        answer.text,
                        answer.final,
                        answer.quotes,
                    )
                problem = found
        except ModelError as error:
            if error.fatal:
                raise
            problem = (error.code, error.reason)
        return Drop(question, *problem)

    async def _ask(self, calls: PaidCalls, kind: str, request: ChatRequest, attempt: int) -> Reply:
        """A second attempt asks with another seed: the first reply is stored and stays paid."""
        if attempt and request.seed is not None:
            request = replace(request, seed=request.seed + attempt)
        return await ask(calls, kind, self._teacher, request)


def examples_name(run: str, index: int) -> str:
    """Where the examples of a chunk are."""
    return f"{run}/examples/{index:05}.json"


def _why_none(made: ChunkExamples) -> tuple[OutcomeStatus, str]:
    """A chunk without examples: not wanted, or failed where the service was the trouble."""
    trouble = [drop for drop in made.drops if drop.code in _SERVICE_TROUBLE]
    if trouble:
        return OutcomeStatus.FAILED, trouble[0].reason
    if not made.drops:
        return OutcomeStatus.REJECTED, "the teacher found no question worth asking"
    codes = sorted({drop.code for drop in made.drops})
    return OutcomeStatus.REJECTED, f"no answer passed verification: {', '.join(codes)}"
