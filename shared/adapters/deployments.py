"""Deployer on azure-mgmt-cognitiveservices: deployments of an Azure OpenAI account.

Deploying a fine-tuned model is a control-plane PUT (audience management.azure.com) although the
job that made it is data-plane. PUT and DELETE are sent and not waited for: `check` looks.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
)
from azure.mgmt.cognitiveservices.aio import CognitiveServicesManagementClient

from shared.adapters.azure_errors import words_of
from shared.adapters.identity import LoopbackTokens, credential_for
from shared.contracts import JobState, JobStatus
from shared.errors import (
    REASON_CHARACTERS,
    JobError,
    ModelUnavailable,
    RaftError,
    SpecError,
)
from shared.settings import ControlPlane, is_loopback

_ENDED = {
    "Succeeded": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Canceled": JobState.FAILED,
    "Deleting": JobState.FAILED,
}
_ENDED_WORDS = {
    "Failed": "the account's activity log in the portal says why",
    "Canceled": "somebody else cancelled it",
    "Deleting": "somebody else is removing it",
}
# What to change, by what is in the code or the words of a refusal; the first that fits.
_REMEDIES = {
    "authorizationfailed": "the app's identity needs the role Cognitive Services OpenAI "
    "Contributor on the account",
    "quota": "lower deployment.capacity, choose another deployment.sku, remove deployments that "
    "are not needed, or ask for quota of this model in this region: https://aka.ms/oai/quotaincrease",
    "sku": "choose another deployment.sku, or an account in a region that offers this one: "
    "https://learn.microsoft.com/azure/ai-services/openai/concepts/models",
    "not supported": "this account cannot serve the model: see the regions and SKUs for fine-tuned "
    "models at https://learn.microsoft.com/azure/ai-services/openai/concepts/models",
}


class CognitiveServicesDeployer:
    """Keeps the promises of `ports.Deployer`."""

    def __init__(self, control_plane: ControlPlane, client_id: str = "") -> None:
        self._plane = control_plane
        self._client_id = client_id

    @cached_property
    def _client(self) -> CognitiveServicesManagementClient:
        plane = self._plane
        missing = [
            name
            for name, value in (
                ("AZURE_SUBSCRIPTION_ID", plane.subscription),
                ("AZURE_RESOURCE_GROUP", plane.resource_group),
                ("AZURE_OPENAI_ACCOUNT", plane.account),
            )
            if not value
        ]
        if missing:
            raise SpecError(missing[0], "must be set: the student is deployed in that account")
        options: dict[str, Any] = {"base_url": plane.endpoint}
        credential = credential_for(plane.endpoint, self._client_id)
        if is_loopback(plane.endpoint):
            options["authentication_policy"] = LoopbackTokens(credential, plane.endpoint)
        return CognitiveServicesManagementClient(credential, plane.subscription, **options)

    async def create(self, name: str, model: str, sku: str, capacity: int) -> None:
        """See the port."""
        from azure.mgmt.cognitiveservices import models

        there = await self._get(name)
        if there is not None:
            taken_by = there.properties.model.name
            if taken_by != model:
                raise JobError(
                    f"the deployment name {name} is taken by the model {taken_by}, which is left "
                    "alone: remove or rename that deployment, then start the run again"
                )
            if there.properties.provisioning_state != "Failed":
                return
        wanted = models.Deployment(
            sku=models.Sku(name=sku, capacity=capacity),
            properties=models.DeploymentProperties(
                model=models.DeploymentModel(format="OpenAI", name=model, version="1")
            ),
        )
        try:
            await self._client.deployments.begin_create_or_update(
                self._plane.resource_group, self._plane.account, name, wanted, polling=False
            )
        except AzureError as error:
            raise _our_error(error, "the deployment was refused") from None

    async def check(self, name: str) -> JobStatus:
        """See the port. A token that was refused is no answer: the next look has another."""
        try:
            there = await self._ask(name)
        except ClientAuthenticationError as error:
            return JobStatus(JobState.RUNNING, "Unauthorized", words_of(error))
        except AzureError as error:
            raise _our_error(error, f"deployment {name} cannot be looked up") from None
        if there is None:
            return JobStatus(JobState.RUNNING, "NotFound", f"no deployment {name} is listed")
        status = str(there.properties.provisioning_state)
        return JobStatus(_ENDED.get(status, JobState.RUNNING), status, _ENDED_WORDS.get(status, ""))

    async def delete(self, name: str, model: str) -> bool:
        """See the port."""
        there = await self._get(name)
        if there is None or there.properties.model.name != model:
            return False
        if there.properties.provisioning_state == "Deleting":
            return True
        try:
            await self._client.deployments.begin_delete(
                self._plane.resource_group, self._plane.account, name, polling=False
            )
        except ResourceNotFoundError:  # another's call was first
            return False
        except AzureError as error:
            raise _our_error(error, f"deployment {name} cannot be removed") from None
        return True

    async def _get(self, name: str) -> Any:
        try:
            return await self._ask(name)
        except AzureError as error:
            raise _our_error(error, f"deployment {name} cannot be looked up") from None

    async def _ask(self, name: str) -> Any:
        """The deployment, or None."""
        try:
            return await self._client.deployments.get(
                self._plane.resource_group, self._plane.account, name
            )
        except ResourceNotFoundError:
            return None


def _our_error(error: AzureError, what: str) -> RaftError:
    """Trouble that may pass is told apart from a refusal, which ends the run.

    A conflict passes: another operation on the account or the deployment has not ended yet. So
    does a refused token: the SDK drops it, and the next try has another.
    """
    status = error.status_code if isinstance(error, HttpResponseError) else None
    words = f"{what}: {words_of(error)}"
    if status is None or status in (401, 408, 409, 429) or status >= 500:
        return ModelUnavailable(words)
    remedies = (remedy for mark, remedy in _REMEDIES.items() if mark in words.lower())
    if remedy := next(remedies, ""):
        room = REASON_CHARACTERS - len(remedy) - len(": ")
        words = f"{words[:room]}: {remedy}"
    return JobError(words)
