"""Where commands go: the app of --url, or the local stack that has its data in a folder.

A stack says in `running.json` of its folder how it is reached; its lock says whether it still runs.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.stack import Stack
from terminal.client import Client
from terminal.exits import CliError, Exit

_NOTE = "running.json"
_OURS = ("storage", "models", "host", "logs", _NOTE, "lock")  # all that a stack writes
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Running:
    """A local stack that runs; `settings` are the app's, as far as its own environment differs."""

    url: str
    connection_string: str = field(repr=False)
    pid: int
    settings: Mapping[str, str] = field(repr=False)


@contextlib.contextmanager
def published(stack: Stack) -> Iterator[None]:
    """Let other commands find the stack while the block runs."""
    own = {name: text for name, text in stack.environment().items() if os.environ.get(name) != text}
    note = stack.data / _NOTE
    note.touch(mode=0o600)
    running = Running(stack.url, stack.connection_string, os.getpid(), own)
    note.write_text(json.dumps(asdict(running)), encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def running(data: Path) -> Running | None:
    """The stack that runs on the folder; None when there is none."""
    if not _locked(data):
        return None
    try:
        return Running(**json.loads((data / _NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # it is starting, or ending
        return None


def connect(url: str, key: str, data: Path) -> Client:
    """The client of the app that a command is for."""
    if url:
        return Client(url, key)
    if stack := running(data):
        return Client(stack.url)
    words = f"no stack runs on {data}: start one with `raft serve`, or name an app with --url"
    raise CliError(Exit.UNREACHABLE, words)


def stop_and_remove(data: Path) -> None:
    """Stop the stack that runs on the folder, and remove what stacks have written there."""
    if not (data / "lock").exists():
        raise CliError(Exit.NOT_FOUND, f"there is no state of a local stack in {data}")
    if _locked(data):
        stack = running(data)
        if stack is None:
            raise CliError(Exit.REFUSED, f"a stack is starting or ending on {data}: try again")
        os.kill(stack.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while _locked(data):
            if time.monotonic() > deadline:
                raise CliError(Exit.REFUSED, f"process {stack.pid} does not end")
            time.sleep(0.1)
    for name in _OURS:
        place = data / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # others keep files there
        data.rmdir()


def _locked(data: Path) -> bool:
    """Whether a stack holds the folder."""
    try:
        with (data / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
