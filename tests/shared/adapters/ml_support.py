"""A workspace behind the stand-in, files for it to train on, and what the SDK sent to it."""

from __future__ import annotations

import importlib
import json
import os
import re
import urllib.request
import uuid
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.contracts import JobStatus
from shared.ports import TrainingRequest
from shared.settings import MachineLearning, Storage
from tests.local.models.support import Server, ask, start_server

PHI = "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"
LLAMA = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B-Instruct/versions/4"
QUICK = ("--job-seconds", "0.1", "--deploy-seconds", "0.2")
PATH = (
    "/subscriptions/subscription/resourceGroups/group/providers"
    "/Microsoft.MachineLearningServices/workspaces/workspace"
)

Upload = Callable[[str, bytes], Awaitable[str]]


def workspace(url: str) -> MachineLearning:
    """A workspace behind a local resource manager."""
    return MachineLearning("subscription", "group", "workspace", url)


def import_sdk() -> None:
    """Imports azure.ai.ml, which takes seconds, without the warnings of its own modules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("azure.ai.ml.finetuning")


@contextmanager
def running(folder: Path, storage: str) -> Iterator[Server]:
    """A stand-in with quick jobs, which may read the storage account."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    server = start_server(folder, *QUICK, "--storage-connection", storage)
    try:
        yield server
    finally:
        server.stop()


def uploader(storage: str) -> Upload:
    """Stores files in a container of the account, and gives their plain URLs."""

    async def upload(name: str, data: bytes) -> str:
        async with connect_storage(Storage(storage)) as service:
            store = AzureBlobStore(service, "serverless")
            await store.put(name, data)
            return store.url(name)

    return upload


def rows(count: int = 10, form: str = "chat") -> bytes:
    """Rows whose answers quote their document; completions end as the pipeline's do."""
    lines = []
    for n in range(count):
        fact = f"The Alder {n} account has a monthly fee of {n + 2} pounds."
        label = f"It says ##begin_quote##{fact}##end_quote##\n<ANSWER>: {n + 2} pounds"
        prompt = ask([fact, "Branches open at nine."], f"What is the fee of the Alder {n} account?")
        if form == "completion":
            text = "\n\n".join(message["content"] for message in prompt)
            row: dict[str, Any] = {"prompt": text, "completion": f"{label}<STOP>"}
        else:
            row = {"messages": [*prompt, {"role": "assistant", "content": label}]}
        lines.append(json.dumps(row))
    return ("\n".join(lines) + "\n").encode()


def request(form: str = "chat", **changes: Any) -> TrainingRequest:
    """A job of its own."""
    shape: dict[str, Any] = {
        "key": f"raft-{uuid.uuid4().hex[:12]}",
        "model": PHI,
        "training": rows(form=form),
        "validation": rows(3, form),
        "hyperparameters": {"n_epochs": 1},
        "training_type": "GlobalStandard",
        "seed": 3,
        "form": form,
    }
    return TrainingRequest(**{**shape, **changes})


def sent(server: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path within the workspace, and what else is logged of each managed request."""
    found = []
    for entry in server.admin("requests")["requests"]:
        if entry["managed"] is not None:
            method, _, path = entry["route"].partition(" ")
            found.append((method, path.removeprefix(PATH), entry["managed"]))
    return found


def body_of(server: Server, method: str, path: str) -> Any:
    """The body of the one such request."""
    (body,) = [
        json.loads(m["body"]) for verb, at, m in sent(server) if (verb, at) == (method, path)
    ]
    return body


def events(status: JobStatus) -> list[str]:
    """What the page that a failed job's status names says, oldest first."""
    address = re.search(r"http://127\.0\.0\.1\S+", status.detail)
    assert address is not None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address[0], timeout=10) as answer:
        return [event["message"] for event in json.load(answer)["events"]]


def shown(status: str) -> dict[str, Any]:
    """A job as the resource manager shows it."""
    uri = {"uri": "x", "jobInputType": "uri_file"}
    details = {
        "taskType": "ChatCompletion",
        "modelProvider": "Custom",
        "model": {"uri": PHI, "jobInputType": "mlflow_model"},
        "trainingData": uri,
        "validationData": uri,
    }
    output = {"registered_model": {"jobOutputType": "mlflow_model", "assetName": "raft-1"}}
    properties = {
        "jobType": "FineTuning",
        "fineTuningDetails": details,
        "outputs": output,
        "properties": {},
        "tags": {},
        "status": status,
    }
    return {"id": f"{PATH}/jobs/raft-1", "name": "raft-1", "properties": properties}
