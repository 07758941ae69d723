"""Serverless endpoints of an Azure ML workspace: deployer of fine-tuned models, and their chat.

An endpoint's key is asked for through Entra ID when it is needed, and held by the client of the
endpoint alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import openai

from shared.adapters.ml_workspace import Workspace
from shared.adapters.pooled import PooledModel, Way
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelRefusesUs, ModelUnavailable
from shared.ports import ChatRequest, Permit, Reply
from shared.settings import MachineLearning, ModelEndpoint

_ENDED = {
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "canceled": JobState.FAILED,
    "deleting": JobState.FAILED,
}
_MORE = "delete an endpoint that is no longer used, or ask Azure support for more"
_OPTIONS = ("seed", "temperature")


class _Endpoints:
    """The serverless endpoints of a workspace."""

    def __init__(self, workspace: MachineLearning, client_id: str) -> None:
        self._workspace = Workspace(workspace, client_id)

    async def find(self, name: str) -> Any:
        """The endpoint of that name, or None."""
        return await self._workspace.look(
            f"endpoint {name} cannot be looked up",
            lambda client: client.serverless_endpoints.get(name),
        )

    async def key(self, name: str) -> str:
        """The endpoint's primary key."""
        keys = await self._workspace.call(
            f"the key of endpoint {name} cannot be looked up",
            lambda client: client.serverless_endpoints.get_keys(name),
        )
        return str(keys.primary_key)

    async def create(self, name: str, model: str) -> None:
        """Ask for the endpoint, and do not wait."""

        def create(client: Any) -> None:
            from azure.ai.ml.entities import ServerlessEndpoint

            client.serverless_endpoints.begin_create_or_update(
                ServerlessEndpoint(name=name, model_id=model), polling=False
            )

        await self._workspace.call("the serverless endpoint was refused", create)

    async def delete(self, name: str) -> None:
        """Ask for its removal, and do not wait."""
        await self._workspace.look(
            f"endpoint {name} cannot be removed",
            lambda client: client.serverless_endpoints.begin_delete(name, polling=False),
        )


class ServerlessDeployer:
    """Keeps the promises of `ports.Deployer`. Endpoints are billed by the token and the hour, as
    their model is: `sku` and `capacity` mean nothing to them and are ignored."""

    def __init__(self, workspace: MachineLearning, client_id: str = "") -> None:
        self._endpoints = _Endpoints(workspace, client_id)

    async def create(self, name: str, model: str, sku: str, capacity: int) -> None:
        """See the port."""
        there = await self._endpoints.find(name)
        if there is not None:
            if not _serves(there, model):
                raise JobError(f"the deployment name {name} is taken by the model {there.model_id}")
            if there.provisioning_state != "failed":
                return
        try:
            await self._endpoints.create(name, model)
        except JobError as refusal:
            if "quota" in str(refusal).lower():
                raise JobError(f"{refusal} To go on, {_MORE}.") from None
            raise

    async def check(self, name: str) -> JobStatus:
        """See the port."""
        there = await self._endpoints.find(name)
        if there is None:
            return JobStatus(JobState.RUNNING, "NotFound", "not listed yet")
        state = str(there.provisioning_state)  # the cloud's own word, which the SDK lowers
        return JobStatus(_ENDED.get(state, JobState.RUNNING), state.capitalize())

    async def delete(self, name: str, model: str) -> bool:
        """See the port."""
        there = await self._endpoints.find(name)
        if there is None or not _serves(there, model):
            return False
        if there.provisioning_state != "deleting":
            await self._endpoints.delete(name)
        return True


class ServerlessChat:
    """Keeps the promises of `ports.Chat` for one endpoint; sends neither schema nor image.

    In the form completion the prompt is the messages' contents, as in the rows trained on, and
    the text ends before `stop`, with which those rows end.
    """

    def __init__(
        self,
        workspace: MachineLearning,
        name: str,
        *,
        form: str,
        stop: str = "",
        concurrency: asyncio.Semaphore,
        timeout: float,
        client_id: str = "",
    ) -> None:
        self.deployment = name
        self._endpoints = _Endpoints(workspace, client_id)
        self._form = form
        self._stop = stop
        self._concurrency = concurrency
        self._timeout = timeout
        self._looking = asyncio.Lock()
        self._model: PooledModel | None = None

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        """See the port."""
        model = await self._connected()
        size = sum(len(message["content"]) for message in request.messages)

        async def send(way: Way) -> Reply:
            key = way.client.api_key
            try:
                return await self._send(way, request)
            except openai.AuthenticationError:
                await self._renew_key(way, key)
                if way.client.api_key == key:
                    raise
            await permit()
            return await self._send(way, request)

        return await model.call(size, request.max_tokens, permit, send)

    async def close(self) -> None:
        """Close the connections."""
        if self._model is not None:
            await self._model.close()

    async def _connected(self) -> PooledModel:
        """The endpoint's client, made at first use."""
        async with self._looking:
            if self._model is None:
                name = self.deployment
                with _as_model_error():
                    there = await self._endpoints.find(name)
                    if there is None:
                        raise _gone(name)
                    if there.provisioning_state != "succeeded" or not there.scoring_uri:
                        raise ModelUnavailable(f"{name} is {there.provisioning_state}, not online")
                    key = await self._endpoints.key(name)
                base_url = f"{there.scoring_uri.rstrip('/')}/v1"
                self._model = PooledModel(
                    ModelEndpoint(deployment=name, base_url=base_url, api_key=key),
                    name,
                    concurrency=self._concurrency,
                    timeout=self._timeout,
                )
            return self._model

    async def _renew_key(self, way: Way, refused: str) -> None:
        """Take the endpoint's key of now; of calls refused at the same time one asks for it."""
        async with self._looking:
            if way.client.api_key == refused:
                with _as_model_error():
                    way.client.api_key = await self._endpoints.key(self.deployment)

    async def _send(self, way: Way, request: ChatRequest) -> Reply:
        while True:
            try:
                return await self._ask(way, request)
            except openai.NotFoundError:
                raise _gone(self.deployment) from None
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refused = {option for option in _OPTIONS if option in error.message} - way.refused
                if not refused:
                    raise
                way.refused |= refused

    async def _ask(self, way: Way, request: ChatRequest) -> Reply:
        wished = {"seed": request.seed, "temperature": request.temperature}
        options: dict[str, Any] = {
            name: value
            for name, value in wished.items()
            if value is not None and name not in way.refused
        }
        # Not max_completion_tokens: other makers' models know the older name only.
        options |= {"model": way.deployment, "max_tokens": request.max_tokens}
        contents = [message["content"] for message in request.messages]
        answer: Any = None
        with contextlib.suppress(json.JSONDecodeError):  # the SDK passes on what came with a 200
            if self._form == "completion":
                prompt = "\n\n".join(contents)
                options |= {"stop": [self._stop]} if self._stop else {}
                answer = await way.client.completions.create(prompt=prompt, **options)
            else:
                messages: Any = [dict(message) for message in request.messages]
                answer = await way.client.chat.completions.create(messages=messages, **options)
        if not getattr(answer, "choices", None):
            raise ModelUnavailable(f"{way.deployment} answered 200 with what is no completion")
        choice, usage = answer.choices[0], answer.usage
        text = choice.text if self._form == "completion" else choice.message.content
        return Reply(
            text=text or "",
            model=answer.model,
            finish_reason=choice.finish_reason,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            completion_tokens=usage.completion_tokens if usage else 0,
        )


def _serves(endpoint: Any, model: str) -> bool:
    return str(endpoint.model_id).lower() == model.lower()


def _gone(name: str) -> ModelRefusesUs:
    return ModelRefusesUs(f"the serverless endpoint {name} is gone: there is none of that name")


@contextlib.contextmanager
def _as_model_error() -> Any:
    """A refusal by the workspace is one of the model: no further call would work."""
    try:
        yield
    except JobError as refusal:
        raise ModelRefusesUs(str(refusal)) from None
