"""Fixtures of the shared floors: one stand-in of the models, and scripted answers of a cloud."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.local.models.support import Server, start_server
from tests.shared.support import Canned


@pytest.fixture(scope="session")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The stand-in with quick jobs and deployments; use names of your own."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    folder = tmp_path_factory.mktemp("models")
    quick = ("--job-seconds", "0.1", "--deploy-seconds", "0.2", "--file-seconds", "0.05")
    running = start_server(folder, *quick)
    yield running
    running.stop()


@pytest.fixture
def models(model_server: Server) -> Iterator[Server]:
    """The stand-in without faults and with an empty log."""
    model_server.admin("faults", "DELETE")
    model_server.admin("requests", "DELETE")
    yield model_server
    model_server.admin("faults", "DELETE")


@pytest.fixture
def canned() -> Iterator[Canned]:
    """A server that answers what the test tells it to, whatever it is asked."""
    server = Canned()
    yield server
    server.stop()
