"""A person's question, answered by baseline and student over what a search of the corpus finds.

The search is the one of the evaluation's setting `retrieved`: BM25 over all chunks of the run.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.errors import SpecError
from shared.ports import ChatRequest
from shared.raft.answers import is_verbatim, parse_answer
from shared.raft.bm25 import Bm25
from shared.raft.documents import Chunk
from shared.raft.prompts import student_prompt
from shared.raft.word_table import WordTable
from shared.services.both_models import BothModels
from shared.services.deployment import ANSWER_TOKENS
from shared.services.documents import chunks_prefix
from shared.services.one_thread import OneThread
from shared.services.runs import Runs
from shared.services.shards import Shards, records_in

QUESTION_CHARACTERS = 1_000
_HELD = 2  # indices, of some six bytes a word each


class ChunkSearch:
    """Finds chunks of runs. Indices are held for the last runs asked about; texts are not."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._indices: OrderedDict[str, asyncio.Task[Bm25]] = OrderedDict()

    async def find(self, run: str, question: str, count: int) -> list[Chunk]:
        """The chunks that share most with the question, best first; [] where none does."""
        index = await self._index(run)
        places = await asyncio.to_thread(index.nearest, question, count)
        prefix = chunks_prefix(run)
        return [Chunk(**await self._shards.item(prefix, place)) for place in places]

    async def _index(self, run: str) -> Bm25:
        task = self._indices.get(run)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._build(run))
            self._indices[run] = task
        self._indices.move_to_end(run)
        while len(self._indices) > _HELD:
            self._indices.popitem(last=False)
        return await asyncio.shield(task)

    async def _build(self, run: str) -> Bm25:
        table = WordTable()
        with OneThread() as away:
            async for data in self._shards.blobs(chunks_prefix(run)):
                await away(_add, table, data)
            return await away(Bm25, table)


class Asking:
    """The use case of asking."""

    def __init__(self, records: Runs, search: ChunkSearch, both: BothModels) -> None:
        self._records = records
        self._search = search
        self._both = both

    async def ask(self, run: str, question: Any) -> dict[str, Any]:
        """Both models' answers: {question, documents: [{chunk, document, pages, heading, text}],
        baseline, student: {answer, final, abstains, quotes: [{text, chunk}]}, spend}.

        The `chunk` of a quote is the document that holds it word for word, None where none does.
        Raises BlobNotFound, NotNow where the student cannot be asked, SpecError on what is no
        question, and the errors of `Chat.complete`.
        """
        words = _question(question)
        await self._both.check(run)
        spec = (await self._records.context(run)).spec
        found = await self._search.find(run, words, spec.evaluation.top_k)
        prompt = student_prompt([chunk.text for chunk in found], words)
        item = f"ask/{hashlib.sha256(words.encode()).hexdigest()[:16]}"
        request = ChatRequest(prompt, max_tokens=ANSWER_TOKENS, seed=0)
        said = await self._both.answers(run, item, request)
        return {
            "question": words,
            "documents": [
                {
                    "chunk": chunk.id,
                    "document": chunk.document,
                    "pages": chunk.pages,
                    "heading": chunk.heading,
                    "text": chunk.text,
                }
                for chunk in found
            ],
            "baseline": _answer(said.baseline, found),
            "student": _answer(said.student, found),
            "spend": asdict(said.spend),
        }


def _question(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SpecError("question", "must be a text")
    if len(value) > QUESTION_CHARACTERS:
        raise SpecError("question", f"must not be over {QUESTION_CHARACTERS:,} characters")
    return value.strip()


def _answer(text: str, shown: Sequence[Chunk]) -> dict[str, Any]:
    parsed = parse_answer(text)
    return {
        "answer": parsed.text,
        "final": parsed.final,
        "abstains": parsed.abstains,
        "quotes": [
            {
                "text": quote,
                "chunk": next((each.id for each in shown if is_verbatim(quote, each.text)), None),
            }
            for quote in parsed.quotes
        ],
    }


def _add(table: WordTable, data: bytes) -> None:
    for record in records_in(data):
        table.add(record["text"])
