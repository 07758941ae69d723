"""What 1,000 answers cost from teacher, baseline and student, by this run's own answers.

Tokens of baseline and student are those billed for their open_book answers, read from the paid
work that the run left. The teacher never saw these prompts: it is reckoned with the baseline's
prompt tokens, and with the length of its own answers to the same questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from shared.errors import BlobNotFound
from shared.ports import BlobStore, ChatRequest, Permit, Reply
from shared.raft.costs import PriceTable
from shared.services.deployment import student_request
from shared.services.manifest import Manifest
from shared.services.work import StopMarkers, WorkStore, ask

_SAMPLE = 200  # questions: a mean needs no more
_READERS = 16
_ANSWERS = 1_000


@dataclass(frozen=True)
class _Usage:
    """Mean tokens of one answer of a model, over `n` answers; `characters` of its text."""

    model: str
    n: int
    prompt: float
    completion: float
    characters: float


class AnswerPrices:
    """Prices of answers; sends nothing."""

    def __init__(self, runs: BlobStore, prices: PriceTable, teacher: str = "") -> None:
        self._work = WorkStore(runs, StopMarkers(runs), prices)
        self._prices = prices
        self._teacher = teacher

    async def per_thousand(
        self, run: str, manifest: Manifest, answers: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """[{who, model, n, prompt_tokens, completion_tokens, usd}], tokens of one answer, dollars
        of a thousand without hosting. `usd` is None where no price is known, tokens are None where
        no answer was found; `n` is 0 for the teacher, whose tokens were not measured."""
        models = manifest.get("models", {})
        step = -(-len(answers) // _SAMPLE) or 1
        rows = [entry["row"] for entry in answers[::step]]
        requests = [student_request(row) for row in rows]
        baseline = await self._usage(run, models.get("baseline", ""), "", requests)
        trained = manifest["student"].get("model", "")
        student = await self._usage(run, "", trained, requests)
        teaching = self._teacher or models.get("teacher", "")
        teacher = None
        if baseline and baseline.characters:
            length = fmean(len(row.answer) for row in rows)
            reply = baseline.completion * length / baseline.characters
            teacher = _Usage(teaching, 0, baseline.prompt, reply, length)
        return [
            self._price("teacher", teaching, teacher),
            self._price("baseline", models.get("baseline", ""), baseline),
            self._price("student", trained, student),
        ]

    def _price(self, who: str, model: str, usage: _Usage | None) -> dict[str, Any]:
        usd = None
        if usage and self._prices.price_of(usage.model):
            tokens = round(_ANSWERS * usage.prompt), round(_ANSWERS * usage.completion)
            usd = self._prices.call_cost(usage.model, *tokens)
        return {
            "who": who,
            "model": usage.model if usage else model,
            "n": usage.n if usage else 0,
            "prompt_tokens": round(usage.prompt, 1) if usage else None,
            "completion_tokens": round(usage.completion, 1) if usage else None,
            "usd": usd,
        }

    async def _usage(
        self, run: str, deployment: str, model: str, requests: Sequence[ChatRequest]
    ) -> _Usage | None:
        places = asyncio.Semaphore(_READERS)
        calls = self._work.item(run, "report")

        async def one(request: ChatRequest) -> Reply | None:
            async with places:
                try:
                    return await ask(calls, "evaluation", _Silent(deployment), request, model=model)
                except BlobNotFound:
                    return None

        replies = [reply for reply in await asyncio.gather(*map(one, requests)) if reply]
        if not replies:
            return None
        return _Usage(
            replies[0].model,
            len(replies),
            fmean(reply.prompt_tokens for reply in replies),
            fmean(reply.completion_tokens for reply in replies),
            fmean(len(reply.text) for reply in replies),
        )


class _Silent:
    """A chat that says nothing new: only replies that are stored are found."""

    def __init__(self, deployment: str) -> None:
        self.deployment = deployment

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        """Raises BlobNotFound."""
        raise BlobNotFound("there is no stored reply to this request")
