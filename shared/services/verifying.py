"""Checks an answer beyond its form: no order obeyed, supported by its quotes, given by another too.

The other is the judge's model, asked the same question over the documents that a check allows. A
judge that cannot be reached raises: nothing passes unchecked.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.ports import Chat, ChatRequest, PaidCalls
from shared.raft.answers import ParsedAnswer, parse_answer, squash
from shared.raft.documents import Chunk
from shared.raft.injection import obeyed
from shared.raft.prompts import API, answer_prompt
from shared.raft.verification import (
    INJECTION_OBEYED,
    ROUND_TRIP_ABSTAINS,
    ROUND_TRIP_DIFFERS,
    UNSUPPORTED,
    Verdict,
    agrees,
    stray_code,
    supported,
)
from shared.services.questioning import model_texts
from shared.services.work import ask
from shared.spec import RunSpec

_TOKENS = 1_024
_SHOWN = 160  # characters of the judge's answer in a reason


class Verifying:
    """The checks that the spec asks for, in the order of their cost."""

    def __init__(self, judge: Chat) -> None:
        self._judge = judge

    async def verdict(
        self,
        question: str,
        answer: ParsedAnswer,
        sources: Sequence[Chunk],
        spec: RunSpec,
        calls: PaidCalls,
    ) -> Verdict | None:
        """Why the answer cannot be used, or None. Raises what the judge's chat raises.

        A call of an API holds what the user gave, which no entry says: it is not asked for support.
        """
        checks = spec.verification
        texts = [source.text for source in sources]
        if checks.injections and (
            found := obeyed(texts, question, answer.text, answer.final, answer.quotes)
        ):
            reason = "the answer seems to follow an instruction in the document"
            return Verdict(INJECTION_OBEYED, reason, found)
        api = spec.doctype == API
        if checks.injections and not api and (stray := stray_code(answer, question, texts)):
            return stray
        quoted = "\n".join(answer.quotes)
        if checks.support and not api and not supported(answer.final, answer.quotes, question):
            said = await self._asked("support", ["\n\n".join(answer.quotes)], question, spec, calls)
            if not _gives(said) or not agrees(answer.final, said.final, question, quoted):
                reason = "the final answer does not follow from the quotes alone"
                return Verdict(UNSUPPORTED, reason, _what_it_said(said))
        if checks.round_trip:
            said = await self._asked(
                "round_trip", model_texts(sources, spec), question, spec, calls
            )
            if not _gives(said):
                reason = "another reader of the document cannot answer the question from it"
                return Verdict(ROUND_TRIP_ABSTAINS, reason, _what_it_said(said))
            if not agrees(answer.final, said.final, question, quoted):
                reason = "another reader of the document gives a different final answer"
                return Verdict(ROUND_TRIP_DIFFERS, reason, _what_it_said(said))
        return None

    async def _asked(
        self, kind: str, documents: Sequence[str], question: str, spec: RunSpec, calls: PaidCalls
    ) -> ParsedAnswer:
        request = judge_request(documents, question, spec)
        return parse_answer((await ask(calls, kind, self._judge, request)).text)


def judge_request(documents: Sequence[str], question: str, spec: RunSpec) -> ChatRequest:
    """The question over these documents alone, in the form that the teacher answers in."""
    messages = answer_prompt(spec.prompts, documents, question, api=spec.doctype == API)
    return ChatRequest(messages, max_tokens=_TOKENS, seed=spec.seed)


def _gives(said: ParsedAnswer) -> bool:
    return bool(said.final) and not said.abstains


def _what_it_said(said: ParsedAnswer) -> str:
    return f"the judge says {squash(said.final)[:_SHOWN]}" if said.final else "no final answer"
