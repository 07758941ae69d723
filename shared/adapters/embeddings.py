"""Embedder over the openai SDK: batches through the paid ledger, on the endpoints of its role.

A batch's vectors are kept as base64 of 32-bit floats, as the service sends them: a tenth of their
JSON.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from shared.adapters.pooled import CallOptions, PooledModel, Way
from shared.errors import ModelUnavailable
from shared.ports import PaidCalls, Permit, Reply
from shared.settings import ModelEndpoint

_BATCH = 64
_CHARACTERS = 24_000  # of one text: the models read 8,192 tokens
_FLOATS = np.dtype("<f4")


class OpenAIEmbedder:
    """Keeps the promises of `ports.Embedder`."""

    def __init__(
        self,
        endpoint: ModelEndpoint | Sequence[ModelEndpoint],
        *,
        deployment: str,
        **options: Unpack[CallOptions],
    ) -> None:
        self.deployment = deployment
        self._model = PooledModel(endpoint, deployment, **options)

    async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
        """See the port."""
        batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
        made = await asyncio.gather(
            *(self._batch([text[:_CHARACTERS] for text in batch], calls) for batch in batches),
            return_exceptions=True,
        )
        for vectors in made:
            if isinstance(vectors, BaseException):
                raise vectors
        return [vector for vectors in made if isinstance(vectors, list) for vector in vectors]

    async def _batch(self, texts: list[str], calls: PaidCalls) -> list[list[float]]:
        shape = {"deployment": self.deployment, "input": texts}
        size = sum(map(len, texts))

        async def ask(permit: Permit) -> Reply:
            return await self._model.call(size, 0, permit, lambda way: _send(way, texts))

        reply = await calls.once("embedding", shape, ask)
        vectors = [np.frombuffer(base64.b64decode(line), _FLOATS) for line in reply.text.split()]
        return [[float(number) for number in vector] for vector in vectors]

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()


async def _send(way: Way, texts: list[str]) -> Reply:
    answer: Any = None
    with contextlib.suppress(json.JSONDecodeError):  # the SDK passes on what came with a 200
        answer = await way.client.embeddings.create(model=way.deployment, input=texts)
    ordered = sorted(getattr(answer, "data", None) or [], key=lambda item: item.index)
    if len(ordered) != len(texts):
        raise ModelUnavailable(f"{way.deployment} gave {len(ordered)} of {len(texts)} vectors")
    lines = [np.asarray(item.embedding, _FLOATS).tobytes() for item in ordered]
    return Reply(
        text="\n".join(base64.b64encode(line).decode() for line in lines),
        model=answer.model,
        prompt_tokens=answer.usage.prompt_tokens if answer.usage else 0,
    )
