"""Tiny ports in memory, for services whose real parts would only be slow.

`MemoryBlobs` passes the same contract tests as the Azure adapter (see test_blobs.py).
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.contracts import JobState, JobStatus
from shared.errors import BlobChanged, BlobNotFound
from shared.ports import (
    BlobInfo,
    ChatRequest,
    JudgeItem,
    PaidCalls,
    Permit,
    Reply,
    TrainingRequest,
    TrainingResult,
)


class MemoryBlobs:
    """Keeps the promises of `ports.BlobStore`."""

    def __init__(self) -> None:
        self.blobs: dict[str, tuple[bytes, str]] = {}
        self.writes = 0
        self.reads: list[str] = []

    def _write(self, name: str, data: bytes) -> None:
        self.writes += 1
        self.blobs[name] = (data, f'"{self.writes}"')

    async def read(self, name: str) -> bytes:
        return (await self.read_versioned(name))[0]

    async def read_versioned(self, name: str) -> tuple[bytes, str]:
        await asyncio.sleep(0)  # others may come between, as on the network
        self.reads.append(name)
        if name not in self.blobs:
            raise BlobNotFound(f"there is no blob {name}")
        return self.blobs[name]

    async def exists(self, name: str) -> bool:
        return name in self.blobs

    async def create(self, name: str, data: bytes) -> bool:
        await asyncio.sleep(0)
        if name in self.blobs:
            return False
        self._write(name, data)
        return True

    async def replace(self, name: str, data: bytes, etag: str) -> None:
        await asyncio.sleep(0)
        if name not in self.blobs or self.blobs[name][1] != etag:
            raise BlobChanged(f"{name} was changed by another writer")
        self._write(name, data)

    async def put(self, name: str, data: bytes) -> None:
        self._write(name, data)

    async def put_stream(self, name: str, parts: AsyncIterable[bytes]) -> None:
        self._write(name, b"".join([part async for part in parts]))

    async def listing(self, prefix: str = "") -> list[BlobInfo]:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        found = sorted(self.blobs.items())
        return [BlobInfo(n, etag, len(d), now) for n, (d, etag) in found if n.startswith(prefix)]

    async def folders(self) -> list[str]:
        return sorted({name.partition("/")[0] for name in self.blobs if "/" in name})


class ScriptedChat:
    """Answers with what `reply` gives for a request's last message; keeps the requests."""

    def __init__(
        self, reply: Callable[[str], str | Reply | Exception], deployment: str = "scripted"
    ) -> None:
        self.deployment = deployment
        self.requests: list[ChatRequest] = []
        self._reply = reply

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        await permit()
        self.requests.append(request)
        reply = self._reply(str(request.messages[-1]["content"]))
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, Reply) else Reply(reply, "gpt-4o", "stop", 100, 10)


class MemoryTrainer:
    """A cloud whose jobs succeed at once; the same key is the same job."""

    def __init__(self) -> None:
        self.requests: dict[str, TrainingRequest] = {}
        self.cancelled: list[str] = []
        self.tokens = 1_000_000

    async def submit(self, request: TrainingRequest) -> str:
        self.requests[request.key] = request
        return f"job-{request.key}"

    async def find(self, key: str) -> str | None:
        return f"job-{key}" if key in self.requests else None

    async def check(self, job: str) -> JobStatus:
        return JobStatus(JobState.SUCCEEDED, "succeeded")

    async def cancel(self, job: str) -> None:
        self.cancelled.append(job)

    async def result(self, job: str) -> TrainingResult:
        csv = b"step,train_loss,valid_loss\n1,2.5,\n2,nan,1.5\n"
        return TrainingResult("gpt-4o-mini.ft-1", self.tokens, csv)


class MemoryDeployer:
    """Remembers what was created; `serving` is the model under each name now."""

    def __init__(self) -> None:
        self.created: list[tuple[str, str, str, int]] = []
        self.serving: dict[str, str] = {}

    async def create(self, name: str, model: str, sku: str, capacity: int) -> None:
        self.created.append((name, model, sku, capacity))
        self.serving[name] = model

    async def delete(self, name: str, model: str) -> bool:
        there = self.serving.get(name) == model
        if there:
            del self.serving[name]
        return there

    async def check(self, name: str) -> JobStatus:
        return JobStatus(JobState.SUCCEEDED, "Succeeded")


class ScriptedJudge:
    """Gives each item the same scores, other ones (`again`) when asked a second time, after one
    paid call of its own; keeps the items."""

    def __init__(
        self, scores: Mapping[str, float | None], again: Mapping[str, float | None] | None = None
    ) -> None:
        self.judged: list[JudgeItem] = []
        self._scores = scores
        self._again = scores if again is None else again

    async def score(self, item: JudgeItem, calls: PaidCalls) -> dict[str, float | None]:
        async def send(permit: Permit) -> Reply:
            await permit()
            return Reply("scored", "gpt-4o", "stop", 10, 1)

        shape = {"question": item.question, "answer": item.answer, "attempt": item.attempt}
        await calls.once("judge", shape, send)
        self.judged.append(item)
        scores = self._again if item.attempt else self._scores
        return {name: scores[name] for name in item.metrics if name in scores}


class WordTokenizer:
    """Counts words."""

    name = "words"

    def count(self, text: str) -> int:
        return len(text.split())


class JsonReport:
    """Renders a report as a page that names its run."""

    def render(self, report: Mapping[str, Any]) -> str:
        return f"<html>{report['run']}</html>"


class LetterVectors:
    """Embeds a text as counts of its letters, ten texts a paid call."""

    deployment = "letters"

    async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
        vectors: list[list[float]] = []
        for at in range(0, len(texts), 10):
            batch = list(texts[at : at + 10])

            async def send(permit: Permit) -> Reply:
                await permit()
                return Reply("counted", "text-embedding-3-small", prompt_tokens=7)

            await calls.once("embedding", {"input": batch}, send)
            vectors += [[float(text.count(letter)) for letter in "abcdefghij"] for text in batch]
        return vectors


class WordVectors:
    """Embeds a text as which words it holds, eight texts a paid call; keeps the texts."""

    deployment = "words"

    def __init__(self) -> None:
        self.embedded: list[str] = []

    async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
        for at in range(0, len(texts), 8):
            batch = list(texts[at : at + 8])

            async def send(permit: Permit) -> Reply:
                await permit()
                return Reply("counted", "text-embedding-3-small", prompt_tokens=7)

            await calls.once("embedding", {"deployment": self.deployment, "input": batch}, send)
        self.embedded += texts
        return [self._vector(text) for text in texts]

    @staticmethod
    def _vector(text: str) -> list[float]:
        vector = [0.0] * 512
        for word in text.casefold().split():
            vector[zlib.crc32(word.strip("?.,").encode()) % 512] += 1.0
        return vector
