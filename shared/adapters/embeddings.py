"""Embedder over the openai SDK: batches through the paid ledger, throttling waited out.

A batch's vectors are kept as base64 of 32-bit floats, as the service sends them: a tenth of their
JSON.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import openai

from shared.adapters.chat import retry_wait
from shared.adapters.openai_client import connect_model, our_error
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
        endpoint: ModelEndpoint,
        *,
        concurrency: asyncio.Semaphore,
        timeout: float,
        client_id: str = "",
        patience: float = 300,
        attempts: int = 5,
    ) -> None:
        self._client = connect_model(endpoint, timeout=timeout, client_id=client_id)
        self.deployment = endpoint.deployment
        self._places = concurrency
        self._patience = patience
        self._attempts = attempts

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
        reply = await calls.once("embedding", shape, lambda permit: self._ask(texts, permit))
        vectors = [np.frombuffer(base64.b64decode(line), _FLOATS) for line in reply.text.split()]
        return [[float(number) for number in vector] for vector in vectors]

    async def _ask(self, texts: list[str], permit: Permit) -> Reply:
        began = time.monotonic()
        failures = 0
        while True:
            try:
                async with self._places:
                    await permit()
                    return await self._send(texts)
            except openai.OpenAIError as error:
                problem = our_error(error, self.deployment)
                if not isinstance(problem, ModelUnavailable):
                    raise problem from None
                failures += 1
                wait = retry_wait(error, failures)
                late = time.monotonic() - began + wait > self._patience
                throttled = isinstance(error, openai.RateLimitError)
                if late or (not throttled and failures >= self._attempts):
                    raise problem from None
            await asyncio.sleep(wait)

    async def _send(self, texts: list[str]) -> Reply:
        answer: Any = None
        with contextlib.suppress(json.JSONDecodeError):  # the SDK passes on what came with a 200
            answer = await self._client.embeddings.create(model=self.deployment, input=texts)
        ordered = sorted(getattr(answer, "data", None) or [], key=lambda item: item.index)
        if len(ordered) != len(texts):
            raise ModelUnavailable(f"{self.deployment} gave {len(ordered)} of {len(texts)} vectors")
        lines = [np.asarray(item.embedding, _FLOATS).tobytes() for item in ordered]
        return Reply(
            text="\n".join(base64.b64encode(line).decode() for line in lines),
            model=answer.model,
            prompt_tokens=answer.usage.prompt_tokens if answer.usage else 0,
        )
