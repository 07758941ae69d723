"""`raft`: runs on this machine or on a deployed app, from the first document to the last teardown.

Everything shown comes from the run record over the app's own HTTP API; the commands here only name
options and hand them on to `terminal/`.
"""

from __future__ import annotations

import getpass
import signal
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from terminal import live, running, tables
from terminal.checkup import examine
from terminal.command import Command
from terminal.estimate import estimate_lines, estimated
from terminal.exits import CliError, Exit, exit_table
from terminal.options import (
    DATA,
    By,
    Data,
    Docs,
    How,
    Json,
    Key,
    Model,
    Platform,
    Preset,
    RunId,
    Sets,
    Url,
    Why,
)
from terminal.output import Output
from terminal.overrides import layers
from terminal.place import connect, stop_and_remove

_AZURITE_PORT = 10000  # where blob tools look for the emulator
_FUNCTIONS_PORT = 7071  # where `func start` serves

app = typer.Typer(
    name="raft",
    help="Fine-tune a student on your documents by RAFT, here or on a deployed app.",
    epilog="\b\n" + exit_table(),
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
command = partial(app.command, cls=Command)


@command()
def run(
    documents: Docs = None,
    platform: Platform = None,
    model: Model = "",
    method: How = None,
    preset: Preset = "",
    sets: Sets = None,
    domain: Annotated[str, typer.Option(help="folder in the documents container")] = "",
    storage: Annotated[
        str,
        typer.Option(
            envvar="RAFT_STORAGE",
            show_default=False,
            help="with --url, to upload: connection string or URL of the app's storage account",
        ),
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="with --url: anew where it failed")
    ] = False,
    detach: Annotated[bool, typer.Option("--detach", help="start it and do not wait")] = False,
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Upload documents, watch the run, print the comparison."""
    out = Output(as_json)
    asked = running.Request(
        documents or [],
        domain,
        layers(platform or "", model, method or "", preset, sets or []),
        again,
        detach,
    )
    _end_as_on_interrupt()
    if url:
        running.run_there(asked, connect(url, key, data), storage, out)
    else:
        running.run_here(asked, data, out)


@command()
def estimate(
    documents: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DOCS", help="files or folders, whose raft.yaml counts too"),
    ] = None,
    pages: Annotated[
        int | None, typer.Option(min=1, help="of running text; counted in DOCS if not given")
    ] = None,
    platform: Platform = None,
    model: Model = "",
    method: How = None,
    preset: Preset = "",
    sets: Sets = None,
    hours: Annotated[
        float | None,
        typer.Option(min=0, help="that the student is hosted; as the spec says if not given"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a run would cost, and the app at rest.

    Nothing is started or asked: prices are the list's, or those of MODEL_PRICES.
    """
    out = Output(as_json)
    asked = layers(platform or "", model, method or "", preset, sets or [])
    found = estimated(documents or [], pages, asked, hours)
    out.data(found)
    if not as_json:
        out.lines(estimate_lines(found))


@command()
def serve(data: Data = DATA) -> None:
    """Keep the local stack open: uploaded documents start runs.

    Ctrl-C stops it; what it did is kept for the next time.
    """
    out = Output()
    _end_as_on_interrupt()
    with ExitStack() as until_done:
        stack = running.start_stack(data, out, until_done, _AZURITE_PORT, _FUNCTIONS_PORT)
        out.say(f"HTTP API   {stack.url}/api/runs")
        out.say(f"storage    {stack.connection_string}")
        out.say("Drop a PDF into documents/<domain>/ with any blob client. Ctrl-C stops.")
        try:
            while stack.host.exit_code is None:
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
    raise CliError(Exit.TROUBLE, f"the host ended by itself: see {data}/logs/host.log")


@command()
def status(
    run: Annotated[str, typer.Argument(metavar="RUN", help="one run; all if not given")] = "",
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """List the newest runs, or show one."""
    out, client = Output(as_json), connect(url, key, data)
    if run:
        view = client.run(run)
        out.data(view)
        lines = tables.run_lines(view)
    else:
        runs = client.runs()
        out.data({"runs": runs})
        lines = tables.run_table(runs, out.width)
    if not as_json:
        out.lines(lines)


@command()
def watch(
    run: RunId, url: Url = "", key: Key = "", data: Data = DATA, as_json: Json = False
) -> None:
    """Show a run until it ends.

    With --json there is a line for each change, the last one at its end.
    """
    out = Output(as_json)
    view = live.watch(connect(url, key, data), run, out, near=not url, stream=True)
    live.require_completed(view)
    out.say(f"completed, ${view['usd']:.4f}; raft report {run}")


@command()
def approve(
    run: RunId,
    by: By = "",
    why: Why = "",
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Let a run that waits for approval train."""
    _decide(run, "approve", (by, why), (url, key, data), as_json)


@command()
def reject(
    run: RunId,
    by: By = "",
    why: Why = "",
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """End a run that waits for approval, before training is paid for."""
    _decide(run, "reject", (by, why), (url, key, data), as_json)


@command()
def cancel(
    run: RunId,
    by: By = "",
    why: Why = "",
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """End a run at any stage; its job and its deployment end too."""
    _decide(run, "cancel", (by, why), (url, key, data), as_json)


@command()
def report(
    run: RunId,
    to: Annotated[
        Path | None, typer.Option("--out", help="folder for report.html and report.json")
    ] = None,
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Print how the student compares with its baseline."""
    out, client = Output(as_json), connect(url, key, data)
    found = client.report(run)
    out.data(found)
    if not as_json:
        out.lines(tables.report_lines(found))
    if to:
        out.say(f"\nreport    {running.short(running.save_report(client, run, found, to))}")


@command()
def dataset(
    run: RunId,
    split: Annotated[
        Literal["train", "valid", "test"] | None, typer.Option(help="rows of one split")
    ] = None,
    kind: Annotated[str, typer.Option(help="rows with questions of one kind")] = "",
    document: Annotated[str, typer.Option(help="rows answered by one document's blob")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100, help="rows to show")] = 5,
    offset: Annotated[int, typer.Option(min=0, help="rows to leave out before")] = 0,
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show rows of a run's dataset."""
    out = Output(as_json)
    page = connect(url, key, data).dataset(
        run, split=split or "", kind=kind, document=document, limit=limit, offset=offset
    )
    out.data(page)
    if not as_json:
        out.lines(tables.dataset_lines(page))


@command()
def ask(
    run: RunId,
    question: Annotated[str, typer.Argument(help="about the run's documents")],
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Ask baseline and student a question.

    Both answer over what is found for it in the run's documents; both calls are paid.
    """
    out = Output(as_json)
    answer = connect(url, key, data).ask(run, question)
    out.data(answer)
    if not as_json:
        out.lines(tables.answer_lines(answer))


@command()
def teardown(
    run: Annotated[str, typer.Argument(metavar="RUN", help="whose deployment is removed")] = "",
    local: Annotated[
        bool, typer.Option("--local", help="stop the local stack and remove its state instead")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --local: do not ask")] = False,
    url: Url = "",
    key: Key = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Remove a run's deployment, or the local state.

    Of a run its record, dataset and fine-tuned model stay; of the local stack nothing does.
    """
    out = Output(as_json)
    if bool(run) == local:
        raise CliError(Exit.USAGE, "give either a RUN, or --local")
    if local:
        if not yes and not typer.confirm(f"Remove all runs and documents in {data}?", err=True):
            raise CliError(Exit.REFUSED, "nothing was removed")
        stop_and_remove(data)
        out.say(f"removed the local stack's state in {data}")
        out.data({"removed": str(data)})
        return
    removed = connect(url, key, data).remove_deployment(run)
    out.data(removed)
    out.say("the deployment was removed" if removed["removed"] else "there was no deployment")


@command()
def doctor(
    settings: Annotated[
        Path | None, typer.Option(help="a local.settings.json; the environment if not given")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Check settings, storage, models and platforms.

    Each model is asked for one token, and what is wrong is said with what to change. Where
    nothing is configured the local stack is checked.
    """
    out = Output(as_json)
    findings = [finding.__dict__ for finding in examine(settings, data, out)]
    out.data({"findings": findings})
    out.lines(tables.finding_lines(findings))
    wrong = sum(finding["state"] == "wrong" for finding in findings)
    if wrong:
        raise CliError(Exit.UNHEALTHY, f"{wrong} of {len(findings)} checks found something wrong")


def _decide(
    run: str, what: str, words: tuple[str, str], place: tuple[str, str, Path], as_json: bool
) -> None:
    out = Output(as_json)
    by, why = words
    decided = connect(*place).decide(run, what, by or getpass.getuser(), why)
    out.data(decided)
    out.say(f"{what}: noted for {run}, by {decided['decision'].get('by') or 'someone'}")


def _end_as_on_interrupt() -> None:
    """Have a request to end stop the stack too, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


if __name__ == "__main__":
    app(prog_name="raft")
