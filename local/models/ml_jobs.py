"""Fine-tuning jobs of an Azure ML workspace: the same training, with data read from storage.

A job reads its data assets over HTTP when it starts, as the service does, and leaves a registered
model, `name:version`, whose weights its serverless endpoint serves. Hyperparameters have the names
of the service's own examples and come as texts.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from local.models.errors import ApiError
from local.models.files import FileStore
from local.models.jobs import JobStore, Record

STATUSES = {
    "validating_files": "NotStarted",
    "queued": "Queued",
    "running": "Running",
    "succeeded": "Completed",
    "failed": "Failed",
    "cancelled": "Canceled",
}
# What the rows of a task hold; the trainer tells the two apart by themselves.
COLUMNS = {"chatcompletion": ("messages",), "textcompletion": ("prompt", "completion")}
USUAL_RATE = 2e-5
Convert = Callable[[float], float]
TRAINER_SETTINGS: dict[str, tuple[str, Convert]] = {
    "num_train_epochs": ("n_epochs", int),
    "per_device_train_batch_size": ("batch_size", int),
    "learning_rate": ("learning_rate_multiplier", lambda rate: rate / USUAL_RATE),
}


def trainer_settings(given: dict[str, Any]) -> Record:
    """The trainer's settings for the service's hyperparameters; ValueError says which is wrong.

    Those that the trainer has no use for are left out.
    """
    settings: Record = {}
    for name, value in given.items():
        if not isinstance(value, str):
            raise ValueError(f"The hyperparameter {name} must be a string.")
        if name in TRAINER_SETTINGS:
            own, convert = TRAINER_SETTINGS[name]
            try:
                settings[own] = convert(float(value))
            except ValueError:
                settings[own] = 0
            if settings[own] <= 0:
                raise ValueError(f"The hyperparameter {name} must be a positive number: {value!r}.")
    return settings


class MlJobs(JobStore):
    """The jobs of all workspaces; `connection` is that of the storage that they may read.

    The plan of a job names its `task`, the URIs of its `data` by file field, and the model it
    will leave as `registered`.
    """

    def __init__(self, root: Path, files: FileStore, job_seconds: float, connection: str) -> None:
        super().__init__(root, files, job_seconds)
        self.connection = connection

    def registered(self, workspace: str, model: str) -> Record | None:
        """The job of a workspace that left the registered model `name:version`, or None."""
        for job in self.all():
            ours = job["stand_in"]["arm"]["id"].lower().startswith(f"{workspace}/".lower())
            if ours and job["status"] == "succeeded" and job["fine_tuned_model"] == model:
                return job
        return None

    def next_version(self, name: str) -> str:
        """The version that a model of this name is registered under next."""
        taken = [job["stand_in"]["registered"].partition(":")[0] for job in self.all()]
        return str(taken.count(name) + 1)

    async def _train(self, job: Record) -> Record:
        for field, uri in job["stand_in"]["data"].items():
            content = await asyncio.to_thread(read_blob, uri, self.connection)
            check_columns(content, COLUMNS[job["stand_in"]["task"]], uri)
            job[field] = self.files.add(f"{field}.jsonl", "fine-tune", content)["id"]
        return await super()._train(job)

    @staticmethod
    def _model_name(job: Record) -> str:
        return str(job["stand_in"]["registered"])


def read_blob(uri: str, connection: str) -> bytes:
    """A blob of the storage account, whose URI carries no key; ApiError where it cannot be read."""
    from azure.core.exceptions import AzureError
    from azure.storage.blob import BlobServiceClient

    if not connection:
        raise _unreadable(uri, "the stand-in was started without --storage-connection")
    with BlobServiceClient.from_connection_string(connection) as service:
        root = service.url.rstrip("/") + "/"
        if not uri.startswith(root):
            raise _unreadable(uri, "it is not in the workspace's storage")
        container, _, name = unquote(uri.removeprefix(root)).partition("/")
        try:
            return service.get_blob_client(container, name).download_blob().readall()
        except (AzureError, ValueError) as error:
            code = getattr(error, "error_code", None)
            raise _unreadable(uri, str(code or "it cannot be reached")) from None


def check_columns(content: bytes, columns: tuple[str, ...], uri: str) -> None:
    """Refuses rows of another task by the first of them; the trainer looks at the rest."""
    first = next((line for line in content.splitlines() if line.strip()), b"{}")
    try:
        row = json.loads(first)
    except ValueError:
        return
    if isinstance(row, dict) and not set(columns) <= set(row):
        wanted = ", ".join(columns)
        raise _unreadable(uri, f"its rows lack the columns of the task: {wanted}")


def _unreadable(uri: str, why: str) -> ApiError:
    return ApiError(400, "UserError", f"The data at {uri} cannot be used: {why}.")
