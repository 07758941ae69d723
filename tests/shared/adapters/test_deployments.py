"""Deployments on the control plane: named once, refused in the cloud's words, looked up calmly."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from shared.adapters.deployments import CognitiveServicesDeployer
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelUnavailable, SpecError
from shared.settings import ControlPlane
from tests.local.models.support import Server
from tests.shared.support import Canned, control_plane, settled

Make = Callable[..., CognitiveServicesDeployer]
BASE = "gpt-4o-mini-2024-07-18"


@pytest.fixture
async def deployer() -> AsyncIterator[Make]:
    """Makes deployers, and closes their connections."""
    made: list[CognitiveServicesDeployer] = []

    def make(url: str) -> CognitiveServicesDeployer:
        made.append(CognitiveServicesDeployer(control_plane(url)))
        return made[-1]

    yield make
    for one in made:
        await one._client.close()


@pytest.fixture
def name() -> str:
    """A deployment name of its own."""
    return f"raft-{uuid.uuid4().hex[:8]}"


def puts(models: Server) -> int:
    return sent(models, "PUT ")


def sent(models: Server, method: str) -> int:
    return sum(e["route"].startswith(method) for e in models.admin("requests")["requests"])


def shown(state: str, model: str = BASE) -> dict[str, Any]:
    """A deployment as the resource manager shows it."""
    named = {"format": "OpenAI", "name": model, "version": "1"}
    return {"name": "raft-1", "properties": {"model": named, "provisioningState": state}}


async def test_before_during_and_after(deployer: Make, models: Server, name: str) -> None:
    one = deployer(models.url)
    assert (await one.check(name)).state is JobState.RUNNING
    await one.create(name, BASE, "DeveloperTier", 50)
    assert await one.check(name) == JobStatus(JobState.RUNNING, "Creating")
    assert await settled(lambda: one.check(name)) == JobStatus(JobState.SUCCEEDED, "Succeeded")


async def test_creating_twice_is_one_deployment(deployer: Make, models: Server, name: str) -> None:
    for one in (deployer(models.url), deployer(models.url)):
        await one.create(name, BASE, "DeveloperTier", 50)
    assert puts(models) == 1


async def test_a_name_taken_by_another_model_is_refused_and_left_alone(
    deployer: Make, models: Server, name: str
) -> None:
    one = deployer(models.url)
    await one.create(name, BASE, "Standard", 50)
    with pytest.raises(JobError, match=f"taken by the model {BASE}") as caught:
        await one.create(name, "gpt-4o-2024-08-06", "Standard", 50)
    assert caught.value.fatal
    assert puts(models) == 1


async def test_refused_quota_is_told_in_the_clouds_words(
    deployer: Make, models: Server, name: str
) -> None:
    models.fault("quota_refused", name)
    one = deployer(models.url)
    with pytest.raises(JobError, match=r"InsufficientQuota.*50 new capacity.*deployment.capacity"):
        await one.create(name, BASE, "Standard", 50)
    models.admin("faults", "DELETE")
    await one.create(name, BASE, "Standard", 50)
    assert (await one.check(name)).status == "Creating"


async def test_a_model_that_is_not_there_is_told_in_the_clouds_words(
    deployer: Make, models: Server, name: str
) -> None:
    with pytest.raises(JobError, match="not supported"):
        await deployer(models.url).create(name, "gpt-4o-mini.ft-none", "Standard", 1)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("Failed", JobState.FAILED),
        ("Canceled", JobState.FAILED),
        ("Deleting", JobState.FAILED),
        ("Accepted", JobState.RUNNING),
        ("A new word", JobState.RUNNING),
    ],
)
async def test_the_clouds_own_word_is_passed_on(
    deployer: Make, canned: Canned, state: str, expected: JobState
) -> None:
    canned.answers = [(200, shown(state))]
    status = await deployer(canned.url).check("raft-1")
    assert (status.state, status.status) == (expected, state)
    assert bool(status.detail) is (expected is JobState.FAILED), "where to look on"


async def test_a_failed_deployment_is_made_again(deployer: Make, canned: Canned) -> None:
    canned.answers = [(200, shown("Failed")), (201, shown("Creating"))]
    await deployer(canned.url).create("raft-1", BASE, "Standard", 50)
    assert [entry.split()[0] for entry in canned.asked] == ["GET", "PUT"]


REFUSALS = {
    "InsufficientQuota": "https://aka.ms/oai/quotaincrease",
    "InvalidSku": "choose another deployment.sku",
    "DeploymentModelNotSupported": "cannot serve the model",
    "AuthorizationFailed": "Cognitive Services OpenAI Contributor",
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refusal_says_what_to_change(deployer: Make, canned: Canned, code: str) -> None:
    gone = {"error": {"code": "ResourceNotFound", "message": "gone"}}
    said = {"error": {"code": code, "message": "It is not supported. " + "So it is. " * 80}}
    canned.answers = [(404, gone), (403 if code == "AuthorizationFailed" else 400, said)]
    with pytest.raises(JobError, match=code) as caught:
        await deployer(canned.url).create("raft-1", BASE, "Standard", 50)
    assert REFUSALS[code] in caught.value.reason, "also where the cloud has many words"


async def test_a_token_that_is_refused_is_no_failure(deployer: Make, models: Server) -> None:
    models.fault("token_expired", count=1)
    one = deployer(models.url)
    assert (await one.check("raft-1")).status == "Unauthorized"
    assert (await one.check("raft-1")).status == "NotFound"
    models.fault("token_expired", count=1)
    with pytest.raises(ModelUnavailable, match="ExpiredAuthenticationToken"):
        await one.create("raft-1", BASE, "Standard", 50)


async def test_a_deployment_is_removed_once(deployer: Make, models: Server, name: str) -> None:
    one, other = deployer(models.url), f"{name}-other"
    for each in (name, other):
        await one.create(each, BASE, "DeveloperTier", 50)
    assert await one.delete(name, BASE) is True
    assert (await one.check(name)).status == "NotFound"
    assert await one.delete(name, BASE) is False
    assert sent(models, "DELETE ") == 1
    assert (await settled(lambda: one.check(other))).state is JobState.SUCCEEDED


async def test_what_serves_another_model_under_the_name_is_left_alone(
    deployer: Make, models: Server, name: str
) -> None:
    one = deployer(models.url)
    await one.create(name, BASE, "DeveloperTier", 50)
    assert await one.delete(name, "gpt-4o-mini.ft-1") is False
    assert sent(models, "DELETE ") == 0
    assert (await settled(lambda: one.check(name))).state is JobState.SUCCEEDED


async def test_a_deployment_that_goes_already_is_not_removed_again(
    deployer: Make, canned: Canned
) -> None:
    canned.answers = [(200, shown("Deleting"))]
    assert await deployer(canned.url).delete("raft-1", BASE) is True
    assert [entry.split()[0] for entry in canned.asked] == ["GET"]


async def test_another_removal_that_was_quicker_is_no_trouble(
    deployer: Make, canned: Canned
) -> None:
    gone = {"error": {"code": "ResourceNotFound", "message": "gone"}}
    canned.answers = [(200, shown("Succeeded")), (404, gone)]
    assert await deployer(canned.url).delete("raft-1", BASE) is False
    assert [entry.split()[0] for entry in canned.asked] == ["GET", "DELETE"]


async def test_a_removal_that_meets_another_operation_may_be_tried_again(
    deployer: Make, canned: Canned
) -> None:
    busy = {"error": {"code": "RequestConflict", "message": "not terminal"}}
    canned.answers = [(200, shown("Creating")), (409, busy)]
    with pytest.raises(ModelUnavailable, match="cannot be removed: RequestConflict"):
        await deployer(canned.url).delete("raft-1", BASE)


@pytest.mark.parametrize(("status", "error"), [(403, JobError), (501, ModelUnavailable)])
async def test_a_refusal_ends_the_run_and_trouble_of_the_service_does_not(
    deployer: Make, canned: Canned, status: int, error: type[Exception]
) -> None:
    canned.answers = [(status, {"error": {"code": "Odd", "message": "as it is"}})]
    with pytest.raises(error, match="Odd: as it is"):
        await deployer(canned.url).check("raft-1")
    with pytest.raises(error, match="Odd: as it is"):
        await deployer(canned.url).create("raft-1", BASE, "Standard", 50)
    with pytest.raises(error, match="Odd: as it is"):
        await deployer(canned.url).delete("raft-1", BASE)


async def test_a_control_plane_out_of_reach_may_be_tried_again(deployer: Make) -> None:
    one = deployer("http://127.0.0.1:9")
    one._client._config.retry_policy.total_retries = 0
    with pytest.raises(ModelUnavailable):
        await one.check("raft-1")


@pytest.mark.parametrize(
    ("plane", "missing"),
    [
        (ControlPlane("", "g", "a", "http://127.0.0.1:9"), "AZURE_SUBSCRIPTION_ID"),
        (ControlPlane("s", "", "a", "http://127.0.0.1:9"), "AZURE_RESOURCE_GROUP"),
        (ControlPlane("s", "g", "", "http://127.0.0.1:9"), "AZURE_OPENAI_ACCOUNT"),
    ],
)
async def test_a_missing_setting_is_named(plane: ControlPlane, missing: str) -> None:
    with pytest.raises(SpecError) as caught:
        await CognitiveServicesDeployer(plane).check("raft-1")
    assert caught.value.field == missing
