"""Trainer on Azure ML: serverless fine-tuning of a registry's models (Llama, Mistral, Phi).

A job and its data assets are named by the request's key, so a call whose answer was lost finds
what it made. The data assets are plain blob URLs: the workspace reads them with its own identity,
which has to be a Storage Blob Data Reader there.
Azure ML keeps a job's losses in MLflow, at the workspace's tracking server, and its events and
errors on the job's page in the studio; through this API it tells neither, nor tokens.
https://learn.microsoft.com/azure/ai-foundry/how-to/fine-tune-serverless
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from shared.adapters.ml_workspace import Workspace
from shared.contracts import JobState, JobStatus
from shared.errors import JobError
from shared.ports import TrainingRequest, TrainingResult
from shared.settings import MachineLearning

NOT_FOUND = "NotFound"
_ENDED = {
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Canceled": JobState.FAILED,
}
_TASKS = {"chat": "ChatCompletion", "completion": "TextCompletion"}
_HYPERPARAMETERS = {
    "n_epochs": "num_train_epochs",
    "batch_size": "per_device_train_batch_size",
}
_REGISTRIES = "azureml://registries/"
_MICROSOFTS = ("azureml", "azureml-msr")  # registries of models without a marketplace offer
_OUTPUT = "registered_model"
_POLL_SECONDS = 2.0
_NAME_LIMIT = 52

Upload = Callable[[str, bytes], Awaitable[str]]


class AzureMLTrainer:
    """Keeps the promises of `ports.Trainer`; supervised only, and without a seed of its own.

    `upload(name, data)` stores a file and gives its URL, without key or signature.
    """

    def __init__(self, workspace: MachineLearning, upload: Upload, *, client_id: str = "") -> None:
        self._name = workspace.workspace
        self._workspace = Workspace(workspace, client_id)
        self._upload = upload

    async def submit(self, request: TrainingRequest) -> str:
        """See the port. A job of this key that failed is followed by another of the next name."""
        if request.method != "supervised":
            raise JobError(f"azure_ml has no method {request.method}: supervised only")
        name, there = await self._newest(request.key)
        if there:
            return name
        training = await self._asset(f"{request.key}-train", request.training)
        validation = await self._asset(f"{request.key}-valid", request.validation)
        await self._subscribe(request.model)
        await self._workspace.call(
            "the fine-tuning job was refused",
            lambda client: _create(client, request, name, training, validation),
        )
        return name

    async def find(self, key: str) -> str | None:
        """See the port."""
        name, there = await self._newest(key)
        return name if there else None

    async def _newest(self, key: str) -> tuple[str, bool]:
        """The job of this key that has not ended badly, or the name that the next one takes."""
        for number in itertools.count(1):
            name = key if number == 1 else f"{key}-{number}"
            job = await self._job(name)
            if job is None:
                return name, False
            if _ENDED.get(_status(job)) is not JobState.FAILED:
                return name, True
        raise AssertionError("names never end")

    async def check(self, job: str) -> JobStatus:
        """See the port. Of a job that failed the detail is the address of its page."""
        now = await self._job(job)
        if now is None:
            words = f"job {job} is not listed in the workspace {self._name}"
            return JobStatus(JobState.RUNNING, NOT_FOUND, words)
        state = _ENDED.get(_status(now), JobState.RUNNING)
        detail = f"its events: {now.studio_url}" if state is JobState.FAILED else ""
        return JobStatus(state, _status(now), detail[:500])

    async def cancel(self, job: str) -> None:
        """See the port. A job that has ended meanwhile is refused: it is looked at, and left."""
        now = await self.check(job)
        if now.state is not JobState.RUNNING or now.status == NOT_FOUND:
            return
        try:
            await self._workspace.call(
                f"job {job} cannot be cancelled",
                lambda client: client.jobs.begin_cancel(job, polling=False),
            )
        except JobError:
            if (await self.check(job)).state is JobState.RUNNING:
                raise

    async def result(self, job: str) -> TrainingResult:
        """See the port. The model is the id that a serverless endpoint takes."""
        now = await self._existing(job)
        output = (now.outputs or {}).get(_OUTPUT)
        if _ENDED.get(_status(now)) is not JobState.SUCCEEDED or not output or not output.name:
            raise JobError(f"job {job} ended as {_status(now)} without a model")
        version = output.version or "1"  # the prefix is a job's own

        def find(client: Any) -> str:
            model = client.models.get(name=output.name, version=version)
            place = client.workspaces.get(self._name)
            return (
                f"azureml://locations/{place.location}/workspaces/{place._workspace_id}"
                f"/models/{model.name}/versions/{model.version}"
            )

        model = await self._workspace.call(f"the model of job {job} cannot be found", find)
        return TrainingResult(model, 0, b"")

    async def _job(self, name: str) -> Any:
        return await self._workspace.look(
            f"job {name} cannot be looked up", lambda client: client.jobs.get(name)
        )

    async def _existing(self, name: str) -> Any:
        if (job := await self._job(name)) is None:
            raise JobError(f"job {name} is not found in the workspace {self._name}")
        return job

    async def _asset(self, name: str, data: bytes) -> str:
        """The data asset of that name, which holds `data`: its version 1, made when missing."""
        there = await self._workspace.look(
            f"data asset {name} cannot be looked up",
            lambda client: client.data.get(name, version="1"),
        )
        if there is None:
            url = await self._upload(f"{name}.jsonl", data)
            await self._workspace.call(
                f"data asset {name} was refused", lambda client: _register(client, name, url)
            )
        return f"azureml:{name}:1"

    async def _subscribe(self, model: str) -> None:
        """Others' models need an Azure Marketplace subscription, once per workspace."""
        offered = model.partition("/versions/")[0]
        registry = offered.removeprefix(_REGISTRIES).partition("/")[0]
        if not offered.startswith(_REGISTRIES) or registry.lower() in _MICROSOFTS:
            return
        await self._workspace.call(
            f"the marketplace subscription to {offered} was refused",
            lambda client: _subscribe(client, offered),
        )


def _status(job: Any) -> str:
    """The service's word: the SDK makes known ones members of an enumeration."""
    return str(getattr(job.status, "value", job.status))


def _create(
    client: Any, request: TrainingRequest, name: str, training: str, validation: str
) -> None:
    from azure.ai.ml.finetuning import create_finetuning_job

    client.jobs.create_or_update(
        create_finetuning_job(
            model=request.model,
            task=_TASKS[request.form],
            training_data=training,
            validation_data=validation,
            hyperparameters={
                _HYPERPARAMETERS.get(key, key): str(value)
                for key, value in request.hyperparameters.items()
            },
            output_model_name_prefix=name,
            name=name,
            display_name=name,
            experiment_name="raft",
            tags={"raft_key": request.key},
        )
    )


def _register(client: Any, name: str, url: str) -> None:
    from azure.ai.ml.entities import Data

    client.data.create_or_update(Data(name=name, version="1", type="uri_file", path=url))


def _subscribe(client: Any, model: str) -> None:
    """Make the subscription, and wait for it, unless the workspace has it under some name."""
    from azure.ai.ml.entities import MarketplaceSubscription

    # One that is being made has no plan yet, which the SDK cannot read: then asking again waits.
    with contextlib.suppress(AttributeError):
        for there in client.marketplace_subscriptions.list():
            if there.model_id.lower() == model.lower() and there.provisioning_state == "succeeded":
                return
    short = model.rpartition("/")[2].replace(".", "-").replace("_", "-")
    wanted = MarketplaceSubscription(name=f"{short[: _NAME_LIMIT - 4]}-sub", model_id=model)
    client.marketplace_subscriptions.begin_create_or_update(
        wanted, polling_interval=_POLL_SECONDS
    ).result()
