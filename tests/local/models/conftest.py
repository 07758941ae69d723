"""Fixtures of the stand-in's tests: one server for all of them, and the cases it wrote."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.local.models.support import Case, Server, ask, corpus, start_server


@pytest.fixture(autouse=True, scope="session")
def no_proxy() -> None:
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, no_proxy: None) -> Iterator[Server]:
    running = start_server(
        tmp_path_factory.mktemp("models"), "--job-seconds", "0.5", "--deploy-seconds", "0.5"
    )
    yield running
    running.stop()


@pytest.fixture
def clean(server: Server) -> Iterator[Server]:
    """The server without faults and with an empty log."""
    server.admin("faults", "DELETE")
    server.admin("requests", "DELETE")
    yield server
    server.admin("faults", "DELETE")


@pytest.fixture(scope="session")
def cases(server: Server) -> list[Case]:
    """Questions and answers over the corpus, written by the teacher over HTTP."""
    client, guides, rng = server.client(), corpus(), random.Random(1)
    found = []
    for index, guide in enumerate(guides):
        content = f"<DOCUMENT>{guide}</DOCUMENT>\nWrite 6 questions about this document."
        reply = client.chat.completions.create(
            model="teacher", messages=[{"role": "user", "content": content}]
        )
        for question in (reply.choices[0].message.content or "").splitlines():
            answer = client.chat.completions.create(
                model="teacher", messages=ask([guide], question)
            )
            documents = [*rng.sample([g for g in guides if g != guide], 4), guide]
            rng.shuffle(documents)
            text = answer.choices[0].message.content or ""
            found.append(Case(index, tuple(documents), question, text))
    return found
