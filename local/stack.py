"""The whole pipeline on one machine: Azurite, the models and the host, started and stopped as one.

Used by the CLI, the tests and the benches alike. What is in `data` survives: a stack started
again on the same folder goes on where the last one was, however that one ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient

from local import azurite
from local.models import vision
from local.models.catalog import FIRST_DEPLOYMENTS
from local.processes import Process, StartError, free_port
from shared.services.runs import ENDED

_PATIENCE = 60.0


class Stack:
    """A running stack; a context manager that stops everything whatever happens.

    `settings` are added to the app's environment, `host_options` and `model_options` to the
    commands of the host and of the models. The ports are wishes; a taken one is replaced.
    """

    def __init__(
        self,
        data: Path,
        *,
        settings: Mapping[str, str] | None = None,
        host_options: tuple[str, ...] = (),
        model_options: tuple[str, ...] = (),
        storage_port: int = 0,
        host_port: int = 0,
    ) -> None:
        self.data = data
        self._settings = dict(settings or {})
        self._host_options = host_options
        self._model_options = model_options
        self._processes: dict[str, Process] = {}
        self._storage_port = storage_port
        self._host_port = host_port
        self.models_url = ""
        self.url = ""

    def __enter__(self) -> Stack:
        self._lock()
        try:
            self._start_storage()
            self._start_models()
            self.start_host()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def connection_string(self) -> str:
        """Of the storage account."""
        return azurite.connection_string(self._storage_port)

    @property
    def host(self) -> Process:
        """The host's process."""
        return self._processes["host"]

    def container(self, name: str) -> ContainerClient:
        """A client of one container, which is made when it is missing."""
        client = BlobServiceClient.from_connection_string(self.connection_string)
        container = client.get_container_client(name)
        with contextlib.suppress(ResourceExistsError):
            container.create_container()
        return container

    def start_host(self) -> None:
        """Start the host, or start it again after it was killed."""
        port = str(free_port(self._host_port))
        options = [
            "--app-dir",
            str(azurite.ROOT),
            "--data",
            str(self.data / "host"),
            "--port",
            port,
        ]
        self._start("host", ["-m", "local.host", *options, *self._host_options])
        self.url = self.host.wait_for_line("host ready ", _PATIENCE)

    def stop_host(self) -> int:
        """Stop the host; its exit code."""
        return self.host.stop()

    def stop(self) -> None:
        """Stop everything, the host first."""
        for name in ("host", "models", "storage"):
            if process := self._processes.pop(name, None):
                process.stop()
        self._locked.close()

    def get(self, path: str, base: str = "") -> Any:
        """JSON from the host (or another base)."""
        return self.call("GET", path, base=base)[1]

    def call(self, method: str, path: str, body: Any = None, base: str = "") -> tuple[int, Any]:
        """Status and JSON (None when there is none) of an HTTP call; error statuses too."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((base or self.url) + path, data, method=method)
        request.add_header("content-type", "application/json")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, _json(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _json(error.read())

    def wait_for_run(self, run: str, seconds: float) -> dict[str, Any]:
        """The run's view once it has ended; TimeoutError when it has not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status, view = self.call("GET", f"/api/runs/{run}")
            if status == 200 and view["state"] in ENDED:
                return dict(view)
            time.sleep(0.2)
        raise TimeoutError(f"run {run} has not ended after {seconds:g} s: {view}")

    def _lock(self) -> None:
        """Two stacks on one folder would spoil each other's storage."""
        self.data.mkdir(parents=True, exist_ok=True)
        self._locked = (self.data / "lock").open("w")
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(f"another stack is running on {self.data}: stop it first") from None

    def _start_storage(self) -> None:
        self._storage_port = free_port(self._storage_port)
        command = azurite.command(self._storage_port, self.data / "storage")
        self._processes["storage"] = Process(
            "Azurite", command, self.data / "logs" / "storage.log", os.environ, azurite.ROOT
        )
        self._processes["storage"].wait_for_port(self._storage_port, _PATIENCE)

    def _start_models(self) -> None:
        options = ["--data", str(self.data / "models"), "--port", "0"]
        options += ["--storage-connection", self.connection_string]
        self._start("models", ["-m", "local.models", *options, *self._model_options])
        self.models_url = self._processes["models"].wait_for_line("models ready ", _PATIENCE)

    def _start(self, name: str, arguments: list[str]) -> None:
        log = self.data / "logs" / f"{name}.log"
        command = [sys.executable, "-u", *arguments]
        self._processes[name] = Process(
            f"the {name}", command, log, self.environment(), azurite.ROOT
        )

    def environment(self) -> dict[str, str]:
        """What the host and the models run with: the app's settings included."""
        return {**os.environ, **self._app_settings(), **self._settings}

    def _app_settings(self) -> dict[str, str]:
        """The app's settings, by the names it reads on Azure."""
        settings = {
            "AzureWebJobsStorage": self.connection_string,
            "DocumentsStorage": self.connection_string,
            "BLOB_TRIGGER_SOURCE": "LogsAndContainerScan",
            "TASKHUB_NAME": "local",
            "SWEEP_SCHEDULE": "0 * * * * *",
            "DEPLOYMENT_SWEEP_SCHEDULE": "0 0 3 * * *",
            "QUIET_PERIOD_SECONDS": "2",
            "POLL_SECONDS": "0.5",
            "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000",
            "AZURE_RESOURCE_GROUP": "local",
            "AZURE_OPENAI_ACCOUNT": "local",
            "AZURE_ML_WORKSPACE": "local",
            "AZURE_RESOURCE_MANAGER_ENDPOINT": self.models_url,
            "OPENAI_BASE_URL": f"{self.models_url}/v1",
            "OPENAI_API_KEY": "local",
            "NO_PROXY": "127.0.0.1,localhost",
            "RAGAS_DO_NOT_TRACK": "true",
        }
        roles = ["teacher", "baseline", "student", "judge", "embedding"]
        if vision.installed():
            roles.append("vision")
        for role in roles:
            settings[f"{role.upper()}_AZURE_OPENAI_ENDPOINT"] = self.models_url
            settings[f"{role.upper()}_AZURE_OPENAI_API_KEY"] = "local"
            if role != "student":  # its deployment is made by the run
                settings[f"{role.upper()}_AZURE_OPENAI_MODEL"] = FIRST_DEPLOYMENTS[role].model
                settings[f"{role.upper()}_AZURE_OPENAI_DEPLOYMENT"] = role
        return settings


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
