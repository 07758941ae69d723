"""Real parts for tests: Azurite and the models once per session, whole stacks where asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import azurite
from local.processes import Process, free_port
from local.stack import Stack

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    # Every process of every stack imports the same packages: compiled once, not each time.
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(azurite.ROOT / ".local" / "bytecode"))
os.environ.setdefault("SWEEP_SCHEDULE", "0 */5 * * * *")
os.environ.setdefault("DEPLOYMENT_SWEEP_SCHEDULE", "0 0 3 * * *")
os.environ.setdefault("BLOB_TRIGGER_SOURCE", "LogsAndContainerScan")

_PATIENCE = 60.0


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Connection string of an Azurite in memory, shared by the session: use names of your own."""
    port = free_port()
    log = tmp_path_factory.mktemp("azurite") / "log"
    process = Process("Azurite", azurite.command(port, None), log, os.environ, azurite.ROOT)
    try:
        process.wait_for_port(port, _PATIENCE)
        yield azurite.connection_string(port)
    finally:
        process.stop()


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Starts stacks in strict mode, as `make_stack(settings=…, model_options=…)`; stops them."""
    stacks: list[Stack] = []

    def make(**options: Any) -> Stack:
        host = ("--strict", "--blob-poll", "0.3", *options.pop("host_options", ()))
        stack = Stack(tmp_path / f"stack{len(stacks)}", host_options=host, **options)
        stacks.append(stack)
        return stack.__enter__()

    try:
        yield make
    finally:
        for stack in stacks:
            stack.stop()
