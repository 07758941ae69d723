"""Judge on ragas 0.4: its metrics of answers and of contexts, and two ratings from 1 to 5.

Every HTTP call that ragas makes, its own retries and embeddings too, passes `_PaidTransport`,
which sends and counts each distinct request once through the item's `PaidCalls`. So a killed
evaluation repeats nothing that was answered, and the ledger is exact.
ragas takes 5 s and 230 MB to import: at first use, never at import of this module.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import json
import math
import os
from collections.abc import Awaitable, Mapping, Sequence
from functools import cached_property
from typing import Any

import httpx2

from shared.adapters.judge_metrics import Scorer, scorers
from shared.adapters.openai_client import connect_model
from shared.errors import ModelRefusesUs, RunStopped
from shared.ports import JudgeItem, PaidCalls, Permit, Reply
from shared.raft.metrics import RATING_SCALE, RATINGS
from shared.settings import ModelEndpoint

_ANSWER_TOKENS = 4_096

_calls: contextvars.ContextVar[PaidCalls] = contextvars.ContextVar("paid_calls")
_attempt: contextvars.ContextVar[int] = contextvars.ContextVar("attempt")
_refusal: contextvars.ContextVar[list[Exception]] = contextvars.ContextVar("refusal")
_vectors: contextvars.ContextVar[dict[str, list[float]]] = contextvars.ContextVar("vectors")


class RagasJudge:
    """Keeps the promises of `ports.Judge`."""

    def __init__(
        self,
        chat: ModelEndpoint,
        embedding: ModelEndpoint,
        *,
        concurrency: asyncio.Semaphore,
        timeout: float,
        client_id: str = "",
    ) -> None:
        transport = _PaidTransport(concurrency)
        self._chat_deployment = chat.deployment
        self._embedding_deployment = embedding.deployment
        options: Any = {
            "timeout": timeout,
            "client_id": client_id,
            "max_retries": 6,
            "transport": transport,
        }
        self._chat = connect_model(chat, **options)
        self._embedding = connect_model(embedding, **options)
        self._loading = asyncio.Lock()

    async def score(self, item: JudgeItem, calls: PaidCalls) -> dict[str, float | None]:
        """See the port."""
        async with self._loading:  # one import, off the loop that others share
            known = await asyncio.to_thread(lambda: self._scorers)
        _calls.set(calls)
        _attempt.set(item.attempt)
        _vectors.set({})
        refusal: list[Exception] = []
        _refusal.set(refusal)
        scores: dict[str, float | None] = {}
        for name in item.metrics:
            scores[name] = await _value(known[name](item), name in RATINGS)
            if refusal:
                raise refusal[0]
        return scores

    @cached_property
    def _embeddings(self) -> Any:
        return _embeddings_class()(self._embedding, self._embedding_deployment)

    @cached_property
    def _scorers(self) -> Mapping[str, Scorer]:
        os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")  # it phones home on each call
        from ragas.llms import llm_factory

        llm = llm_factory(
            self._chat_deployment, client=self._chat, max_tokens=_ANSWER_TOKENS, temperature=0
        )
        return scorers(llm, self._embeddings, self._fetch)

    async def _fetch(self, texts: Sequence[str]) -> None:
        for text in texts:
            _vectors.get()[text] = await self._embeddings.aembed_text(text)


async def _value(scoring: Awaitable[Any], rating: bool) -> float | None:
    """The score, or None: a judge that fails on one metric of one row costs that one score."""
    try:
        value = float((await scoring).value)
    except Exception:
        return None
    if rating:
        return value if RATING_SCALE[0] <= value <= RATING_SCALE[1] else None
    return min(1.0, max(0.0, value)) if math.isfinite(value) else None


class _NotPaid(Exception):
    """Raised for responses that are not billed, so that the ledger does not keep them."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class _PaidTransport(httpx2.AsyncBaseTransport):
    def __init__(self, concurrency: asyncio.Semaphore) -> None:
        self._network = httpx2.AsyncHTTPTransport()
        self._places = concurrency

    async def aclose(self) -> None:
        await self._network.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()

        async def send(permit: Permit) -> Reply:
            async with self._places:
                await permit()
                response = await self._network.handle_async_request(request)
                text = (await response.aread()).decode()
            if response.status_code in (401, 403, 404):
                raise ModelRefusesUs(f"the judge answered {response.status_code}")
            if response.status_code != 200:
                raise _NotPaid(httpx2.Response(response.status_code, headers=response.headers))
            data = json.loads(text)
            usage = data.get("usage") or {}
            return Reply(
                text=text,
                model=data.get("model", ""),
                prompt_tokens=usage.get("prompt_tokens", 0),
                completion_tokens=usage.get("completion_tokens", 0),
            )

        shape = {"path": request.url.path, "body": hashlib.sha256(body).hexdigest()}
        if attempt := _attempt.get():
            shape["attempt"] = str(attempt)
        try:
            reply = await _calls.get().once("judge", shape, send)
        except _NotPaid as unpaid:
            return unpaid.response
        except (ModelRefusesUs, RunStopped) as refusal:
            _refusal.get().append(refusal)
            return httpx2.Response(400, json={"error": {"message": refusal.reason}})
        return httpx2.Response(
            200, headers={"content-type": "application/json"}, content=reply.text.encode()
        )


def _embeddings_class() -> type:
    os.environ.setdefault("RAGAS_DO_NOT_TRACK", "true")
    from ragas.embeddings.base import BaseRagasEmbedding

    class PaidEmbeddings(BaseRagasEmbedding):  # type: ignore[misc]
        """Embeddings through the paid transport; synchronous ones only of vectors held."""

        def __init__(self, client: Any, deployment: str) -> None:
            super().__init__()
            self._client = client
            self._deployment = deployment

        def embed_text(self, text: str, **_: Any) -> list[float]:
            return _vectors.get()[text]

        async def aembed_text(self, text: str, **_: Any) -> list[float]:
            return (await self.aembed_texts([text]))[0]

        async def aembed_texts(self, texts: list[str], **_: Any) -> list[list[float]]:
            answer = await self._client.embeddings.create(model=self._deployment, input=texts)
            return [item.embedding for item in answer.data]

    return PaidEmbeddings
