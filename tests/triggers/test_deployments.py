"""Removal over HTTP and by the sweep, against real storage and the stand-in's control plane."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest

import triggers.deployments
from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.adapters.deployments import CognitiveServicesDeployer
from shared.bootstrap import Services
from shared.contracts import Finish, JobState
from shared.services.students import deployment_name
from shared.settings import Storage
from tests.local.models.support import Server, start_server
from tests.shared.support import Canned, control_plane, settings, settled

MODEL = "gpt-4o-mini-2024-07-18"
SPEC = {"deployment": {"ttl_hours": 1}}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The stand-in with quick deployments."""
    running = start_server(tmp_path_factory.mktemp("models"), "--deploy-seconds", "0.1")
    yield running
    running.stop()


@pytest.fixture
async def services(
    storage: str, models: Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Services]:
    """Services over containers of their own, a day ahead of what `deployed` notes."""
    later = datetime.now(UTC) + timedelta(days=1)
    async with connect_storage(Storage(storage)) as service:
        made = Services(settings(models.url), lambda: later)
        names = (f"documents-{uuid4().hex}", f"runs-{uuid4().hex}")
        made.__dict__["_storage"] = tuple(AzureBlobStore(service, name) for name in names)
        monkeypatch.setattr(triggers.deployments, "services", lambda: made)
        yield made
        platform = made._platform("azure_openai")
        assert isinstance(platform.deployer, CognitiveServicesDeployer)
        await platform.deployer._client.close()


@pytest.fixture
async def cloud(models: Server) -> AsyncIterator[CognitiveServicesDeployer]:
    """The account in which runs deploy."""
    deployer = CognitiveServicesDeployer(control_plane(models.url))
    yield deployer
    await deployer._client.close()


async def deployed(services: Services, cloud: CognitiveServicesDeployer, state: str) -> str:
    """A run whose student is served, and which has ended as `state`."""
    run = await recorded(services, state)
    await cloud.create(deployment_name(run), MODEL, "DeveloperTier", 1)
    return run


async def recorded(services: Services, state: str) -> str:
    """As `deployed`, by its record alone."""
    domain = uuid4().hex
    await services.document_blobs.put(f"{domain}/1.pdf", b"1")
    blobs = await services.documents.blobs_of(domain)
    run = (await services.runs.claim(domain, blobs, SPEC)).run
    await services.runs.prepare(run)
    created = datetime.now(UTC).isoformat()
    facts = {"model": MODEL, "deployment": deployment_name(run), "created": created}
    await services.runs.note(run, student=facts)
    if state:
        await services.runs.finish(Finish(run, state))
    return run


async def delete(run: str) -> tuple[int, Any]:
    """Status and JSON of the DELETE."""
    url = f"http://host/api/runs/{run}/deployment"
    request = func.HttpRequest("DELETE", url, route_params={"run": run}, body=b"")
    answer = await triggers.deployments.delete_deployment._function._func(request)
    return answer.status_code, json.loads(answer.get_body())


async def sweep() -> None:
    await triggers.deployments.sweep_deployments._function._func(timer=None)


async def test_a_deployment_is_removed_on_request(
    services: Services, cloud: CognitiveServicesDeployer
) -> None:
    run = await deployed(services, cloud, "completed")
    assert await delete(run) == (200, {"run": run, "removed": True})
    assert (await cloud.check(deployment_name(run))).status == "NotFound"
    assert await delete(run) == (200, {"run": run, "removed": False})


async def test_a_run_under_way_is_told_apart_and_keeps_its_deployment(
    services: Services, cloud: CognitiveServicesDeployer
) -> None:
    run = await deployed(services, cloud, "")
    status, answer = await delete(run)
    assert (status, "has not ended" in answer["error"]["message"]) == (409, True)
    there = await settled(lambda: cloud.check(deployment_name(run)))
    assert there.state is JobState.SUCCEEDED


@pytest.mark.parametrize("run", ["none", "../documents", "A", "a/b"])
async def test_what_is_no_run_is_not_found(services: Services, run: str) -> None:
    assert (await delete(run))[0] == 404


async def test_the_sweep_removes_what_is_due_and_says_so(
    services: Services, cloud: CognitiveServicesDeployer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    due, working = [await deployed(services, cloud, state) for state in ("completed", "")]
    await sweep()
    assert (await cloud.check(deployment_name(due))).status == "NotFound"
    assert (await services.runs.read(due))["student"]["removed_because"].startswith("its time")
    assert f"the deployment of {due} was removed: its time was over" in caplog.text
    there = await settled(lambda: cloud.check(deployment_name(working)))
    assert there.state is JobState.SUCCEEDED


async def test_one_removal_that_fails_does_not_keep_the_others(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    runs = {await recorded(services, "completed") for _ in range(2)}
    named = {"format": "OpenAI", "name": MODEL, "version": "1"}
    there = {"properties": {"model": named, "provisioningState": "Succeeded"}}
    refused = {"error": {"code": "Odd", "message": "as it is"}}
    canned = Canned()
    canned.answers = [(403, refused), (200, there), (200, {})]
    services.settings = settings(canned.url)
    try:
        await sweep()
    finally:
        canned.stop()
    removed = {run for run in runs if "removed" in (await services.runs.read(run))["student"]}
    (kept,) = runs - removed
    assert f"the deployment of {kept} could not be removed" in caplog.text
