"""A run as generation leaves it, of any size: chunks and examples made of the samples' words.

Every chunk is a section on a product of its own, walked word by word through what follows what in
the sample documents, so that words are as common, and questions as alike, as they are there.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shared.ports import BlobStore
from shared.raft.documents import Chunk
from shared.raft.examples import ChunkExamples, Drop, Example
from shared.raft.formats import to_json, to_jsonl

SAMPLES = Path(__file__).parents[1] / "samples" / "bank" / "text"
QUESTIONS = 5
_CHUNKS_PER_DOCUMENT = 200
_WORDS = 150  # some 200 tokens
_WRITERS = 16
_ASK = ("What is said of {}?", "When does {} apply?", "How is {} handled?", "Who decides on {}?")
_NAMES = "Alder Birch Cedar Dogwood Elm Fir Ginkgo Hazel Ivy Juniper Larch Maple Oak Pine".split()
_WORD = re.compile(r"[A-Za-z][a-z'-]+|\d+")


async def write_run(blobs: BlobStore, run: str, examples: int, spec: dict[str, Any]) -> None:
    """Write the run's manifest, documents, chunks and examples; the same for the same size."""
    chunks = -(-examples // QUESTIONS)
    documents = -(-chunks // _CHUNKS_PER_DOCUMENT)
    names = [{"name": _name(n), "etag": "1", "size": 1} for n in range(documents)]
    manifest = {"run": run, "domain": "bench", "state": "running", "spec": spec, "stages": {}}
    await blobs.put(f"{run}/manifest.json", to_json({**manifest, "documents": names}))
    places = asyncio.Semaphore(_WRITERS)

    async def put(name: str, data: bytes) -> None:
        try:
            await blobs.put(f"{run}/{name}", data)
        finally:
            places.release()

    async with asyncio.TaskGroup() as group:
        for name, data in _blobs(chunks, documents):
            await places.acquire()
            group.create_task(put(name, data))


def _blobs(chunks: int, documents: int) -> Iterator[tuple[str, bytes]]:
    for number in range(documents):
        held = min(_CHUNKS_PER_DOCUMENT, chunks - number * _CHUNKS_PER_DOCUMENT)
        record = {"name": _name(number), "problem": "", "pages_without_text": []}
        empty: list[None] = [None]
        yield (
            f"documents/{number:05}.json",
            to_json({**record, "pages": empty * held, "chunks": empty * held}),
        )
    words = _following()
    shard: list[dict[str, Any]] = []
    for index in range(chunks):
        chunk, made = _chunk(index, words)
        yield f"examples/{index:05}.json", to_json(asdict(made))
        shard.append(asdict(chunk))
        if len(shard) == 50 or index == chunks - 1:
            yield f"chunks/{index // 50:05}.jsonl", to_jsonl(shard)
            shard = []


def _chunk(index: int, following: dict[str, list[str]]) -> tuple[Chunk, ChunkExamples]:
    rng = random.Random(f"chunk {index}")
    document = _name(index // _CHUNKS_PER_DOCUMENT)
    chunk_id = f"{document}#{index % _CHUNKS_PER_DOCUMENT}"
    subject = f"{rng.choice(_NAMES)} {rng.choice(_NAMES)} {rng.randrange(10_000)}"
    sentences = []
    while sum(len(sentence.split()) for sentence in sentences) < _WORDS:
        walk = _walk(rng, following, rng.randint(8, 22))
        sentences.append(f"The {subject} account: {' '.join(walk)} {rng.randint(2, 99)} days.")
    text = " ".join(sentences)
    chunk = Chunk(chunk_id, text, document, [1 + index % 40], len(text) // 5, "Fees > Accounts")
    made = ChunkExamples(chunk_id)
    for number, sentence in zip(range(QUESTIONS), itertools.cycle(sentences)):
        topic = " ".join(sentence.split()[4:][number : number + rng.randint(4, 7)])
        about = f"the {subject} account and {topic}" if rng.random() < 0.5 else topic
        question = rng.choice(_ASK).format(about)
        if rng.random() < 0.02:  # what everyone asks
            question = f"How does one open the {rng.choice(_NAMES)} account?"
        final = " ".join(sentence.split()[-3:])
        answer = f"It is said: ##begin_quote##{sentence}##end_quote##\n<ANSWER>: {final}"
        made.examples.append(
            Example(f"{chunk_id}/{number}", chunk_id, question, answer, final, [sentence])
        )
    if rng.random() < 0.2:
        made.drops.append(Drop(f"What else of {subject}?", "no_quote", "the answer quotes nothing"))
    return chunk, made


def _walk(rng: random.Random, following: dict[str, list[str]], length: int) -> list[str]:
    word = rng.choice(following[""])
    words = [word]
    while len(words) < length:
        word = rng.choice(following.get(word) or following[""])
        words.append(word)
    return words


def _following() -> dict[str, list[str]]:
    """Which words follow each word in the samples, as often as they do; all words after ''."""
    following: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(SAMPLES.iterdir()):
        words = _WORD.findall(path.read_text(encoding="utf-8"))
        for word, after in itertools.pairwise(words):
            following[word].append(after)
            following[""].append(word)
    return dict(following)


def _name(number: int) -> str:
    return f"bench/{number:04}.pdf"
