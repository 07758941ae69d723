"""How a command ends: one table of exit codes, and the error that carries one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes by kind of failure; scripts rely on them."""

    OK = 0
    TROUBLE = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    RUN_FAILED = 5
    UNREACHABLE = 6
    KEY = 7
    UNHEALTHY = 8


MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done",
    Exit.TROUBLE: "trouble of the app or of this program",
    Exit.USAGE: "wrong use, or a wrong spec",
    Exit.NOT_FOUND: "no such run, or what it was asked for is not there yet",
    Exit.REFUSED: "refused: does not fit the state that the run is in",
    Exit.RUN_FAILED: "the run failed or was cancelled",
    Exit.UNREACHABLE: "no app answers, or the local stack did not start",
    Exit.KEY: "the app does not accept the key",
    Exit.UNHEALTHY: "doctor found something wrong",
}


class CliError(Exception):
    """Ends the command with its words and `code`; never shown as a traceback."""

    def __init__(self, code: Exit, words: str) -> None:
        super().__init__(words)
        self.code = code


def exit_table() -> str:
    """The table as `--help` shows it."""
    lines = (f"  {code.value}  {words}" for code, words in MEANINGS.items())
    return "\n".join(("Exit codes:", *lines))
