"""What goes to the terminal: words to people, or with --json one document to programs.

With --json everything meant for people goes to stderr. Texts of documents and models are data:
control characters, with which they could rewrite the screen, are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from local.processes import StartError
from shared.errors import RaftError, SpecError
from terminal.exits import CliError, Exit

_KEPT = {"\n", "\t"}
_PIPE_WIDTH = 10_000  # a line stays a line where a program reads it


class Output:
    """Where a command writes. `width` is in columns."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        out = sys.stderr if as_json else sys.stdout
        self.live = out.isatty()
        width = None if self.live else _PIPE_WIDTH
        self.console = Console(
            file=out, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False
        )

    @property
    def width(self) -> int:
        """Columns to write in."""
        return self.console.width

    def say(self, text: str = "", end: str = "\n") -> None:
        """Words for people, wrapped to the terminal."""
        self.console.print(printable(text), end=end, no_wrap=not self.live, crop=False)

    def lines(self, lines: Iterable[str]) -> None:
        """Several lines for people."""
        for line in lines:
            self.say(line)

    def data(self, data: Any) -> None:
        """One JSON document, or one line of many, for programs; nothing without --json."""
        if self.as_json:
            print(json.dumps(data, ensure_ascii=False), flush=True)


def printable(text: str) -> str:
    """The text without control characters other than line ends and tabs."""
    return "".join(
        char for char in text if char in _KEPT or not (ord(char) < 32 or 127 <= ord(char) < 160)
    )


def failure(error: Exception) -> CliError:
    """The error that a command ends with, whichever floor it comes from."""
    if isinstance(error, CliError):
        return error
    if isinstance(error, SpecError):
        return CliError(Exit.USAGE, error.reason)
    if isinstance(error, StartError | TimeoutError):
        return CliError(Exit.UNREACHABLE, str(error))
    return CliError(Exit.TROUBLE, str(error))


FAILURES = (CliError, RaftError, StartError, TimeoutError)


def report_failure(error: CliError, as_json: bool) -> None:
    """Say on stderr what went wrong; with --json also on stdout, as {"error": …}."""
    print(f"error: {printable(str(error))}", file=sys.stderr)
    if as_json:
        code = error.code
        print(json.dumps({"error": {"message": str(error), "code": int(code), "kind": code.name}}))
