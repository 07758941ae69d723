"""Every platform and method, through whole runs: what was sent, and that no secret is anywhere.

All runs are over the same documents, so that the teacher is paid once. Every setting that holds a
secret holds one that is looked for afterwards, in all that the stack wrote, logged or answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.stack import Stack
from shared.raft.graders import answer_grader
from shared.settings import Role
from shared.spec.student import Graders
from tests.pdfs import prose
from tests.runs.helpers import (
    MODEL_OPTIONS,
    SETTINGS,
    assert_clean,
    documents,
    http,
    manifest,
    post,
    requests,
)

DOMAIN = "everywhere"
LLAMA = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B-Instruct/versions/4"
LLAMA_BASE = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B/versions/4"
O4 = "o4-mini-2025-04-16"
SPEC: dict[str, Any] = {
    "chunk_size": 96,
    "evaluation": {
        "settings": ["open_book"],
        "distractor_sweep": [],
        "judge_sample": 0,
        "bootstrap_draws": 200,
    },
}
CANARIES = {
    f"{role}_AZURE_OPENAI_API_KEY": f"canary-{role.lower()}-5f2c9e71b8" for role in Role
} | {"OPENAI_API_KEY": "canary-openai-5f2c9e71b8"}
WORKSPACE = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers"


@dataclass(frozen=True)
class Case:
    """A student, and the bodies of the jobs that it takes, as the service documents them."""

    student: dict[str, Any]
    jobs: list[dict[str, Any]]
    more: dict[str, Any] = field(default_factory=dict)


def openai_job(method: str, model: str, public: bool = False, **settings: Any) -> dict[str, Any]:
    """https://platform.openai.com/docs/api-reference/fine-tuning/create; Azure's training type is
    its own: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/fine-tuning-deploy"""
    job = {
        "model": model,
        "training_file": "file",
        "validation_file": "file",
        "suffix": "key",
        "seed": 42,
        "metadata": {"raft_key": "key"},
        "method": {"type": method, method: settings},
    }
    return job if public else {**job, "trainingType": "GlobalStandard"}


def ml_job(task: str, model: str) -> dict[str, Any]:
    """https://learn.microsoft.com/rest/api/azureml/jobs/create-or-update (FineTuningJob)"""
    asset = {"jobInputType": "uri_file", "uri": "data"}
    return {
        "jobType": "FineTuning",
        "displayName": "key",
        "experimentName": "raft",
        "tags": {"raft_key": "key"},
        "isArchived": False,
        "fineTuningDetails": {
            "taskType": task,
            "modelProvider": "Custom",
            "model": {"jobInputType": "mlflow_model", "uri": model},
            "trainingData": asset,
            "validationData": asset,
            "hyperParameters": {"num_train_epochs": "1"},
        },
        "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "key"}},
    }


def of_openai(platform: str) -> dict[str, Case]:
    """The four methods, alike on both of OpenAI's platforms."""
    public = platform == "openai"
    base = "gpt-4o-mini-2024-07-18"
    once = {"hyperparameters": {"n_epochs": 1}}
    dpo = {"hyperparameters": {"n_epochs": 1, "beta": 0.2}}
    rewarded = {**once, "grader": answer_grader(Graders().weights, "")}
    supervised = openai_job("supervised", base, public, **once)
    return {
        f"{platform} supervised": Case(once, [supervised]),
        f"{platform} dpo": Case({"method": "dpo", **dpo}, [openai_job("dpo", base, public, **dpo)]),
        f"{platform} supervised_then_dpo": Case(
            {
                "method": "supervised_then_dpo",
                **once,
                "dpo_hyperparameters": dpo["hyperparameters"],
            },
            [supervised, openai_job("dpo", "model", public, **dpo)],
        ),
        f"{platform} reinforcement": Case(
            {"method": "reinforcement", "model": O4, **once},
            [openai_job("reinforcement", O4, public, **rewarded)],
        ),
    }


CASES = {
    **of_openai("azure_openai"),
    **of_openai("openai"),
    "azure_ml chat": Case(
        {"model": LLAMA, "hyperparameters": {"n_epochs": 1}}, [ml_job("chatCompletion", LLAMA)]
    ),
    "azure_ml completion": Case(
        {"model": LLAMA_BASE, "hyperparameters": {"n_epochs": 1}},
        [ml_job("textCompletion", LLAMA_BASE)],
        {"format": "completion", "prompts": "llama"},
    ),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("platforms")
    options = ("--strict", "--blob-poll", "60")  # nothing starts but what is posted
    running = Stack(
        folder,
        settings={**SETTINGS, **CANARIES},
        host_options=options,
        model_options=MODEL_OPTIONS,
    )
    with running:
        yield running


@pytest.fixture(scope="module")
def runs(stack: Stack) -> dict[str, str]:
    """The ended runs, by the name of their case. The first pays the teacher, for all of them."""
    documents(stack).upload_blob(f"{DOMAIN}/guide.txt", prose(860, sections=30))
    started: dict[str, str] = {}
    for name, case in CASES.items():
        student = {"platform": name.split()[0], **case.student}
        answer = post(
            stack, {"prefix": f"{DOMAIN}/", "spec": {**SPEC, **case.more, "student": student}}
        )
        assert answer.status == 202, answer.body
        started[name] = answer.body["run"]
        if len(started) == 1:
            stack.wait_for_run(started[name], 120)
    for run in started.values():
        view = stack.wait_for_run(run, 240)
        assert view["state"] == "completed", view["reason"]
    return started


def sent(stack: Stack) -> list[tuple[str, dict[str, Any]]]:
    """Route and what was noted of every managing request."""
    return [(each["route"], each["managed"]) for each in requests(stack) if each["managed"]]


def plain(value: Any, key: str) -> Any:
    """The body with what differs from run to run named by what it is."""
    if isinstance(value, dict):
        return {name: plain(each, key) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    if value == key:
        return "key"
    value = re.sub(r"^file-\w+$", "file", value)
    value = re.sub(r"^/subscriptions/.*/data/raft-\w+-(train|valid)/versions/1$", "data", value)
    return re.sub(r"^(ft:.*|.*\.ft-\w.*)$", "model", value)


@pytest.mark.parametrize("name", CASES)
def test_the_jobs_are_what_the_services_document(
    stack: Stack, runs: dict[str, str], name: str
) -> None:
    platform, case = name.split()[0], CASES[name]
    student = manifest(stack, runs[name])["student"]
    ids = [job["job"] for job in student.get("jobs", [student])]
    assert len(ids) == len(case.jobs)
    folder = f"{runs[name]}/training"
    container = stack.container("runs")
    keys = {
        json.loads(container.download_blob(blob).readall())["key"]
        for blob in container.list_blob_names(name_starts_with=folder)
        if blob.endswith("job.json")
    }
    wanted = "/jobs/" if platform == "azure_ml" else "/fine_tuning/jobs"
    found = []
    for route, noted in sent(stack):
        body = json.loads(noted["body"] or "{}")
        if platform == "azure_ml" and route.startswith("PUT") and wanted in route:
            job = body["properties"]
            if job["displayName"] in keys:
                job.pop("properties", None)  # facts of the checkout, where there is one
                found.append(plain(job, job["displayName"]))
                assert re.fullmatch(r"\d{4}-\d\d-\d\d-preview", noted["api_version"])
        elif route.startswith("POST") and route.endswith(wanted) and body.get("suffix") in keys:
            public = route.split()[1].startswith("/v1/")
            if public == (platform == "openai"):
                found.append(plain(body, body["suffix"]))
                assert noted["api_version"] == ""  # the v1 routes have none
        assert "authorization" in noted["headers"]
    assert found == case.jobs or found == case.jobs * 2  # a first job that two students share


def test_files_and_deployments_are_what_the_services_document(
    stack: Stack, runs: dict[str, str]
) -> None:
    routes = {route for route, _ in sent(stack)}
    uploads = [json.loads(n["body"]) for r, n in sent(stack) if re.search(r"^POST /\S*/files$", r)]
    assert {upload["purpose"] for upload in uploads} == {"fine-tune"}
    assert all(re.fullmatch(r"raft-\w{12}-(train|valid)\.jsonl", u["file"]) for u in uploads)
    accounts = f"PUT {WORKSPACE}/Microsoft.CognitiveServices/accounts/local/deployments/"
    workspace = f"{WORKSPACE}/Microsoft.MachineLearningServices/workspaces/local"
    for name, run in runs.items():
        facts = manifest(stack, run)["student"]
        put = {route: noted for route, noted in sent(stack) if route.startswith("PUT")}
        if name.startswith("azure_openai"):
            noted = put[f"{accounts}raft-{run}"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\d(-preview)?", noted["api_version"])
            assert json.loads(noted["body"]) == {
                "sku": {"name": "DeveloperTier", "capacity": 50},
                "properties": {
                    "model": {"format": "OpenAI", "name": facts["model"], "version": "1"}
                },
            }
        elif name.startswith("azure_ml"):
            noted = put[f"PUT {workspace}/serverlessEndpoints/raft-{run}"]
            properties = json.loads(noted["body"])["properties"]
            assert properties["modelSettings"] == {"modelId": facts["model"]}
            assert f"POST {workspace}/serverlessEndpoints/raft-{run}/listKeys" in routes
        else:
            assert facts["deployment"] == facts["model"]
            assert facts["model"].startswith("ft:")
            assert not any(run in route for route in routes)
    for model in ("Meta-Llama-3.1-8B-Instruct", "Meta-Llama-3.1-8B"):
        bought = [r for r in routes if r.startswith(f"PUT {workspace}/marketplaceSubscriptions/")]
        assert any(model in json.dumps(n) for r, n in sent(stack) if r in bought)


def test_students_of_every_platform_answer_and_are_compared(
    stack: Stack, runs: dict[str, str]
) -> None:
    for name, run in runs.items():
        report = json.loads(stack.container("runs").download_blob(f"{run}/report.json").readall())
        (f1,) = [
            one
            for one in report["scores"]["metrics"]
            if one["metric"] == "token_f1" and one.get("setting", "open_book") == "open_book"
        ]
        assert f1["n"] > 0, name
        assert f1["student"] > 0, name


def secrets(stack: Stack) -> set[str]:
    """What was planted, the storage key, and the keys that the endpoints of a workspace have."""
    (storage,) = re.findall("AccountKey=([^;]+)", stack.connection_string)
    endpoints = Path(stack.data / "models" / "ml").rglob("*.json")
    keys = {
        key
        for path in endpoints
        for key in re.findall(r'"(?:primaryKey|secondaryKey)": "(\w+)"', path.read_text())
    }
    assert keys
    return {*CANARIES.values(), storage, *keys}


def written(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """All blobs as the storage has them on disk, everything on the host's disk, all logs."""
    for folder in ("storage/__blobstorage__", "host", "logs"):
        for path in (stack.data / folder).rglob("*"):
            if path.is_file():
                yield str(path.relative_to(stack.data)), path.read_bytes()


def test_no_secret_is_in_anything_written_logged_or_answered(
    stack: Stack, runs: dict[str, str]
) -> None:
    run = runs["azure_ml chat"]
    task_hub = f"{stack.url}/runtime/webhooks/durabletask/instances"
    answers = [
        http(f"{stack.url}/api/{path}")
        for path in ("runs", "spec", "runs/nobody", *(f"runs/{run}" for run in runs.values()))
    ]
    answers += [http(f"{stack.url}/api/runs/{run}/report")]
    answers += [http(f"{task_hub}/{run}?showHistory=true&showHistoryOutput=true&showInput=true")]
    assert answers[-1].status == 200
    found = [*written(stack), *((f"answer {n}", str(a).encode()) for n, a in enumerate(answers))]
    for part in ("storage/", "host/", "logs/"):
        assert any(name.startswith(part) and data for name, data in found)
    assert any(f"{run}".encode() in data for name, data in found if name.startswith("storage/"))
    for secret in secrets(stack):
        assert [name for name, data in found if secret.encode() in data] == []


def test_the_host_found_no_fault(stack: Stack, runs: dict[str, str]) -> None:
    assert_clean(stack)
