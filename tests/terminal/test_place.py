"""Finding the local stack by its folder, and removing its state and nothing else."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from terminal.exits import CliError, Exit
from terminal.place import Running, connect, published, running, stop_and_remove

NOTE = {"url": "http://127.0.0.1:9", "connection_string": "c", "pid": 0, "settings": {"A": "1"}}


class FakeStack:
    """What `published` reads of a stack."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.url = NOTE["url"]
        self.connection_string = NOTE["connection_string"]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "A": "1"}


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """As a running stack holds its folder."""
    with (data / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_stack_is_found_while_it_runs(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    with locked(tmp_path):
        with published(FakeStack(tmp_path)):  # type: ignore[arg-type]
            found = running(tmp_path)
            assert found == Running("http://127.0.0.1:9", "c", os.getpid(), {"A": "1"})
            assert connect("", "ignored", tmp_path).url == "http://127.0.0.1:9"
            assert (tmp_path / "running.json").stat().st_mode & 0o077 == 0
        assert running(tmp_path) is None


def test_what_a_killed_stack_left_behind_is_no_stack(tmp_path: Path) -> None:
    with locked(tmp_path):
        (tmp_path / "running.json").write_text(json.dumps(NOTE))
    assert running(tmp_path) is None
    with pytest.raises(CliError) as caught:
        connect("", "", tmp_path)
    assert caught.value.code is Exit.UNREACHABLE


def test_a_url_goes_before_the_local_stack(tmp_path: Path) -> None:
    assert connect("https://app.example/", "", tmp_path).url == "https://app.example"


def test_only_what_a_stack_writes_is_removed(tmp_path: Path) -> None:
    for name in ("storage/blob", "models/m", "host/h", "logs/l", "mine/kept"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (tmp_path / "lock").touch()
    stop_and_remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_goes_too(tmp_path: Path) -> None:
    data = tmp_path / "stack"
    (data / "storage").mkdir(parents=True)
    (data / "lock").touch()
    stop_and_remove(data)
    assert not data.exists()


def test_a_folder_of_no_stack_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    with pytest.raises(CliError) as caught:
        stop_and_remove(tmp_path)
    assert caught.value.code is Exit.NOT_FOUND
    assert (tmp_path / "storage").exists()


def test_a_stack_that_runs_is_ended_first(tmp_path: Path) -> None:
    code = (
        "import fcntl, sys, time\n"
        f"lock = open({str(tmp_path / 'lock')!r}, 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('locked', flush=True)\n"
        "time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"locked\n"
        with pytest.raises(CliError) as caught:  # nobody says which process it is
            stop_and_remove(tmp_path)
        assert caught.value.code is Exit.REFUSED
        (tmp_path / "running.json").write_text(json.dumps({**NOTE, "pid": holder.pid}))
        stop_and_remove(tmp_path)
        assert holder.wait(5) == -signal.SIGTERM
        assert not tmp_path.exists()
    finally:
        holder.kill()
        holder.stdout.close()
        holder.wait()
