"""How every command ends: errors are words and an exit code, never a traceback."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

from terminal.output import FAILURES, failure, report_failure


class Command(TyperCommand):
    """A command whose option `as_json`, where it has one, also shapes its errors."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises typer.Exit with the code of what went wrong."""
        try:
            return super().invoke(ctx)
        except FAILURES as error:
            ended = failure(error)
            report_failure(ended, bool(ctx.params.get("as_json")))
            raise typer.Exit(int(ended.code)) from None
