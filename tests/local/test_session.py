"""Uploads from the terminal, into real storage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from azure.storage.blob import ContainerClient

from local import session
from shared.errors import SpecError
from terminal.storage import Storage


class Own:
    """A storage account whose containers are the test's own."""

    def __init__(self, connection: str) -> None:
        self._storage = Storage(connection)
        self._name = uuid4().hex

    def container(self, name: str) -> ContainerClient:
        return self._storage.container(f"{name}-{self._name}")


@pytest.fixture
def own(storage: str) -> Own:
    return Own(storage)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(name: str, text: str = "text") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


def held(own: Own) -> dict[str, bytes]:
    documents = own.container("documents")
    return {b.name: documents.download_blob(b.name).readall() for b in documents.list_blobs()}


def test_a_folder_is_made_to_hold_exactly_the_files(own: Own, file: Callable[..., Path]) -> None:
    session.upload(own, "bank", [file("a.txt"), file("raft.yaml", "seed: 1\n")])
    session.upload(own, "bankrupt", [file("c.txt")])
    session.upload(own, "bank", [file("b.txt")])
    assert set(held(own)) == {"bank/b.txt", "bankrupt/c.txt"}


def test_overrides_go_over_the_files_raft_yaml_and_leave_the_rest(
    own: Own, file: Callable[..., Path]
) -> None:
    spec = file("raft.yaml", "seed: 1\nstudent: {method: dpo}\n")
    layers = [{"student": {"hyperparameters": {"beta": 0.2}}}, {"seed": 2}]
    session.upload(own, "bank", [file("a.txt"), spec], layers)
    written = yaml.safe_load(held(own)["bank/raft.yaml"])
    student = {"method": "dpo", "hyperparameters": {"beta": 0.2}}
    assert written == {"seed": 2, "student": student}


def test_an_upload_that_keeps_removes_nothing_and_builds_on_what_is_there(
    own: Own, file: Callable[..., Path]
) -> None:
    session.upload(own, "bank", [file("a.txt"), file("raft.yaml", "seed: 1\n")])
    session.upload(own, "bank", [file("b.txt")], [{"questions": 3}], keep=True)
    now = held(own)
    assert set(now) == {"bank/a.txt", "bank/b.txt", "bank/raft.yaml"}
    assert yaml.safe_load(now["bank/raft.yaml"]) == {"seed": 1, "questions": 3}
    session.upload(own, "bank", [file("c.txt")], keep=True)
    assert held(own)["bank/raft.yaml"] == now["bank/raft.yaml"]


@pytest.mark.parametrize("text", ["seed: [", "seed: -1"])
def test_a_wrong_spec_is_refused_before_anything_is_written(
    own: Own, file: Callable[..., Path], text: str
) -> None:
    with pytest.raises(SpecError):
        session.upload(own, "bank", [file("a.txt"), file("raft.yaml", text)])
    assert held(own) == {}
