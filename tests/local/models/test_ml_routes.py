"""Azure ML's control plane: what it refuses, and an endpoint that outlives a restart."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from local.models.dataset import read_rows
from local.models.ml_jobs import read_blob, trainer_settings
from tests.local.models.support import Server, ask, start_server

WORKSPACE = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
)
VERSION = "?api-version=2024-10-01-preview"
PHI = "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"
LLAMA = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B-Instruct/versions/4"
FACT = "The Alder account has a monthly fee of {} pounds."


def call(
    server: Server,
    method: str,
    path: str,
    properties: Any = None,
    *,
    key: str = "local",
    version: str = VERSION,
    base: str = WORKSPACE,
) -> tuple[int, Any]:
    """Status and JSON of a request about the workspace."""
    data = None if properties is None else json.dumps(properties).encode()
    headers = {"authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(
        f"{server.url}{base}{path}{version}", data, headers, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as reply:
            return reply.status, json.loads(reply.read() or "null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def put(server: Server, path: str, properties: Any) -> tuple[int, Any]:
    return call(server, "PUT", path, {"properties": properties})


def refusal(answer: tuple[int, Any]) -> str:
    """Code and words of a 400."""
    status, body = answer
    assert status == 400, body
    return f"{body['error']['code']}: {body['error']['message']}"


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    deadline = time.monotonic() + 30
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)


@pytest.fixture
def data(clean: Server) -> str:
    """A data asset of the workspace, whose file is nowhere."""
    properties = {"dataUri": "http://127.0.0.1:9/a/b/train.jsonl", "dataType": "uri_file"}
    assert put(clean, "/data/train/versions/1", properties)[0] in (200, 201)
    return f"{WORKSPACE}/data/train/versions/1"


def job(data: str, model: str = PHI, task: str = "ChatCompletion", **details: Any) -> Any:
    """The properties of a job that is accepted, with changes of its details."""
    file = {"jobInputType": "uri_file", "uri": data}
    return {
        "jobType": "FineTuning",
        "fineTuningDetails": {
            "taskType": task,
            "modelProvider": "Custom",
            "model": {"jobInputType": "mlflow_model", "uri": model},
            "trainingData": file,
            "validationData": file,
            "hyperParameters": {"num_train_epochs": "1"},
            **details,
        },
        "outputs": {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "m"}},
    }


@pytest.mark.parametrize("path", ["", "/jobs/j", "/serverlessEndpoints"])
def test_every_request_needs_a_key_and_an_api_version(clean: Server, path: str) -> None:
    assert call(clean, "GET", path, key="")[0] == 401
    assert "MissingApiVersionParameter" in refusal(call(clean, "GET", path, version=""))
    odd = call(clean, "GET", path, version="?api-version=latest")
    assert "InvalidApiVersionParameter" in refusal(odd)


@pytest.mark.parametrize(
    "path",
    [
        *("/jobs/none", "/data/none/versions/1", "/models/none/versions/1"),
        *("/marketplaceSubscriptions/none", "/serverlessEndpoints/none"),
    ],
)
def test_what_is_not_there_is_not_found(clean: Server, path: str) -> None:
    status, body = call(clean, "GET", path)
    assert status == 404
    assert path in body["error"]["message"]


def test_a_workspace_has_an_id_of_its_own_whatever_its_names_case(clean: Server) -> None:
    ids = [
        call(clean, "GET", "", base=base)[1]["properties"]["workspaceId"]
        for base in (WORKSPACE, WORKSPACE.replace("/s/", "/S/"), WORKSPACE + "2")
    ]
    assert ids[0] == ids[1] != ids[2]


def test_a_data_version_never_changes(clean: Server, data: str) -> None:
    path = data.removeprefix(WORKSPACE)
    other = {"dataUri": "http://127.0.0.1:9/a/b/other.jsonl", "dataType": "uri_file"}
    assert "immutable" in refusal(put(clean, path, other))
    assert "dataType" in refusal(put(clean, "/data/x/versions/1", {"dataUri": "http://x/y"}))
    assert "no properties" in refusal(call(clean, "PUT", path, []))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"jobType": "Command"}, "job type 'Command' is not supported"),
        ({"outputs": {}}, "must be an mlflow_model with an assetName"),
        ({"taskType": "QuestionAnswering"}, "task 'QuestionAnswering' is not supported"),
        ({"modelProvider": "AzureOpenAI"}, "'modelProvider' must be Custom"),
        ({"trainingData": {"uri": f"{WORKSPACE}/data/none/versions/1"}}, "no data asset"),
        ({"trainingData": {"uri": WORKSPACE + "2/data/train/versions/1"}}, "no data asset"),
        ({"hyperParameters": {"num_train_epochs": 1}}, "num_train_epochs must be a string"),
        ({"hyperParameters": {"learning_rate": "fast"}}, "positive number: 'fast'"),
        ({"model": {"uri": "gpt-4o", "jobInputType": "mlflow_model"}}, "no version of a registry"),
    ],
)
def test_a_job_that_is_not_as_it_must_be_is_refused(
    clean: Server, data: str, changes: dict[str, Any], words: str
) -> None:
    top = {"jobType", "outputs"} & set(changes)
    properties = {**job(data), **changes} if top else job(data, **changes)
    assert words in refusal(put(clean, "/jobs/j", properties))
    assert call(clean, "GET", "/jobs/j")[0] == 404


def test_a_job_on_anothers_model_needs_its_marketplace_subscription(
    clean: Server, data: str
) -> None:
    offer, model = "/marketplaceSubscriptions/llama-sub", LLAMA.removesuffix("/versions/4")
    said = refusal(put(clean, "/jobs/llama", job(data, LLAMA)))
    assert said.startswith("MarketplaceSubscriptionRequired")
    assert "without a version" in refusal(put(clean, offer, {"modelId": LLAMA}))
    microsofts = PHI.removesuffix("/versions/1")
    assert "no marketplace offer" in refusal(put(clean, offer, {"modelId": microsofts}))
    assert put(clean, offer, {"modelId": model})[0] == 201
    eventually(lambda: call(clean, "GET", offer)[1]["properties"]["provisioningState"], "Succeeded")
    assert put(clean, "/jobs/llama", job(data, LLAMA))[0] == 201


def test_a_job_whose_data_cannot_be_read_fails_and_is_not_cancelled_any_more(
    clean: Server, data: str
) -> None:
    status, made = put(clean, "/jobs/unread", job(data))
    assert (status, made["properties"]["status"]) == (201, "NotStarted")
    look = lambda: call(clean, "GET", "/jobs/unread")[1]["properties"]  # noqa: E731
    eventually(lambda: look()["status"], "Failed")
    page = look()["services"]["Studio"]["endpoint"].removeprefix(clean.url)
    events = call(clean, "GET", page, base="", version="")[1]["events"]
    assert "--storage-connection" in events[-1]["message"]
    assert "already failed" in refusal(call(clean, "POST", "/jobs/unread/cancel"))


def test_a_stuck_job_is_made_once_and_can_be_cancelled(clean: Server, data: str) -> None:
    clean.fault("job_stuck", "Phi-4-mini-instruct")
    own = {"trainingData": {"uri": data}}
    assert [put(clean, "/jobs/stuck", job(data, **own))[0] for _ in range(2)] == [201, 200]
    assert call(clean, "POST", "/jobs/stuck/cancel")[0] == 200
    assert call(clean, "GET", "/jobs/stuck")[1]["properties"]["status"] == "Canceled"


@pytest.mark.parametrize("name", ["ab", "a" * 53, "raft_1", "raft.1"])
def test_an_endpoints_name_is_letters_digits_and_hyphens(clean: Server, name: str) -> None:
    settings = {"modelSettings": {"modelId": "azureml://x"}}
    said = refusal(put(clean, f"/serverlessEndpoints/{name}", settings))
    assert "3 to 52 letters, digits and hyphens" in said


def test_an_endpoint_serves_a_registered_model_only(clean: Server) -> None:
    workspace = call(clean, "GET", "")[1]["properties"]["workspaceId"]
    for model in (PHI, f"azureml://locations/local/workspaces/{workspace}/models/m/versions/9"):
        settings = {"modelSettings": {"modelId": model}}
        said = refusal(put(clean, "/serverlessEndpoints/raft-1", settings))
        assert said.startswith("ModelNotFound")


def rows() -> tuple[bytes, bytes]:
    """The same rows as chat and as completions."""
    chat, completions = [], []
    for n in range(12):
        label = f"##begin_quote##{FACT.format(n)}##end_quote##\n<ANSWER>: {n} pounds"
        messages = ask([FACT.format(n), "Branches open at nine."], "What is the Alder fee?")
        chat.append({"messages": [*messages, {"role": "assistant", "content": label}]})
        prompt = "\n\n".join(message["content"] for message in messages)
        completions.append({"prompt": prompt, "completion": f"{label}<STOP>"})
    return tuple("\n".join(map(json.dumps, form)).encode() for form in (chat, completions))  # type: ignore[return-value]


def test_completion_rows_teach_what_chat_rows_do() -> None:
    chat, completions = (read_rows(form, "supervised") for form in rows())
    for one, other in zip(chat, completions, strict=True):
        assert (one.question, one.documents, one.reply) == (
            other.question,
            other.documents,
            other.reply,
        )


def test_hyperparameters_are_told_to_the_trainer_in_its_own_terms() -> None:
    given = {"num_train_epochs": "2", "learning_rate": "0.00004", "lora_alpha": "128"}
    assert trainer_settings(given) == {"n_epochs": 2, "learning_rate_multiplier": 2.0}


@pytest.mark.parametrize(
    ("path", "words"),
    [("/serverless/none.jsonl", "BlobNotFound"), ("/serverless", "cannot be used")],
)
def test_a_blob_that_is_not_there_is_told_by_its_uri(storage: str, path: str, words: str) -> None:
    service = BlobServiceClient.from_connection_string(storage)
    if not (container := service.get_container_client("serverless")).exists():
        container.create_container()
    with pytest.raises(Exception, match=words):
        read_blob(service.url.rstrip("/") + path, storage)


def test_an_endpoint_answers_with_its_own_keys_and_outlives_a_restart(
    storage: str, tmp_path: Path
) -> None:
    container = BlobServiceClient.from_connection_string(storage).get_container_client("routes")
    if not container.exists():
        container.create_container()
    blob = container.upload_blob("files/a b.jsonl", rows()[1], overwrite=True)
    options = ("--job-seconds", "0.1", "--deploy-seconds", "0.1", "--storage-connection", storage)
    server = start_server(tmp_path, *options)
    try:
        asset = "/data/train/versions/1"
        put(server, asset, {"dataUri": blob.url, "dataType": "uri_file"})
        put(server, "/jobs/j", job(WORKSPACE + asset, task="TextCompletion"))
        eventually(lambda: call(server, "GET", "/jobs/j")[1]["properties"]["status"], "Completed")
        place = call(server, "GET", "")[1]
        model = (
            f"azureml://locations/{place['location']}/workspaces/"
            f"{place['properties']['workspaceId']}/models/m/versions/1"
        )
        status, made = put(
            server, "/serverlessEndpoints/raft-1", {"modelSettings": {"modelId": model}}
        )
        assert (status, made["properties"]["endpointState"]) == (201, "Creating")
        server.stop()
        server = start_server(tmp_path, *options)
        _answers_with_its_own_keys(server)
    finally:
        server.stop()


def _answers_with_its_own_keys(server: Server) -> None:
    endpoint = "/serverlessEndpoints/raft-1"
    look = lambda: call(server, "GET", endpoint)[1]["properties"]  # noqa: E731
    eventually(lambda: look()["endpointState"], "Online")
    keys = call(server, "POST", f"{endpoint}/listKeys")[1]
    url = look()["inferenceEndpoint"]["uri"].removeprefix(server.url)
    messages = ask([FACT.format(7), "Branches open at nine."], "What is the Alder fee?")
    asked = {"prompt": "\n\n".join(message["content"] for message in messages)}

    def completion(key: str) -> tuple[int, Any]:
        return call(server, "POST", f"{url}/v1/completions", asked, key=key, base="", version="")

    for key in keys.values():
        status, said = completion(key)
        assert (status, said["object"]) == (200, "text_completion")
        assert said["choices"][0]["text"].endswith("<ANSWER>: 7 pounds")
    assert completion("local")[0] == 401
    kind = {"keyType": "Secondary"}
    changed = call(server, "POST", f"{endpoint}/regenerateKeys", kind)[1]
    assert changed["primaryKey"] == keys["primaryKey"]
    assert completion(keys["secondaryKey"])[0] == 401
    log = json.dumps(server.admin("requests"))
    assert not any(key in log for key in (*keys.values(), *changed.values()))
    another = {"properties": {"modelSettings": {"modelId": "azureml://another"}}}
    assert "cannot be changed" in refusal(call(server, "PUT", endpoint, another))
    assert call(server, "PUT", endpoint, another, base=f"{WORKSPACE}2")[0] == 409
    assert call(server, "GET", "/models/m/versions/1", base=f"{WORKSPACE}2")[0] == 404
    listed = call(server, "GET", "/serverlessEndpoints")[1]["value"]
    assert [one["name"] for one in listed] == ["raft-1"]
    assert call(server, "DELETE", endpoint)[0] == 202
    assert completion(changed["primaryKey"])[0] == 404
    assert call(server, "DELETE", endpoint)[0] == 204
