"""Checks what examples will be shown with: no distractor may hold an answer to the question.

The judge's model gets the question with the distractors alone. Where it answers and quotes one of
them word for word, that one answers the question, whether as the oracle does or otherwise, and a
spare takes its place. A label "from the oracle alone" would be wrong beside it.
"""

from __future__ import annotations

from dataclasses import replace

from shared.contracts import CHOICES_PER_ITEM, Outcome, OutcomeStatus
from shared.errors import ContentFiltered, ModelError, RaftError
from shared.ports import BlobStore, Chat, PaidCalls
from shared.raft.answers import is_verbatim, parse_answer
from shared.raft.examples import Choice, ChoiceVerdict, ShownDocument
from shared.raft.injection import shown_text
from shared.raft.rows import replaced_distractors
from shared.raft.verification import ANSWERABLE_FROM_DISTRACTOR
from shared.services.choices import choice_from, choices_prefix, write_verdicts
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.verifying import judge_request
from shared.services.work import WorkStore, ask, settled
from shared.spec import RunSpec


class Checking:
    """Use case of the judge on an example's distractors."""

    def __init__(
        self, runs: BlobStore, records: Runs, shards: Shards, work: WorkStore, judge: Chat
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._judge = judge

    async def check(self, run: str, item: int) -> Outcome:
        """Check one item's choices and leave their verdicts; a choice that could not be checked
        is dropped, and its item has failed."""
        name = f"choices {item}"
        spec = (await self._records.context(run)).spec
        if not spec.verification.distractors:
            return Outcome(name)
        calls = self._work.item(run, f"check/{item}")
        choices = await self._choices(run, item)
        try:
            verdicts = await settled(self._checked(choice, spec, calls) for choice in choices)
        except RaftError as error:
            fatal, reason = error.fatal, error.reason
            return Outcome(name, OutcomeStatus.FAILED, reason, fatal=fatal, spend=calls.spend)
        ref = await write_verdicts(self._runs, run, item, verdicts)
        trouble = [
            verdict
            for verdict in verdicts
            if verdict.code not in ("", ANSWERABLE_FROM_DISTRACTOR, ContentFiltered.code)
        ]
        return Outcome(
            name,
            OutcomeStatus.FAILED if trouble else OutcomeStatus.OK,
            trouble[0].reason if trouble else "",
            ref,
            counts=_counts(verdicts),
            spend=calls.spend,
        )

    async def _choices(self, run: str, item: int) -> list[Choice]:
        first = item * CHOICES_PER_ITEM
        records = await self._shards.some(choices_prefix(run), first, CHOICES_PER_ITEM)
        return [choice_from(record) for record in records]

    async def _checked(self, choice: Choice, spec: RunSpec, calls: PaidCalls) -> ChoiceVerdict:
        """The verdict; only what stops the whole run raises."""
        verdict = ChoiceVerdict(choice.example.id)
        try:
            for _ in range(len(choice.spares) + 1):
                shown = replaced_distractors(choice, verdict.replaced)
                found = await self._answering(choice, shown, spec, calls) if shown else []
                if not found:
                    return verdict
                verdict = replace(verdict, replaced=[*verdict.replaced, *found])
        except ModelError as error:
            if error.fatal:
                raise
            return replace(verdict, code=error.code, reason=error.reason)
        reason = f"answered from a document shown beside its oracle: {verdict.replaced[-1]}"
        return replace(verdict, code=ANSWERABLE_FROM_DISTRACTOR, reason=reason)

    async def _answering(
        self, choice: Choice, shown: list[ShownDocument], spec: RunSpec, calls: PaidCalls
    ) -> list[str]:
        """Chunks among the documents that the judge quotes in an answer."""
        texts = [document.text for document in shown]
        if spec.verification.injections:
            texts = [shown_text(text) for text in texts]
        request = judge_request(texts, choice.example.question, spec)
        answer = parse_answer((await ask(calls, "distractors", self._judge, request)).text)
        if not answer.final or answer.abstains:
            return []
        return [
            document.chunk
            for document in shown
            if any(is_verbatim(quote, document.text) for quote in answer.quotes)
        ]


def _counts(verdicts: list[ChoiceVerdict]) -> dict[str, int]:
    """What is replaced in the choices that stay, and the drops by code."""
    replaced = sum(len(verdict.replaced) for verdict in verdicts if not verdict.code)
    counts = {"distractors_replaced": replaced} if replaced else {}
    for verdict in verdicts:
        if verdict.code:
            counts[f"drop_{verdict.code}"] = counts.get(f"drop_{verdict.code}", 0) + 1
    return counts
