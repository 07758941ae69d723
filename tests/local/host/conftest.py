"""Runs the local host as a real process, over the app in `app/`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions.models.utils import http_utils

from local.host.status import client_binding

ROOT = Path(__file__).resolve().parents[3]
APP = Path(__file__).parent / "app"
WEBHOOKS = "/runtime/webhooks/durabletask"


class Host:
    """One host process and its data folder, which outlives the process."""

    def __init__(self, folder: Path, *options: str, app: Path = APP, **environment: str) -> None:
        self.out = folder / "out"
        self.out.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._options = options
        self._app = app
        self._environment = {
            **os.environ,
            "TEST_OUT": str(self.out),
            "TEST_SCHEDULE": "0 0 0 1 1 *",
            **environment,
        }
        self.base = ""

    def start(self) -> Host:
        command = [sys.executable, "-m", "local.host", "--app-dir", str(self._app)]
        command += ["--port", "0", "--data", str(self._folder / "data"), *self._options]
        self._log = (self._folder / "stderr").open("ab")
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=self._log
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if not line.startswith("host ready "):
            self._reap()
            raise AssertionError(self.log())
        self.base = line.split()[-1]
        return self

    def kill(self) -> None:
        self._process.kill()
        self._reap()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self) -> int:
        code = self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()
        return code

    def log(self) -> str:
        return (self._folder / "stderr").read_text()

    def notes(self) -> list[str]:
        path = self.out / "notes"
        return path.read_text().splitlines() if path.exists() else []

    def request(
        self, method: str, path: str, body: Any = None
    ) -> tuple[int, dict[str, str], bytes]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def begin(self, name: str, instance_id: str, body: Any = None) -> None:
        status, _, text = self.request("POST", f"/api/begin/{name}/{instance_id}", body)
        assert status == 202, (status, text, self.log())

    def status(self, instance_id: str) -> dict[str, Any]:
        return json.loads(self.request("GET", f"{WEBHOOKS}/instances/{instance_id}")[2])

    def wait(self, instance_id: str, *statuses: str, seconds: float = 15) -> dict[str, Any]:
        wanted = statuses or ("Completed", "Failed", "Terminated")
        wait_until(lambda: self.status(instance_id)["runtimeStatus"] in wanted, seconds)
        return self.status(instance_id)

    def run(self, name: str, instance_id: str, body: Any = None) -> dict[str, Any]:
        self.begin(name, instance_id, body)
        return self.wait(instance_id)

    def admin(self) -> dict[str, Any]:
        return json.loads(self.request("GET", "/admin/host/status")[2])


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Starts a host of its own; whatever still runs at the end is killed."""
    hosts: list[Host] = []

    def start(*options: str, **settings: Any) -> Host:
        hosts.append(Host(tmp_path, *options, **settings))
        return hosts[-1].start()

    yield start
    for host in hosts:
        if host._process.poll() is None:
            host.kill()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One strict host for a whole module, in whose tests the app must be without fault."""
    host = Host(tmp_path_factory.mktemp("host"), "--strict").start()
    yield host
    report = host.admin()
    assert host.stop() == 0, host.log()
    assert (report["errors"], report["violations"]) == ([], [])


@pytest.fixture
async def client(host: Host) -> AsyncIterator[df.DurableOrchestrationClient]:
    """The real client of the SDK, as a function of the app would get it."""
    yield df.DurableOrchestrationClient(client_binding(host.base, "LocalHub"))
    await http_utils._close_session()
