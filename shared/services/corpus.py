"""A run's chunks and examples as planning goes through them: texts on disk, places in memory."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from shared.errors import BlobNotFound
from shared.ports import BlobStore
from shared.raft.documents import Chunk
from shared.raft.examples import Example
from shared.services.documents import chunks_prefix
from shared.services.generation import examples_name
from shared.services.scratch import ChunksOnShelf, Scratch, to_record
from shared.services.shards import Shards, read_ahead, records_in

_READERS = 16


class Corpus:
    """Chunks and examples are known by their positions in reading order."""

    def __init__(self, runs: BlobStore, shards: Shards, scratch: Scratch) -> None:
        self._runs = runs
        self._shards = shards
        self._chunks = scratch.shelf("chunks")
        self._examples = scratch.shelf("examples")
        self._dropped = scratch.shelf("dropped")
        self.place: dict[str, int] = {}  # of each chunk, by id
        self.follows: list[bool] = []  # chunk → whether the one before is of its document
        self.chunk_of = array("i")  # example → chunk
        self.together: set[str] = set()  # ids of chunks that stand in a question that needs two
        self.drops: Counter[str] = Counter()

    async def read(self, run: str) -> None:
        """Take in all chunks, then all that generation made of them."""
        document = ""
        async for data in self._shards.blobs(chunks_prefix(run)):
            records = list(records_in(data))
            for record in records:
                self.place[record["id"]] = len(self.place)
                self.follows.append(record["document"] == document)
                document = record["document"]
            self._chunks.add(map(to_record, records))
        async for made in self._made(run):
            if made is not None:
                self._take(made)

    def chunk(self, chunk: str) -> Chunk:
        """One chunk, by id."""
        return Chunk(**json.loads(self._chunks[self.place[chunk]]))

    def chunks(self, positions: Sequence[int]) -> ChunksOnShelf:
        """Some of the chunks, read when they are asked for."""
        return ChunksOnShelf(self._chunks, positions)

    def every_chunk(self) -> Iterator[Chunk]:
        """All chunks in order."""
        return (Chunk(**json.loads(record)) for record in self._chunks)

    def example(self, position: int) -> Example:
        """One example."""
        return Example(**json.loads(self._examples[position]))

    def every_example(self) -> Iterator[Example]:
        """All examples in order."""
        return (Example(**json.loads(record)) for record in self._examples)

    def drop(self, position: int, code: str, reason: str) -> None:
        """Write down why an example is not used."""
        example = self.example(position)
        self._drop(
            dropped_record(
                example.chunk, example.question, example.kind, example.answer, code, reason
            )
        )

    def dropped(self) -> Iterator[Any]:
        """Everything dropped so far, in order."""
        return (json.loads(record) for record in self._dropped)

    async def _made(self, run: str) -> AsyncIterator[Any]:
        async def read(index: int) -> Any:
            try:
                return json.loads(await self._runs.read(examples_name(run, index)))
            except BlobNotFound:  # the item failed before it could write
                return None

        async for made in read_ahead(range(len(self.place)), read, _READERS):
            yield made

    def _take(self, made: dict[str, Any]) -> None:
        examples = [Example(**record) for record in made["examples"]]
        self._examples.add(map(to_record, made["examples"]))
        self.chunk_of.extend(self.place[example.chunk] for example in examples)
        for example in examples:
            if example.second:
                self.together.update(example.oracles)
        for drop in made["drops"]:
            self._drop(
                dropped_record(
                    made["chunk"],
                    drop["question"],
                    drop.get("kind", ""),
                    drop.get("answer", ""),
                    drop["code"],
                    drop["reason"],
                )
            )

    def _drop(self, record: dict[str, str]) -> None:
        self.drops[record["code"]] += 1
        self._dropped.add([to_record(record)])


def dropped_record(
    chunk: str, question: str, kind: str, answer: str, code: str, reason: str
) -> dict[str, str]:
    """A line of dropped.jsonl."""
    return {
        "chunk": chunk,
        "question": question,
        "kind": kind,
        "answer": answer,
        "code": code,
        "reason": reason,
    }
