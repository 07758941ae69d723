"""From an uploaded file to a deployed student that answers, through the real SDKs."""

import json
import time
from typing import Any

import openai
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
from azure.mgmt.cognitiveservices.models import (
    Deployment,
    DeploymentModel,
    DeploymentProperties,
    Sku,
)

from tests.local.models.support import Case, Server, ask, start_server

ACCOUNT = ("group", "account")


class LocalToken:
    """A credential for a service that only looks whether there is one."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("local", int(time.time()) + 3600)


class PlainHttp(SansIOHTTPPolicy):
    """Lets the control plane's client talk to loopback without TLS."""

    def on_request(self, request: PipelineRequest) -> None:
        request.context.options.pop("enforce_https", None)
        request.http_request.headers["Authorization"] = "Bearer local"


def control_plane(server: Server) -> CognitiveServicesManagementClient:
    return CognitiveServicesManagementClient(
        LocalToken(), "subscription", base_url=server.url, authentication_policy=PlainHttp()
    )


def deployment_of(model: str) -> Deployment:
    return Deployment(
        sku=Sku(name="DeveloperTier", capacity=1),
        properties=DeploymentProperties(
            model=DeploymentModel(format="OpenAI", name=model, version="1")
        ),
    )


def upload(client: openai.OpenAI, rows: list[dict[str, Any]]) -> str:
    content = "\n".join(json.dumps(row) for row in rows).encode()
    return client.files.create(file=("rows.jsonl", content), purpose="fine-tune").id


def wait(client: openai.OpenAI, job_id: str, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        job = client.fine_tuning.jobs.retrieve(job_id)
        if job.status in ("succeeded", "failed", "cancelled"):
            return job
        assert time.monotonic() < deadline, job.status
        time.sleep(0.1)


@pytest.fixture(scope="module")
def trained(server: Server, cases: list[Case]) -> Any:
    """A job over two thirds of the cases, finished."""
    client = server.client()
    rows = [case.row() for case in cases if case.guide % 3]
    job = client.fine_tuning.jobs.create(
        model="gpt-4o-mini",
        training_file=upload(client, rows[12:]),
        validation_file=upload(client, rows[:12]),
        suffix="guides",
        seed=7,
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
        metadata={"run": "test"},
        extra_body={"trainingType": "developerTier"},
    )
    assert job.status == "validating_files"
    return wait(client, job.id)


def test_files(server: Server) -> None:
    client = server.client()
    file_id = upload(client, [{"a": 1}])
    assert client.files.retrieve(file_id).status == "uploaded"
    time.sleep(0.25)
    assert client.files.retrieve(file_id).status == "processed"
    assert json.loads(client.files.content(file_id).read()) == {"a": 1}
    assert file_id in [item.id for item in client.files.list()]
    assert client.files.delete(file_id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file_id)


def test_job_leaves_curve_events_and_checkpoints(server: Server, trained: Any) -> None:
    client = server.azure()
    assert trained.status == "succeeded" and trained.trained_tokens > 10_000
    assert trained.metadata == {"run": "test"}
    assert trained.fine_tuned_model.startswith("gpt-4o-mini-2024-07-18.ft-")
    assert trained.fine_tuned_model.endswith("-guides")
    table = client.files.content(trained.result_files[0]).text.splitlines()
    header = table[0].split(",")
    assert header[:5] == [
        "step",
        "train_loss",
        "train_accuracy",
        "valid_loss",
        "valid_mean_token_accuracy",
    ]
    losses = [float(line.split(",")[1]) for line in table[1:]]
    assert sum(losses[-10:]) < sum(losses[:10])
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(trained.id))
    assert len(checkpoints) == 3
    assert checkpoints[0].step_number > checkpoints[-1].step_number
    assert checkpoints[0].metrics.valid_loss is not None
    messages = [event.message for event in client.fine_tuning.jobs.list_events(trained.id)]
    assert messages[0] == "Job succeeded." and "Job enqueued" in messages[-1]
    ids = [job.id for job in client.fine_tuning.jobs.list(limit=1)]
    assert trained.id in ids


def accuracy(server: Server, deployment: str, cases: list[Case]) -> float:
    client, hits = server.client(), 0
    for case in cases:
        reply = client.chat.completions.create(
            model=deployment, messages=ask(list(case.documents), case.question)
        )
        wanted = case.reply.split("##begin_quote##")[1].split("##end_quote##")[0]
        hits += f"##begin_quote##{wanted}##end_quote##" in reply.choices[0].message.content
    return hits / len(cases)


def test_deployed_student_beats_the_baseline(
    server: Server, trained: Any, cases: list[Case]
) -> None:
    azure, client = control_plane(server), server.client()
    poller = azure.deployments.begin_create_or_update(
        *ACCOUNT, "student", deployment_of(trained.fine_tuned_model), polling_interval=0
    )
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="student", messages=ask([], "Ready?"))
    assert caught.value.code == "DeploymentNotFound"
    assert poller.result().properties.provisioning_state == "Succeeded"
    assert azure.deployments.get(*ACCOUNT, "student").properties.model.name == (
        trained.fine_tuned_model
    )
    assert [item.name for item in azure.deployments.list(*ACCOUNT)] == ["student"]

    unseen = [case for case in cases if case.guide % 3 == 0]
    student, baseline = accuracy(server, "student", unseen), accuracy(server, "baseline", unseen)
    assert student >= baseline + 0.1, (student, baseline)

    azure.deployments.begin_delete(*ACCOUNT, "student", polling_interval=0).result()
    with pytest.raises(ResourceNotFoundError):
        azure.deployments.get(*ACCOUNT, "student")
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="student", messages=ask([], "Ready?"))


def test_control_plane_refuses(clean: Server) -> None:
    azure = control_plane(clean)
    with pytest.raises(HttpResponseError, match="not supported"):
        azure.deployments.begin_create_or_update(*ACCOUNT, "x", deployment_of("gpt-4o.ft-none"))
    clean.fault("quota_refused", count=1)
    with pytest.raises(HttpResponseError) as caught:
        azure.deployments.begin_create_or_update(*ACCOUNT, "x", deployment_of("gpt-4o"))
    assert caught.value.error.code == "InsufficientQuota"


def test_bad_files_fail_the_job(server: Server, cases: list[Case]) -> None:
    client = server.client()
    few = upload(client, [case.row() for case in cases[:9]])
    shapeless = upload(client, [{"text": "no messages"}] * 12)
    for file_id, words in ((few, "needs at least 10"), (shapeless, "Line 1")):
        job = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file_id)
        job = wait(client, job.id)
        assert job.status == "failed" and words in job.error.message
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file="file-none")
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.create(model="gpt-9", training_file=few)


def test_jobs_fail_get_stuck_and_are_cancelled_on_demand(clean: Server, cases: list[Case]) -> None:
    client = clean.client()
    file_id = upload(client, [case.row() for case in cases[:12]])
    clean.fault("job_fails", count=1)
    failed = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file_id)
    clean.fault("job_stuck", count=1)
    stuck = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file_id)
    assert wait(client, failed.id).status == "failed"
    time.sleep(0.5)
    assert client.fine_tuning.jobs.retrieve(stuck.id).status == "running"
    assert clean.admin("status")["jobs_in_flight"] == 1
    assert client.fine_tuning.jobs.cancel(stuck.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.cancel(stuck.id)


def test_preference_and_completion_files_train_too(server: Server, cases: list[Case]) -> None:
    client, wrong = server.client(), "##begin_quote##All fees are listed in the tariff."
    pairs = [
        {
            "input": {"messages": case.row()["messages"][:2]},
            "preferred_output": [{"role": "assistant", "content": case.reply}],
            "non_preferred_output": [
                {"role": "assistant", "content": f"{wrong}##end_quote##\n<ANSWER>: No."}
            ],
        }
        for case in cases[:20]
    ]
    plain = [
        {"prompt": case.row()["messages"][1]["content"], "completion": case.reply}
        for case in cases[:20]
    ]
    jobs = [
        client.fine_tuning.jobs.create(
            model="gpt-4o-mini",
            training_file=upload(client, pairs),
            method={"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1, "n_epochs": 1}}},
        ),
        client.fine_tuning.jobs.create(
            model="gpt-4o-mini",
            training_file=upload(client, plain),
            hyperparameters={"n_epochs": 1},
        ),
    ]
    assert [wait(client, job.id).status for job in jobs] == ["succeeded", "succeeded"]


def test_restart_keeps_what_was_made(tmp_path: Any, cases: list[Case]) -> None:
    options = ("--job-seconds", "1.5", "--deploy-seconds", "0")
    first = start_server(tmp_path, *options)
    client = first.client()
    control_plane(first).deployments.begin_create_or_update(
        *ACCOUNT, "small", deployment_of("gpt-4o-mini"), polling_interval=0
    ).result()
    file_id = upload(client, [case.row() for case in cases[:12]])
    job = client.fine_tuning.jobs.create(model="gpt-4o-mini", training_file=file_id, seed=1)
    time.sleep(0.5)
    first.stop()
    second = start_server(tmp_path, *options)
    try:
        client = second.client()
        messages = ask(["Bats drink blood at night."], "What do bats drink?")
        reply = client.chat.completions.create(model="small", messages=messages)
        assert "Bats drink blood" in reply.choices[0].message.content
        assert client.files.retrieve(file_id).status == "processed"
        assert wait(client, job.id).status == "succeeded"
    finally:
        second.stop()
