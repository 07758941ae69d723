"""One chunk through the teacher: questions, chain-of-thought answers, verification, repair.

Each chunk is one item of the fan-out: it never raises for its own trouble, and a repeated item
finds what it paid for. An answer that fails a check is asked for again with the failure shown, as
often as the spec allows, then dropped.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

from shared.contracts import Outcome, OutcomeStatus
from shared.errors import BlobNotFound, ContentFiltered, ModelError, ModelUnavailable, RaftError
from shared.ports import BlobStore, Chat, ChatRequest, PaidCalls
from shared.raft.answers import ParsedAnswer, parse_answer
from shared.raft.documents import Chunk
from shared.raft.examples import ChunkExamples, Drop, Example
from shared.raft.formats import to_json
from shared.raft.prompts import API, MULTI_HOP, answer_prompt, repair_prompt
from shared.raft.verification import (
    INJECTION_OBEYED,
    POINTS_AT_DOCUMENT,
    Verdict,
    form_verdict,
    quoted_sources,
)
from shared.services.documents import chunks_prefix
from shared.services.questioning import Question, Questioning, model_texts
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.verifying import Verifying
from shared.services.work import WorkStore, ask
from shared.spec import RunSpec

_ANSWER_TOKENS = 1_024
_SERVICE_TROUBLE = {ModelError.code, ModelUnavailable.code}


class Generation:
    """Use case of teacher and judge on one chunk."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        teacher: Chat,
        judge: Chat,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._teacher = teacher
        self._questioning = Questioning(teacher)
        self._verifying = Verifying(judge)

    async def generate(self, run: str, index: int, most: int = 0, after: int = 0) -> Outcome:
        """Make examples of one chunk; the outcome counts them and the drops by code.

        With `most`, only of its questions `after` to `most` − 1, in their fixed order: what was
        made of those before stays and is not counted again.
        """
        spec = (await self._records.context(run)).spec
        chunk = Chunk(**await self._shards.item(chunks_prefix(run), index))
        calls = self._work.item(run, f"generate/{index}" + (f"/{after}" if after else ""))
        ref = examples_name(run, index)
        made = ChunkExamples(chunk.id)
        status, reason, fatal = OutcomeStatus.OK, "", False
        try:
            questions = await self._questioning.questions(
                chunk, await self._following(run, index), spec, calls
            )
            asked = questions.wanted[after : most or None]
            made = await self._examples(chunk, asked, spec, calls)
            if not after:
                made = replace(made, drops=[*questions.drops, *made.drops])
            if not made.examples and (asked or not after):
                status, reason = _why_none(made)
            earlier = await self._earlier(ref, questions.wanted[:after]) if after else None
            await self._runs.put(ref, to_json(asdict(_joined(earlier, made))))
        except RaftError as error:
            filtered = isinstance(error, ContentFiltered)
            status = OutcomeStatus.REJECTED if filtered else OutcomeStatus.FAILED
            reason, fatal = error.reason, error.fatal
            if not after:
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

    async def _following(self, run: str, index: int) -> Chunk | None:
        try:
            return Chunk(**await self._shards.item(chunks_prefix(run), index + 1))
        except (IndexError, BlobNotFound):
            return None

    async def _earlier(self, ref: str, answered: Sequence[Question]) -> ChunkExamples | None:
        """What earlier rounds made; what an earlier try of this round wrote is left out."""
        try:
            record = json.loads(await self._runs.read(ref))
        except BlobNotFound:
            return None
        texts = {question.text for question in answered}
        return ChunkExamples(
            record["chunk"],
            [Example(**one) for one in record["examples"] if one["question"] in texts],
            [
                Drop(**one)
                for one in record["drops"]
                if one["question"] in texts or one["code"] == POINTS_AT_DOCUMENT
            ],
        )

    async def _examples(
        self, chunk: Chunk, questions: Sequence[Question], spec: RunSpec, calls: PaidCalls
    ) -> ChunkExamples:
        answered = await asyncio.gather(
            *(self._example(chunk, question, spec, calls) for question in questions),
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

    async def _example(
        self, chunk: Chunk, question: Question, spec: RunSpec, calls: PaidCalls
    ) -> Example | Drop:
        """An example, or why there is none. Only what stops the whole run raises."""
        texts = [source.text for source in question.sources]
        documents = model_texts(question.sources, spec)
        messages = answer_prompt(spec.prompts, documents, question.text, api=spec.doctype == API)
        first = ChatRequest(messages, max_tokens=_ANSWER_TOKENS, seed=spec.seed)
        request, given = first, ""
        verdict: Verdict | None = None
        try:
            for attempt in range(spec.verification.repairs + 1):
                reply = await ask(calls, "answer", self._teacher, request)
                given = reply.text
                answer = parse_answer(given)
                verdict = form_verdict(answer, texts, reply.finish_reason)
                if verdict is None:
                    needed = [question.sources[at] for at in quoted_sources(answer.quotes, texts)]
                    verdict = await self._verifying.verdict(
                        question.text, answer, needed, spec, calls
                    )
                    if verdict is None:
                        return _example_of(chunk, question, answer, needed)
                if verdict.code == INJECTION_OBEYED:
                    break  # its words are not to be shown again
                request = replace(first, seed=spec.seed + attempt + 1)
                if given.strip():
                    shown = repair_prompt(messages, given, verdict.reason, question.text)
                    request = replace(request, messages=shown)
        except ModelError as error:
            if error.fatal:
                raise
            verdict = Verdict(error.code, error.reason)
        assert verdict is not None
        return Drop(question.text, verdict.code, verdict.words, given.strip(), question.kind)


def examples_name(run: str, index: int) -> str:
    """Where the examples of a chunk are."""
    return f"{run}/examples/{index:05}.json"


def _example_of(
    chunk: Chunk, question: Question, answer: ParsedAnswer, needed: Sequence[Chunk]
) -> Example:
    """The example. One of two hops whose quotes all stand in one chunk is that chunk's, factual:
    it was verified on that chunk alone."""
    hops = len(needed) > 1
    return Example(
        id=f"{chunk.id}/{question.number}",
        chunk=needed[0].id,
        question=question.text,
        answer=answer.text,
        final=answer.final,
        quotes=answer.quotes,
        kind="factual" if question.kind == MULTI_HOP and not hops else question.kind,
        second=needed[1].id if hops else "",
    )


def _joined(earlier: ChunkExamples | None, made: ChunkExamples) -> ChunkExamples:
    """Both, the examples by their number."""
    examples = [*(earlier.examples if earlier else []), *made.examples]
    examples.sort(key=lambda example: int(example.id.rpartition("/")[2]))
    return ChunkExamples(made.chunk, examples, [*(earlier.drops if earlier else []), *made.drops])


def _why_none(made: ChunkExamples) -> tuple[OutcomeStatus, str]:
    """A chunk without examples: not wanted, or failed where the service was the trouble."""
    trouble = [drop for drop in made.drops if drop.code in _SERVICE_TROUBLE]
    if trouble:
        return OutcomeStatus.FAILED, trouble[0].reason
    if not made.drops:
        return OutcomeStatus.REJECTED, "the teacher found no question worth asking"
    codes = sorted({drop.code for drop in made.drops})
    return OutcomeStatus.REJECTED, f"no answer passed verification: {', '.join(codes)}"
