"""The clouds where students are trained and served, by the name that a spec gives them."""

from __future__ import annotations

import asyncio

from shared.adapters.blobs import AzureBlobStore
from shared.adapters.chat import OpenAIChat
from shared.adapters.openai_training import OpenAITrainer
from shared.contracts import JobState, JobStatus
from shared.errors import SpecError
from shared.ports import Chat, Platform
from shared.settings import ModelEndpoint, Role, Settings


class NoDeployment:
    """Keeps the promises of `ports.Deployer` where a fine-tuned model answers by its own name."""

    async def create(self, name: str, model: str, sku: str, capacity: int) -> None:
        """Nothing to do."""

    async def check(self, name: str) -> JobStatus:
        """Ready from the start."""
        return JobStatus(JobState.SUCCEEDED, "served")

    async def delete(self, name: str, model: str) -> bool:
        """Nothing was there: the model costs nothing while nobody asks it."""
        return False


def connect_platform(
    name: str, settings: Settings, places: asyncio.Semaphore, runs: AzureBlobStore
) -> Platform:
    """The platform of that name; raises SpecError naming the settings that it lacks.

    `places` are those of all model calls in flight; `runs` keeps the files of serverless jobs.
    """
    if name == "azure_ml":
        return _azure_ml(settings, places, runs)
    public = name == "openai"
    endpoint = _public_endpoint(settings) if public else settings.model(Role.STUDENT)
    timeout, client_id = settings.model_timeout_seconds, settings.client_id

    def student(deployment: str, form: str, stop: str) -> Chat:
        return OpenAIChat(
            endpoint,
            deployment=deployment,
            concurrency=places,
            timeout=timeout,
            client_id=client_id,
        )

    trainer = OpenAITrainer(endpoint, timeout=timeout, client_id=client_id, public=public)
    if public:
        return Platform(trainer, NoDeployment(), student, hosted=False)
    from shared.adapters.deployments import CognitiveServicesDeployer

    return Platform(trainer, CognitiveServicesDeployer(settings.control_plane, client_id), student)


def _public_endpoint(settings: Settings) -> ModelEndpoint:
    if not settings.public_openai.api_key:
        raise SpecError(
            "OPENAI_API_KEY", "must be set: the public platform, openai, knows no Entra ID"
        )
    return settings.public_openai


def _azure_ml(settings: Settings, places: asyncio.Semaphore, runs: AzureBlobStore) -> Platform:
    from shared.adapters.azure_ml import AzureMLTrainer
    from shared.adapters.serverless import ServerlessChat, ServerlessDeployer

    workspace, client_id = settings.machine_learning, settings.client_id
    if not workspace.workspace:
        raise SpecError("AZURE_ML_WORKSPACE", "must be set: the student is trained there")

    async def upload(name: str, data: bytes) -> str:
        await runs.put(f"training/{name}", data)
        return runs.url(f"training/{name}")

    def student(deployment: str, form: str, stop: str) -> Chat:
        return ServerlessChat(
            workspace,
            deployment,
            form=form,
            stop=stop,
            concurrency=places,
            timeout=settings.model_timeout_seconds,
            client_id=client_id,
        )

    return Platform(
        AzureMLTrainer(workspace, upload, client_id=client_id),
        ServerlessDeployer(workspace, client_id),
        student,
    )
