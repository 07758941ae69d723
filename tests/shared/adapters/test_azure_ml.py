"""Serverless fine-tuning through the real SDK: one job per key, in the documented shapes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError

from shared.adapters import azure_ml as module
from shared.adapters import ml_workspace
from shared.adapters.azure_ml import AzureMLTrainer
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelUnavailable, SpecError
from shared.settings import MachineLearning
from tests.local.models.support import Server
from tests.shared.adapters.ml_support import (
    LLAMA,
    PATH,
    PHI,
    Upload,
    body_of,
    events,
    import_sdk,
    request,
    rows,
    running,
    sent,
    shown,
    uploader,
    workspace,
)
from tests.shared.support import Canned, settled

Make = Callable[..., AzureMLTrainer]
PHI_NAME = "Phi-4-mini-instruct"
MANAGED_HEADERS = {"accept", "accept-encoding", "authorization", "connection", "host"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, storage: str) -> Iterator[Server]:
    import_sdk()
    with running(tmp_path_factory.mktemp("models"), storage) as one:
        yield one


@pytest.fixture
def models(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The stand-in without faults and with an empty log, asked often for what takes time."""
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.05)
    server.admin("faults", "DELETE")
    server.admin("requests", "DELETE")
    yield server
    server.admin("faults", "DELETE")


@pytest.fixture
def trainer(storage: str) -> Make:
    def make(url: str, upload: Upload | None = None) -> AzureMLTrainer:
        return AzureMLTrainer(workspace(url), upload or uploader(storage))

    return make


@pytest.fixture
def untrained(models: Server) -> Server:
    """Jobs of this test need not train."""
    models.fault("job_stuck")
    return models


def puts(models: Server, what: str) -> int:
    return sum(method == "PUT" and path.startswith(what) for method, path, _ in sent(models))


@pytest.mark.parametrize(("form", "model"), [("chat", PHI), ("completion", LLAMA)])
async def test_a_job_runs_to_a_registered_model(
    trainer: Make, models: Server, form: str, model: str
) -> None:
    one, wanted = trainer(models.url), request(form, model=model)
    job = await one.submit(wanted)
    assert await settled(lambda: one.check(job)) == JobStatus(JobState.SUCCEEDED, "Completed")
    result = await one.result(job)
    registered = rf"azureml://locations/local/workspaces/[\w-]+/models/{wanted.key}/versions/1"
    assert re.fullmatch(registered, result.model)
    assert (result.trained_tokens, result.metrics_csv) == (0, b"")
    assert await trainer(models.url).submit(wanted) == job  # also when it is over
    assert puts(models, "/jobs/") == 1


@pytest.mark.parametrize(
    ("form", "task"), [("chat", "chatCompletion"), ("completion", "textCompletion")]
)
async def test_what_is_sent_has_the_documented_shapes(
    trainer: Make, untrained: Server, storage: str, form: str, task: str
) -> None:
    settings = {"n_epochs": 2, "batch_size": 4, "learning_rate": 0.00002, "warmup": 0.1}
    wanted = request(form, hyperparameters=settings)
    key = await trainer(untrained.url).submit(wanted)
    log = sent(untrained)
    assert [(method, path) for method, path, _ in log] == [
        ("GET", f"/jobs/{key}"),
        ("GET", f"/data/{key}-train/versions/1"),
        ("PUT", f"/data/{key}-train/versions/1"),
        ("GET", f"/data/{key}-valid/versions/1"),
        ("PUT", f"/data/{key}-valid/versions/1"),
        ("PUT", f"/jobs/{key}"),
    ]
    for method, _, managed in log:
        body = {"content-type", "content-length"} if method == "PUT" else set()
        known = MANAGED_HEADERS | body | {"user-agent", "x-ms-client-request-id"}
        assert set(managed["headers"]) == known
    assert [managed["api_version"] for _, path, managed in log if path == f"/jobs/{key}"] == [
        "2024-01-01-preview",
        "2024-10-01-preview",
    ]
    data = body_of(untrained, "PUT", f"/data/{key}-train/versions/1")["properties"]
    address = re.search("BlobEndpoint=([^;]+)", storage)
    assert address is not None
    assert data["dataUri"] == f"{address[1].rstrip('/')}/serverless/{key}-train.jsonl"
    assert data["dataType"] == "uri_file"
    asset = {"jobInputType": "uri_file"}
    job = body_of(untrained, "PUT", f"/jobs/{key}")["properties"]
    job.pop("properties")  # facts of the checkout, where there is one
    assert job == {
        "jobType": "FineTuning",
        "displayName": key,
        "experimentName": "raft",
        "tags": {"raft_key": key},
        "isArchived": False,
        "fineTuningDetails": {
            "taskType": task,
            "modelProvider": "Custom",
            "model": {"jobInputType": "mlflow_model", "uri": PHI},
            "trainingData": {**asset, "uri": f"{PATH}/data/{key}-train/versions/1"},
            "validationData": {**asset, "uri": f"{PATH}/data/{key}-valid/versions/1"},
            "hyperParameters": {
                "num_train_epochs": "2",
                "per_device_train_batch_size": "4",
                "learning_rate": "2e-05",
                "warmup": "0.1",
            },
        },
        "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": key}},
    }


async def test_submitting_twice_is_one_job_and_one_upload(
    trainer: Make, untrained: Server, storage: str
) -> None:
    uploaded = []

    async def upload(name: str, data: bytes) -> str:
        uploaded.append(name)
        return await uploader(storage)(name, data)

    one, wanted = trainer(untrained.url, upload), request()
    assert await one.submit(wanted) == await one.submit(wanted) == wanted.key
    assert uploaded == [f"{wanted.key}-train.jsonl", f"{wanted.key}-valid.jsonl"]
    assert (puts(untrained, "/jobs/"), puts(untrained, "/data/")) == (1, 2)


async def test_a_job_whose_answer_was_lost_is_adopted(
    trainer: Make, untrained: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, wanted = module._create, request()

    def answer_lost(*given: Any) -> None:
        create(*given)
        raise ServiceResponseError("the connection was lost")

    with monkeypatch.context() as patched:
        patched.setattr(module, "_create", answer_lost)
        with pytest.raises(ModelUnavailable, match="connection was lost"):
            await trainer(untrained.url).submit(wanted)
    assert await trainer(untrained.url).submit(wanted) == wanted.key
    assert puts(untrained, "/jobs/") == 1


async def test_data_of_a_submission_that_was_cut_short_is_used(
    trainer: Make, untrained: Server
) -> None:
    one, wanted = trainer(untrained.url), request()
    await one._asset(f"{wanted.key}-train", wanted.training)
    await trainer(untrained.url).submit(wanted)
    assert puts(untrained, "/data/") == 2


async def test_a_failed_job_says_where_its_events_are_and_is_followed_by_another(
    trainer: Make, models: Server
) -> None:
    models.fault("job_fails", PHI_NAME, count=1)
    one, wanted = trainer(models.url), request()
    job = await one.submit(wanted)
    status = await settled(lambda: one.check(job))
    assert (status.state, status.status) == (JobState.FAILED, "Failed")
    assert events(status)[-1] == "Job failed: The job failed."
    with pytest.raises(JobError, match="ended as Failed without a model"):
        await one.result(job)
    models.fault("job_stuck", PHI_NAME)
    assert await one.submit(wanted) == f"{wanted.key}-2"
    assert await one.submit(wanted) == f"{wanted.key}-2"
    assert puts(models, "/data/") == 2


async def test_a_cancelled_job_ends_and_one_that_has_ended_is_left(
    trainer: Make, untrained: Server
) -> None:
    one, wanted = trainer(untrained.url), request()
    job = await one.submit(wanted)
    for _ in range(2):
        await one.cancel(job)
        assert await one.check(job) == JobStatus(
            JobState.FAILED, "Canceled", (await one.check(job)).detail
        )
    posts = [path for method, path, _ in sent(untrained) if method == "POST"]
    assert posts == [f"/jobs/{job}/cancel"]
    assert await one.submit(wanted) == f"{wanted.key}-2"


async def test_a_job_that_ends_while_it_is_cancelled_is_left(trainer: Make, canned: Canned) -> None:
    ended = {"error": {"code": "UserError", "message": "Job raft-1 is already succeeded."}}
    looks = [(200, shown("Running")), (200, shown("Running"))]
    canned.answers = [*looks, (400, ended), (200, shown("Completed"))]
    await trainer(canned.url).cancel("raft-1")
    canned.answers = [*looks, (400, ended), (200, shown("Running"))]
    with pytest.raises(JobError, match="cannot be cancelled: UserError: Job raft-1 is already"):
        await trainer(canned.url).cancel("raft-1")


@pytest.mark.parametrize("status", ["NotStarted", "Queued", "NotResponding", "A new word"])
async def test_a_status_that_is_no_end_counts_as_running_and_is_passed_on(
    trainer: Make, canned: Canned, status: str
) -> None:
    canned.answers = [(200, shown(status))]
    assert await trainer(canned.url).check("raft-1") == JobStatus(JobState.RUNNING, status)


async def test_rows_of_another_form_fail_the_job_and_its_page_says_why(
    trainer: Make, models: Server
) -> None:
    one = trainer(models.url)
    job = await one.submit(request("completion", training=rows(form="chat")))
    status = await settled(lambda: one.check(job))
    assert "lack the columns of the task: prompt, completion" in events(status)[-1]


async def test_data_outside_the_workspaces_storage_cannot_be_read(
    trainer: Make, models: Server
) -> None:
    async def elsewhere(name: str, data: bytes) -> str:
        return f"{models.url}/{name}"

    one = trainer(models.url, elsewhere)
    job = await one.submit(request())
    status = await settled(lambda: one.check(job))
    assert "not in the workspace's storage" in events(status)[-1]


async def test_only_others_models_are_subscribed_to_and_only_once(
    trainer: Make, untrained: Server
) -> None:
    ministral = "azureml://registries/azureml-mistral/models/Ministral-3B/versions/1"
    one, offers = trainer(untrained.url), "/marketplaceSubscriptions"
    await one.submit(request())
    assert puts(untrained, offers) == 0
    for _ in range(2):
        await one.submit(request(model=ministral))
    assert puts(untrained, offers) == 1
    assert body_of(untrained, "PUT", f"{offers}/Ministral-3B-sub") == {
        "properties": {"modelId": ministral.removesuffix("/versions/1")}
    }


async def test_a_subscription_that_is_being_made_is_asked_for_again(
    trainer: Make, canned: Canned
) -> None:
    model, name = LLAMA.removesuffix("/versions/4"), "Meta-Llama-3-1-8B-Instruct-sub"
    made = {"modelId": model, "provisioningState": "Creating"}
    offer = {"id": f"{PATH}/marketplaceSubscriptions/{name}", "name": name, "properties": made}
    plan = {"publisherId": "meta", "offerId": "llama", "planId": "consumption"}
    ready = {"provisioningState": "Succeeded", "marketplaceSubscriptionStatus": "Subscribed"}
    whole = {**offer, "properties": {**made, **ready, "marketplacePlan": plan}}
    canned.answers = [(200, {"value": [offer]}), (200, whole)]
    await trainer(canned.url)._subscribe(LLAMA)
    assert canned.asked == [
        f"GET {PATH}/marketplaceSubscriptions",
        f"PUT {PATH}/marketplaceSubscriptions/{name}",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "azureml://registries/azureml/models/Phi-4"}, "refused: UserError: .*Phi-4"),
        ({"hyperparameters": {"n_epochs": 0}}, "num_train_epochs must be a positive number"),
    ],
)
async def test_what_the_cloud_refuses_is_told_in_its_words(
    trainer: Make, models: Server, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(JobError, match=words) as caught:
        await trainer(models.url).submit(request(**changes))
    assert caught.value.fatal


async def test_a_job_that_is_not_there_is_told(trainer: Make, models: Server) -> None:
    one = trainer(models.url)
    now = await one.check("raft-none")
    assert (now.state, now.status) == (JobState.RUNNING, "NotFound")
    assert now.detail == "job raft-none is not listed in the workspace workspace"
    assert await one.find("raft-none") is None
    await one.cancel("raft-none")
    with pytest.raises(JobError, match="raft-none is not found in the workspace workspace"):
        await one.result("raft-none")


@pytest.mark.parametrize("method", ["dpo", "reinforcement"])
async def test_other_methods_are_refused_before_anything_is_sent(
    trainer: Make, models: Server, method: str
) -> None:
    with pytest.raises(JobError, match=f"no method {method}: supervised only"):
        await trainer(models.url).submit(request(method=method))
    assert sent(models) == []


@pytest.mark.parametrize(("status", "error"), [(403, JobError), (503, ModelUnavailable)])
async def test_a_refusal_ends_the_run_and_trouble_of_the_service_does_not(
    trainer: Make,
    canned: Canned,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(ml_workspace, "_RETRIES", 0)
    canned.answers = [(status, {"error": {"code": "Odd", "message": "as it is"}})]
    one = trainer(canned.url)
    for call in (one.submit(request()), one.check("raft-1"), one.result("raft-1")):
        with pytest.raises(error, match="Odd: as it is"):
            await call


async def test_a_workspace_out_of_reach_may_be_tried_again(
    trainer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ml_workspace, "_RETRIES", 0)
    with pytest.raises(ModelUnavailable, match="raft-1 cannot be looked up"):
        await trainer("http://127.0.0.1:9").check("raft-1")


@pytest.mark.parametrize(
    ("place", "missing"),
    [
        (MachineLearning("", "g", "w", "http://127.0.0.1:9"), "AZURE_SUBSCRIPTION_ID"),
        (MachineLearning("s", "", "w", "http://127.0.0.1:9"), "AZURE_RESOURCE_GROUP"),
        (MachineLearning("s", "g", "", "http://127.0.0.1:9"), "AZURE_ML_WORKSPACE"),
    ],
)
async def test_a_missing_setting_is_named(
    place: MachineLearning, missing: str, storage: str
) -> None:
    with pytest.raises(SpecError) as caught:
        await AzureMLTrainer(place, uploader(storage)).check("raft-1")
    assert caught.value.field == missing


def test_one_client_serves_a_workspace_and_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    one, other = "http://127.0.0.1:9", "http://127.0.0.1:10"
    clients = [ml_workspace._connect(workspace(url), "") for url in (one, one, other)]
    assert clients[0] is clients[1] is not clients[2]
    assert [client._base_url for client in clients] == [one, one, other]
    assert dict(os.environ) == before


def test_elsewhere_than_on_this_machine_the_client_is_the_clouds_own() -> None:
    client = ml_workspace._connect(workspace("https://management.azure.com"), "client")
    assert client._base_url == "https://management.azure.com"
    assert type(client._credential).__name__ == "DefaultAzureCredential"
