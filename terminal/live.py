"""A run as it goes on: bars in a terminal, plain lines elsewhere, JSON lines with --json."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import Any

from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from local import session
from shared.services.runs import ENDED
from terminal.client import Client
from terminal.exits import CliError, Exit
from terminal.output import Output, printable

_LOOK_EVERY = 0.5
_FAR_LOOK_EVERY = 5.0
_PATIENCE = 120.0  # a host that is started again is not the run's end
_NARROW = 70


def follow(client: Client, run: str, every: float) -> Iterator[dict[str, Any]]:
    """The run's views until it has ended, the last one included."""
    reached = time.monotonic()
    while True:
        try:
            view = client.run(run)
        except CliError as error:
            passing = error.code in (Exit.UNREACHABLE, Exit.TROUBLE)
            if not passing or time.monotonic() - reached > _PATIENCE:
                raise
        else:
            reached = time.monotonic()
            yield view
            if view["state"] in ENDED:
                return
        time.sleep(every)


def watch(
    client: Client, run: str, out: Output, *, near: bool = True, stream: bool = False
) -> dict[str, Any]:
    """Show the run until it ends; its last view. `near` looks more often; with `stream` each
    change is a line of JSON where that is asked for."""
    client.run(run)  # one that is not there is no matter of patience
    said: set[str] = set()
    before: dict[str, Any] = {}
    view: dict[str, Any] = {}
    shown = Progress(
        *_columns(out.width), console=out.console, transient=True, disable=not out.live
    )
    with shown as bars:
        task = bars.add_task("start", total=None, detail="")
        for view in follow(client, run, _LOOK_EVERY if near else _FAR_LOOK_EVERY):
            for line in (*session.stage_lines(view, said), *_waiting(view, said)):
                out.say(line)
            bars.update(
                task,
                description=view.get("stage") or "start",
                completed=view.get("done") or 0,
                total=view.get("total"),
                detail=_bar_words(view, out.width),
            )
            if stream and view != before:
                out.data(view)
                before = view
    return view


def progress_words(view: dict[str, Any]) -> str:
    """What is done and paid, and how long it may take."""
    left = f", {view['seconds_left']:.0f} s left" if view.get("seconds_left") else ""
    return f"{view.get('done') or 0} of {view.get('total') or '?'}, ${view['usd']:.4f}{left}"


def wait_words(view: Mapping[str, Any]) -> str:
    """What the cloud says while it trains or deploys; '' when the run waits for nothing."""
    wait = view.get("wait") or {}
    return ": ".join(filter(None, (wait.get("status"), wait.get("event"))))


def require_completed(view: dict[str, Any]) -> None:
    """Raise what a run that did not complete ends a command with."""
    if view["state"] != "completed":
        raise CliError(Exit.RUN_FAILED, f"the run {view['state']}: {view['reason']}")


def _bar_words(view: dict[str, Any], width: int) -> str:
    """Progress, and of what the cloud says as much as fits beside the bar."""
    words = wait_words(view)
    brief = textwrap.shorten(words, max(12, width - 75), placeholder=" …")
    return printable(f"{progress_words(view)}, {brief}" if words else progress_words(view))


def _waiting(view: dict[str, Any], said: set[str]) -> Iterator[str]:
    """What is waited for, once for each word of the cloud's: its events are too many."""
    status = (view.get("wait") or {}).get("status")
    if status and (word := f"{view['stage']} {status}") not in said:
        said.add(word)
        yield f"{view['stage']:<9} {wait_words(view)}"
    approval = view.get("approval") or {}
    if approval.get("state") == "waiting" and "approval" not in said:
        said.add("approval")
        yield (
            f"approve   waits until {approval['expires'][:16]}: ${approval['usd_spent']:.2f} were "
            f"spent, training is expected to cost ${approval['usd_training']:.2f}; "
            f"raft approve {view['run']}, or raft reject {view['run']}"
        )


def _columns(width: int) -> list[ProgressColumn]:
    bar = BarColumn(bar_width=30 if width >= _NARROW else 8)
    detail = TextColumn("{task.fields[detail]}", markup=False)  # the cloud's words are data
    columns = [TextColumn("{task.description:<9}"), bar, detail]
    return columns if width < _NARROW else [*columns, TimeElapsedColumn()]
