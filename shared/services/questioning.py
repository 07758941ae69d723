"""What a chunk is asked: the teacher's questions of every kind, cleaned, in a fixed order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from shared.errors import ContentFiltered
from shared.ports import Chat, ChatRequest, PaidCalls
from shared.raft.documents import Chunk
from shared.raft.examples import Drop
from shared.raft.injection import HIDDEN, shown_text
from shared.raft.kinds import ask_for, instructions, kinds_for
from shared.raft.prompts import API, MULTI_HOP, questions_prompt, questions_schema
from shared.raft.questions import Asked, normalise_question, parse_questions, points_at_document
from shared.raft.splitting import seeded
from shared.raft.verification import POINTS_AT_DOCUMENT
from shared.services.work import ask
from shared.spec import RunSpec

_TOKENS = 1_024
_ATTEMPTS = 2


@dataclass(frozen=True)
class Question:
    """A question about `sources`: its chunk, and for two hops the next one too."""

    number: int
    kind: str
    text: str
    sources: tuple[Chunk, ...]


@dataclass(frozen=True)
class Questions:
    """A chunk's questions in the order in which they are to be answered, and those not fit."""

    wanted: list[Question]
    drops: list[Drop]


class Questioning:
    """Asks the teacher for questions. A reply without any is asked for once more."""

    def __init__(self, teacher: Chat) -> None:
        self._teacher = teacher

    async def questions(
        self, chunk: Chunk, following: Chunk | None, spec: RunSpec, calls: PaidCalls
    ) -> Questions:
        """Questions about the chunk, and of two hops about it and the run's next chunk."""
        counts = _counts(chunk, following, spec)
        hops = counts.pop(MULTI_HOP, 0)
        both = (chunk, following) if following else (chunk,)
        asked: list[tuple[Asked, tuple[Chunk, ...]]] = [
            (one, (chunk,)) for one in await self._ask((chunk,), counts, spec, calls)
        ]
        with suppress(ContentFiltered):  # the next chunk's trouble is not this one's
            hopping = await self._ask(both, {MULTI_HOP: hops}, spec, calls)
            asked += [(one, both) for one in hopping]
        wanted: list[Question] = []
        drops: list[Drop] = []
        seen: set[str] = set()
        for one, sources in asked:
            form = normalise_question(one.question)
            if form in seen:
                continue
            seen.add(form)
            if points_at_document(one.question):
                reason = "the question makes sense only beside its document"
                drops.append(Drop(one.question, POINTS_AT_DOCUMENT, reason, kind=one.kind))
            else:
                wanted.append(Question(len(wanted), one.kind, one.question, sources))
        random.Random(seeded(spec.seed, "order", chunk.text)).shuffle(wanted)
        return Questions(wanted, drops)

    async def _ask(
        self, sources: Sequence[Chunk], counts: dict[str, int], spec: RunSpec, calls: PaidCalls
    ) -> list[Asked]:
        number = sum(counts.values())
        texts = model_texts(sources, spec)
        if not number or not all(text.replace(HIDDEN, "").strip() for text in texts):
            return []
        request = ChatRequest(
            questions_prompt(spec.prompts, texts, counts),
            max_tokens=_TOKENS,
            seed=spec.seed,
            schema=questions_schema(list(counts)),
        )
        for attempt in range(_ATTEMPTS):
            again = replace(request, seed=spec.seed + attempt)
            reply = await ask(calls, "questions", self._teacher, again)
            asked = parse_questions(reply.text, list(counts), number)
            if asked or not reply.text.strip():
                return asked
        return []


def model_texts(sources: Sequence[Chunk], spec: RunSpec) -> list[str]:
    """The chunks as models see them: without orders to a model, unless the spec lets them."""
    texts = [source.text for source in sources]
    return [shown_text(text) for text in texts] if spec.verification.injections else texts


def _counts(chunk: Chunk, following: Chunk | None, spec: RunSpec) -> dict[str, int]:
    if spec.doctype == API:
        return instructions(spec.questions)
    mix = spec.question_kinds.model_dump()
    return ask_for(chunk, kinds_for(chunk, following), mix, spec.questions, spec.seed)
