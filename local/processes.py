"""Child processes that never outlive their parent, and that are waited for until they answer."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GRACE = 5.0


class StartError(Exception):
    """Raised when a part of the stack does not come up; says which, and shows its last words."""


class Process:
    """One part of the stack, its output kept in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environ: Mapping[str, str],
        cwd: Path,
    ) -> None:
        self.name = name
        self._log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._offset = out.tell()
            self._child = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(environ),
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._child.poll()

    def wait_for_line(self, start: str, seconds: float) -> str:
        """The rest of the first line of output that begins with `start`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self._said().splitlines():
                if line.startswith(start):
                    return line.removeprefix(start).strip()
            if self.exit_code is not None:
                break
            time.sleep(0.05)
        raise StartError(f"{self.name} did not start:\n{self._tail()}")

    def wait_for_port(self, port: int, seconds: float) -> None:
        """Return once something listens on the port."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.exit_code is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            time.sleep(0.05)
        raise StartError(f"{self.name} did not start:\n{self._tail()}")

    def kill(self) -> None:
        """Kill it at once, with all its own children, as a crash would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def stop(self) -> int:
        """Ask it to end, then make it; its exit code."""
        if self.exit_code is None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_GRACE)
        self.kill()
        return self._child.returncode

    def _said(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._offset)
            return log.read().decode("utf-8", "replace")

    def _tail(self) -> str:
        return "\n".join(self._said().splitlines()[-20:])


def free_port(wanted: int = 0) -> int:
    """A port nobody listens on now: the wanted one if it is free."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _die_with_parent() -> None:
    """Have the kernel end this child when the parent is gone, however it went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
