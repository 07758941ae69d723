"""A model on one endpoint or a pool of several, over the openai SDK, with our own retries.

Throttling is waited out, whatever its header says: a 429 is not a failure until `patience`
seconds have gone by since the call's first one. Server errors and timeouts are tried `attempts`
times, on another endpoint at once where one stands. A refusal (401, 403, 404) is the call's end
when no endpoint is left that has not refused it. While a call waits it holds no place among the
calls in flight.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

import openai

from shared.adapters.openai_client import connect_model, our_error
from shared.adapters.pacing import WINDOW, Pace, TokenEstimate
from shared.adapters.pool import Caller, Lease, Member, NoTimeLeft, Pool
from shared.errors import ModelError, ModelRefusesUs, ModelUnavailable
from shared.ports import Permit, Reply
from shared.settings import ModelEndpoint

_FIRST_WAIT = 0.5
_LONGEST_WAIT = 20.0
_LONGEST_HEADER_WAIT = 60.0  # a longer Retry-After is asked again after this


@dataclass
class Way:
    """How to reach one member of the pool, and which options it has refused."""

    client: openai.AsyncOpenAI
    deployment: str
    refused: set[str] = field(default_factory=set)


class CallOptions(TypedDict):
    """How calls are sent. `window` is the length of the service's rate limit window in seconds."""

    concurrency: asyncio.Semaphore
    timeout: float
    client_id: NotRequired[str]
    patience: NotRequired[float]
    attempts: NotRequired[int]
    window: NotRequired[float]


class PooledModel:
    """Sends calls of one model to its endpoints, of which further ones may name it otherwise."""

    def __init__(
        self,
        endpoint: ModelEndpoint | Sequence[ModelEndpoint],
        deployment: str,
        *,
        concurrency: asyncio.Semaphore,
        timeout: float,
        client_id: str = "",
        patience: float = 300,
        attempts: int = 5,
        window: float = WINDOW,
    ) -> None:
        self._ways: dict[Member, Way] = {}
        for number, each in enumerate(
            [endpoint] if isinstance(endpoint, ModelEndpoint) else endpoint
        ):
            name = (each.deployment if number else "") or deployment
            client = connect_model(each, timeout=timeout, client_id=client_id)
            pace = Pace(requests=each.rpm, tokens=each.tpm, window=window)
            self._ways[Member(f"{name} at {client.base_url.host}", pace)] = Way(client, name)
        self._pool = Pool(list(self._ways), concurrency, time.monotonic)
        self._estimate = TokenEstimate()
        self._patience = patience
        self._attempts = attempts

    async def call(
        self, size: int, max_tokens: int, permit: Permit, send: Callable[[Way], Awaitable[Reply]]
    ) -> Reply:
        """The reply to what `send` sends, of `size` characters and at most `max_tokens` back.

        Raises what `ports.Chat.complete` does.
        """
        caller = self._pool.caller(self._estimate.of(size, max_tokens))
        problem: ModelError | None = None
        while True:
            try:
                lease = await self._pool.lease(caller)
            except NoTimeLeft:
                assert problem is not None
                raise problem from None
            way = self._ways[lease.member]
            try:
                await permit()
                lease.sending()
                reply = await send(way)
                lease.succeeded(reply.prompt_tokens + reply.completion_tokens or caller.tokens)
            except (openai.OpenAIError, ModelUnavailable) as error:
                problem = _in_our_words(error, way)
                wait = self._after(error, problem, lease, caller)
            else:
                billed = reply.prompt_tokens, reply.completion_tokens
                self._estimate.learn(size, max_tokens, *billed)
                return reply
            finally:
                lease.close()
            await asyncio.sleep(wait)

    async def close(self) -> None:
        """Close the connections."""
        for way in self._ways.values():
            await way.client.close()

    def _after(self, error: Exception, problem: ModelError, lease: Lease, caller: Caller) -> float:
        """Tell the pool what went wrong; seconds until the next try, or raise the problem."""
        if isinstance(problem, ModelRefusesUs):
            lease.refused(problem.reason)
            caller.refused.add(lease.member)
            if self._pool.untried(caller):
                return 0
        elif not isinstance(problem, ModelUnavailable):
            lease.rejected()
        elif isinstance(error, openai.RateLimitError):
            asked = retry_after(error)
            lease.throttled(asked)
            now = time.monotonic()
            caller.deadline = min(caller.deadline, now + self._patience)
            if now + min(asked or 0, _LONGEST_HEADER_WAIT) <= caller.deadline:
                return 0
        else:
            reached = not isinstance(error, openai.APIConnectionError)
            lease.failed(
                problem.reason, counted=reached or isinstance(error, openai.APITimeoutError)
            )
            if not lease.probe or self._pool.outage:  # else others stand, and it was only looking
                caller.failures += 1
            caller.avoid.add(lease.member)
            if caller.failures < self._attempts:
                return 0 if self._pool.others_stand(caller) else retry_wait(error, caller.failures)
        raise problem from None


def _in_our_words(error: openai.OpenAIError | ModelUnavailable, way: Way) -> ModelError:
    return error if isinstance(error, ModelUnavailable) else our_error(error, way.deployment)


def retry_wait(error: Exception, failures: int) -> float:
    """Seconds to wait: the service's word where it gives one, else doubling, with jitter."""
    asked = retry_after(error)
    jitter: float = 0.75 + random.random() / 2
    if asked is not None:
        return min(asked, _LONGEST_HEADER_WAIT) + random.random() * 0.25
    return min(_FIRST_WAIT * 2.0 ** (failures - 1), _LONGEST_WAIT) * jitter


def retry_after(error: Exception) -> float | None:
    """What the service asks for in seconds, where it says so."""
    headers: Mapping[str, str] = {}
    if isinstance(error, openai.APIStatusError):
        headers = error.response.headers
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
