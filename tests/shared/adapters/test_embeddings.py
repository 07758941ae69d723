"""Vectors in batches through the ledger: in order, paid once, throttling waited out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from shared.adapters.embeddings import OpenAIEmbedder
from shared.errors import ModelRefusesUs, ModelUnavailable
from shared.ports import Permit, Reply, Send
from tests.local.models.support import Server
from tests.shared.support import Canned, endpoint

Connect = Callable[..., OpenAIEmbedder]


class Ledger:
    """Keeps replies, as the paid ledger does."""

    def __init__(self) -> None:
        self.kept: dict[str, Reply] = {}
        self.sent = 0

    async def once(self, kind: str, shape: Mapping[str, Any], send: Send) -> Reply:
        key = repr((kind, sorted(shape.items())))
        if key not in self.kept:
            self.kept[key] = await send(self._permit)
            self.sent += 1
        return self.kept[key]

    async def _permit(self) -> None:
        return None


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes embedders, and closes their connections in the end."""
    made: list[OpenAIEmbedder] = []

    def make(url: str, **options: Any) -> OpenAIEmbedder:
        places = asyncio.Semaphore(4)
        made.append(
            OpenAIEmbedder(
                endpoint(url, "embedding"),
                deployment="embedding",
                concurrency=places,
                timeout=5,
                **options,
            )
        )
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_texts_get_vectors_in_order_in_batches_of_64(
    connect: Connect, models: Server
) -> None:
    texts = [f"sentence {n} about the fee of card {n % 7}" for n in range(150)]
    ledger, client = Ledger(), connect(models.url)
    vectors = await client.embed(texts, ledger)
    assert len(vectors) == 150
    assert ledger.sent == 3
    alone = await client.embed(texts[70:71], Ledger())
    assert alone[0] == pytest.approx(vectors[70])
    assert all(reply.prompt_tokens > 0 for reply in ledger.kept.values())


async def test_asking_again_sends_nothing(connect: Connect, models: Server) -> None:
    ledger, client = Ledger(), connect(models.url)
    first = await client.embed(["one", "two"], ledger)
    assert await client.embed(["one", "two"], ledger) == first
    assert ledger.sent == 1
    assert await client.embed([], ledger) == []


async def test_throttling_is_waited_out_and_errors_are_tried_again(
    connect: Connect, canned: Canned
) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
    good = {"data": [vector], "model": "m", "object": "list", "usage": None}
    canned.answers = [(429, "{}", {"retry-after": "0"}), (500, "{}"), (200, good)]
    assert await connect(canned.url).embed(["one"], Ledger()) == [[0.5, 0.25]]
    assert len(canned.asked) == 3


async def test_a_refusal_and_a_lasting_error_are_ours(connect: Connect, canned: Canned) -> None:
    canned.answers = [(401, "{}")]
    with pytest.raises(ModelRefusesUs):
        await connect(canned.url).embed(["one"], Ledger())
    canned.answers = [(500, "{}")]
    with pytest.raises(ModelUnavailable):
        await connect(canned.url, attempts=1).embed(["one"], Ledger())


async def test_nothing_is_sent_once_the_run_is_stopped(connect: Connect, canned: Canned) -> None:
    class Stopped(Ledger):
        async def once(self, kind: str, shape: Mapping[str, Any], send: Send) -> Reply:
            async def refuse() -> None:
                raise RuntimeError("stopped")

            permit: Permit = refuse
            return await send(permit)

    with pytest.raises(RuntimeError, match="stopped"):
        await connect(canned.url).embed(["one"], Stopped())
    assert canned.asked == []
