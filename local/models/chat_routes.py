"""HTTP routes of chat completions and embeddings, on the v1 paths and the deployment paths.

One reply goes: deployment, faults, answer, usage, latency. The latency is the time of the whole
call: what computing the answer took is part of it, so calls at the same time do not queue up.
"""

import asyncio
import random
import time
import uuid
from typing import Any

from aiohttp import web

from local.models import baseline, judge, reader, teacher
from local.models.catalog import Behaviour, Catalog, Deployment
from local.models.embeddings import DIMENSIONS, embed, encode_base64
from local.models.errors import ApiError
from local.models.faults import Faults, Spell
from local.models.injections import obey
from local.models.ledger import Entry, Ledger, fingerprint
from local.models.prompts import read_prompt
from local.models.public import PREFIX, is_public
from local.models.tokens import count_prompt, count_tokens, cut_tokens
from local.models.vision import PictureReader, picture_tokens, pictures

SEEING = (Behaviour.VISION, Behaviour.TEACHER)
ENTRY: web.RequestKey[Entry] = web.RequestKey("entry", Entry)


class ChatRoutes:
    """Handlers that answer as the deployment's model would."""

    def __init__(self, catalog: Catalog, faults: Faults, ledger: Ledger, latency: float) -> None:
        self.catalog, self.faults, self.ledger, self.latency = catalog, faults, ledger, latency
        self.reader = PictureReader()

    def register(self, app: web.Application) -> None:
        """Adds the routes."""
        for prefix in ("/openai/v1", "/openai/deployments/{deployment}", PREFIX):
            app.router.add_post(f"{prefix}/chat/completions", self.chat)
            app.router.add_post(f"{prefix}/embeddings", self.embeddings)

    async def _read(self, request: web.Request) -> tuple[dict[str, Any], Deployment, Entry]:
        try:
            body = await request.json()
        except ValueError:
            raise ApiError(400, "invalidPayload", "The body is not JSON.") from None
        if not isinstance(body, dict):
            raise ApiError(400, "invalidPayload", "The body is not a JSON object.")
        name = request.match_info.get("deployment") or str(body.get("model") or "")
        entry = request[ENTRY]
        entry.deployment, entry.body_sha256 = name, fingerprint(body)
        found = self.catalog.find_model if is_public(request) else self.catalog.find
        return body, found(name), entry

    async def chat(self, request: web.Request) -> web.Response:
        return await self.answer(*await self._read(request))

    async def answer(
        self, body: dict[str, Any], deployment: Deployment, entry: Entry
    ) -> web.Response:
        """The reply of a deployment to a chat request, counted among the calls in flight."""
        self.ledger.chat_started()
        try:
            return await self._chat(body, deployment, entry)
        finally:
            self.ledger.chat_ended()

    async def _chat(
        self, body: dict[str, Any], deployment: Deployment, entry: Entry
    ) -> web.Response:
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise ApiError(400, "invalidPayload", "'messages' is required.", param="messages")
        if body.get("stream"):
            raise ApiError(400, "unsupported", "The stand-in does not stream.", param="stream")
        prompt_tokens = count_prompt(messages) + picture_tokens(messages)
        structured = bool(body.get("response_format"))
        spell = self.faults.on_call(deployment.name, prompt_tokens, structured)
        await asyncio.sleep(spell.hang)
        if pictures(messages) and deployment.behaviour in SEEING:
            text = await self.reader.reply(messages)
        else:
            text = self.compute(deployment, body)
        if spell.marker:
            text = obey(spell.marker, read_prompt(messages, body.get("response_format")), text)
        text, finish = self._finish(text, body, spell, entry)
        usage = _usage(prompt_tokens, count_tokens(text))
        entry.usage = usage
        spell.settle(usage["completion_tokens"])
        latency = self.latency if spell.latency is None else spell.latency
        await asyncio.sleep(max(0.0, entry.started + spell.hang + latency - time.time()))
        return web.json_response(_completion(deployment.model, text, finish, usage))

    def compute(self, deployment: Deployment, body: dict[str, Any]) -> str:
        """The answer of the deployment's model to a request."""
        messages: list[dict[str, Any]] = body["messages"]
        if deployment.behaviour is Behaviour.EMBEDDING:
            raise ApiError(
                400, "OperationNotSupported", f"{deployment.model} does not work with chat."
            )
        if deployment.behaviour is Behaviour.VISION or pictures(messages):
            raise ApiError(
                400, "unsupported", f"{deployment.name} does not read this.", param="messages"
            )
        verdict = judge.reply(messages)
        if verdict is not None:
            return verdict
        prompt = read_prompt(messages, body.get("response_format"))
        match deployment.behaviour:
            case Behaviour.STUDENT:
                return self.catalog.student(deployment).answer(prompt)
            case Behaviour.BASELINE:
                return baseline.answer(prompt)
            case Behaviour.JUDGE if not prompt.wanted:
                return reader.answer(prompt)
            case _:
                return teacher.answer(prompt)

    @staticmethod
    def _finish(text: str, body: dict[str, Any], spell: Spell, entry: Entry) -> tuple[str, str]:
        """The text as it leaves, spoiled or cut where a fault or the token limit says so."""
        entry.fault = spell.spoil
        if spell.spoil == "malformed":
            letters = list(text)
            random.Random(len(text)).shuffle(letters)
            return "{" + "".join(letters), "stop"
        if spell.spoil == "truncated":
            return text[: len(text) // 2], "length"
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        if isinstance(limit, int) and count_tokens(text) > limit:
            return cut_tokens(text, limit), "length"
        return text, "stop"

    async def embeddings(self, request: web.Request) -> web.Response:
        body, deployment, entry = await self._read(request)
        if deployment.behaviour is not Behaviour.EMBEDDING:
            raise ApiError(
                400, "OperationNotSupported", f"{deployment.model} does not work with embeddings."
            )
        given = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ApiError(400, "invalidPayload", "'input' must be texts.", param="input")
        prompt_tokens = sum(count_tokens(text) for text in texts)
        spell = self.faults.on_call(deployment.name, prompt_tokens)
        await asyncio.sleep(spell.hang + (spell.latency or 0.0))
        dimensions = body.get("dimensions") or DIMENSIONS
        vectors = [embed(text, int(dimensions)) for text in texts]
        as_text = body.get("encoding_format") == "base64"
        entry.usage = {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens}
        return web.json_response(
            {
                "object": "list",
                "model": deployment.model,
                "data": [
                    {
                        "object": "embedding",
                        "index": index,
                        "embedding": encode_base64(vector) if as_text else list(vector),
                    }
                    for index, vector in enumerate(vectors)
                ],
                "usage": entry.usage,
            }
        )


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def _completion(model: str, text: str, finish: str, usage: dict[str, int]) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "logprobs": None,
                "message": {"role": "assistant", "content": text, "refusal": None},
            }
        ],
        "usage": usage,
    }
