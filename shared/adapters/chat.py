"""Chat models over the openai SDK.

Where a model does not offer structured output, or takes no temperature (reasoning models), its 400
is noticed once and the option left out from then on:
https://learn.microsoft.com/azure/ai-services/openai/how-to/structured-outputs and …/reasoning
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any, Unpack

import openai

from shared.adapters.pooled import CallOptions, PooledModel, Way
from shared.errors import ModelUnavailable
from shared.ports import ChatRequest, Permit, Reply
from shared.settings import ModelEndpoint

_PICTURE_SIZE = 4_000  # characters of text that cost about what a page's picture does


class OpenAIChat:
    """Keeps the promises of `ports.Chat` for one model."""

    def __init__(
        self,
        endpoint: ModelEndpoint | Sequence[ModelEndpoint],
        *,
        deployment: str,
        **options: Unpack[CallOptions],
    ) -> None:
        self.deployment = deployment
        self._model = PooledModel(endpoint, deployment, **options)

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        """See the port."""
        size = sum(len(message["content"]) for message in request.messages)
        size += _PICTURE_SIZE if request.image else 0

        async def send(way: Way) -> Reply:
            while True:
                try:
                    return await _send(way, request)
                except openai.BadRequestError as error:
                    refused = _refused_options(error) - way.refused
                    if not refused:
                        raise
                    way.refused |= refused

        return await self._model.call(size, request.max_tokens, permit, send)

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()


async def _send(way: Way, request: ChatRequest) -> Reply:
    options: dict[str, Any] = {} if request.seed is None else {"seed": request.seed}
    if "temperature" not in way.refused:
        options["temperature"] = request.temperature
    if request.schema and "response_format" not in way.refused:
        form = {"name": "reply", "schema": dict(request.schema), "strict": True}
        options["response_format"] = {"type": "json_schema", "json_schema": form}
    answer: Any = None
    with contextlib.suppress(json.JSONDecodeError):  # the SDK passes on what came with a 200
        answer = await way.client.chat.completions.create(
            model=way.deployment,
            messages=_messages(request),
            max_completion_tokens=request.max_tokens,
            **options,
        )
    if not getattr(answer, "choices", None):
        raise ModelUnavailable(f"{way.deployment} answered 200 with what is no completion")
    choice, usage = answer.choices[0], answer.usage
    return Reply(
        text=choice.message.content or "",
        model=answer.model,
        finish_reason=choice.finish_reason,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
    )


def _messages(request: ChatRequest) -> Any:
    """The messages as the service reads them; the image is a part of the last one."""
    messages: list[dict[str, Any]] = [dict(message) for message in request.messages]
    if request.image:
        messages[-1]["content"] = [
            {"type": "text", "text": messages[-1]["content"]},
            {"type": "image_url", "image_url": {"url": request.image, "detail": "high"}},
        ]
    return messages


def _refused_options(error: openai.BadRequestError) -> set[str]:
    """The options that a 400 is about, where it is not about the prompt."""
    words = f"{error.param} {error.message}"
    return {option for option in ("response_format", "temperature") if option in words}
