"""The data plane of serverless endpoints: chat completions and completions, by their own key.

An endpoint answers once it is online, with the weights that its model's job left. A completion
is answered as a chat whose one message is the prompt.
"""

import json
from typing import Any

from aiohttp import web

from local.models.catalog import Behaviour, Deployment
from local.models.chat_routes import ENTRY, ChatRoutes
from local.models.errors import ApiError, unauthorized
from local.models.ledger import fingerprint
from local.models.ml_jobs import MlJobs
from local.models.ml_resources import Resources, ready

BASE = "/serverless/{endpoint}/v1"


class MlServing:
    """Handlers that answer as the fine-tuned model behind an endpoint would."""

    def __init__(self, resources: Resources, jobs: MlJobs, chats: ChatRoutes) -> None:
        self.resources, self.jobs, self.chats = resources, jobs, chats

    def register(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_post(f"{BASE}/chat/completions", self.chat)
        app.router.add_post(f"{BASE}/completions", self.completion)

    async def chat(self, request: web.Request) -> web.Response:
        deployment = self._deployment(request)
        return await self._answer(request, deployment, await self._body(request))

    async def completion(self, request: web.Request) -> web.Response:
        deployment, body = self._deployment(request), await self._body(request)
        prompt = body.get("prompt")
        if not isinstance(prompt, str) or not prompt:
            raise ApiError(400, "invalidPayload", "'prompt' is required.", param="prompt")
        messages = [{"role": "user", "content": prompt}]
        reply = await self._answer(request, deployment, body | {"messages": messages})
        said = json.loads(reply.body)  # type: ignore[arg-type]
        choices = [
            {
                "index": choice["index"],
                "text": choice["message"]["content"],
                "finish_reason": choice["finish_reason"],
                "logprobs": None,
            }
            for choice in said["choices"]
        ]
        shape = {"id": f"cmpl-{said['id']}", "object": "text_completion", "choices": choices}
        return web.json_response(said | shape)

    async def _answer(
        self, request: web.Request, deployment: Deployment, body: dict[str, Any]
    ) -> web.Response:
        entry = request[ENTRY]
        entry.deployment, entry.body_sha256 = deployment.name, fingerprint(body)
        return await self.chats.answer(body, deployment, entry)

    @staticmethod
    async def _body(request: web.Request) -> dict[str, Any]:
        try:
            body = await request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ApiError(400, "invalidPayload", "The body is not a JSON object.")
        return body

    def _deployment(self, request: web.Request) -> Deployment:
        """What serves the endpoint; 404 where there is none or not yet, 401 for another key."""
        name = request.match_info["endpoint"]
        record = self.resources.endpoint(name)
        if record is None or not ready(record):
            raise ApiError(404, "NotFound", f"There is no endpoint {name!r}.")
        key = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if key not in record["keys"].values():
            raise unauthorized()
        model = str(record["registered"])
        return Deployment(name, model, Behaviour.STUDENT, self.jobs.weights_of(model))
