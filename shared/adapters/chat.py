"""Chat models over the openai SDK, with our own pacing of retries.

Throttling is waited out, whatever its header says: a 429 is not a failure until `patience`
seconds have gone by since the call began. Server errors and timeouts are tried `attempts` times.
While a call waits it holds no place among the calls in flight.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from typing import Any

import openai

from shared.adapters.openai_client import connect_model, our_error
from shared.errors import ModelUnavailable
from shared.ports import ChatRequest, Reply
from shared.settings import ModelEndpoint

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
_LONGEST_HEADER_WAIT = 60.0  # a longer Retry-After is asked again after this


class OpenAIChat:
    """Keeps the promises of `ports.Chat` for one deployment."""

    def __init__(
        self,
        endpoint: ModelEndpoint,
        *,
        deployment: str,
        concurrency: asyncio.Semaphore,
        timeout: float,
        client_id: str = "",
        patience: float = 300,
        attempts: int = 5,
    ) -> None:
        self._client = connect_model(endpoint, timeout=timeout, client_id=client_id)
        self.deployment = deployment
        self._places = concurrency
        self._patience = patience
        self._attempts = attempts

    async def complete(self, request: ChatRequest) -> Reply:
        """See the port."""
        began = time.monotonic()
        failures = 0
        while True:
            try:
                async with self._places:
                    return await self._send(request)
            except openai.OpenAIError as error:
                problem = our_error(error, self.deployment)
                if not isinstance(problem, ModelUnavailable):
                    raise problem from None
                throttled = isinstance(error, openai.RateLimitError)
                failures += 1
                wait = retry_wait(error, failures)
                late = time.monotonic() - began + wait > self._patience
                if late or (not throttled and failures >= self._attempts):
                    raise problem from None
            await asyncio.sleep(wait)

    async def _send(self, request: ChatRequest) -> Reply:
        options: dict[str, Any] = {} if request.seed is None else {"seed": request.seed}
        answer = await self._client.chat.completions.create(
            model=self.deployment,
            messages=[dict(message) for message in request.messages],  # type: ignore[misc]
            max_completion_tokens=request.max_tokens,
            temperature=request.temperature,
            **options,
        )
        choice, usage = answer.choices[0], answer.usage
        return Reply(
            text=choice.message.content or "",
            model=answer.model,
            finish_reason=choice.finish_reason,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
        )


def retry_wait(error: openai.OpenAIError, failures: int) -> float:
    """Seconds to wait: the service's word where it gives one, else doubling, with jitter."""
    headers: Mapping[str, str] = {}
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
    asked = _header_seconds(headers)
    jitter: float = 0.75 + random.random() / 2
    if asked is not None:
        return min(asked, _LONGEST_HEADER_WAIT) + random.random() * 0.25
    return min(_FIRST_WAIT * 2.0 ** (failures - 1), _LONGEST_WAIT) * jitter


def _header_seconds(headers: Mapping[str, str]) -> float | None:
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
