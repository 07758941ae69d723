"""`raft`: the pipeline on one machine. `python cli.py run` does one run, `serve` keeps serving.

Everything shown comes from the run record over the app's own HTTP API.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from local import session
from local.azurite import ROOT
from local.processes import StartError
from local.stack import Stack

_SAMPLES = ROOT / "samples" / "bank"
_DATA = ROOT / ".local" / "stack"
_AZURITE_PORT = 10000  # where blob tools look for the emulator
_FUNCTIONS_PORT = 7071  # where `func start` serves
_OUT = ROOT / ".local" / "runs"

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False)


@app.command()
def run(
    documents: Annotated[
        list[Path] | None, typer.Argument(help="PDF files or folders; the samples if none")
    ] = None,
    domain: Annotated[str, typer.Option(help="folder in the documents container")] = "",
    data: Annotated[Path, typer.Option(help="where the stack keeps its state")] = _DATA,
) -> None:
    """Drop documents into the container, watch the run, print the comparison."""
    try:
        files = _files(documents or [_SAMPLES])
    except ValueError as error:
        console.print(f"error: {error}")
        raise typer.Exit(2) from None
    name = domain or (files[0].parent.name if documents is None else "mine")
    began = time.monotonic()
    with _stack(data) as stack:
        before = session.runs_of(stack, name)
        session.upload(stack, name, files)
        console.print(f"uploaded {len(files)} files into documents/{name}/")
        run_id = session.wait_for_new_run(stack, name, before)
        console.print(f"run       {run_id}")
        view = _watch(stack, run_id)
        if view["state"] != "completed":
            console.print(f"\nThe run {view['state']}: {view['reason']}", soft_wrap=True)
            raise typer.Exit(1)
        fetched, report = session.fetch(stack, run_id, _OUT / run_id)
    _conclude(view, fetched, report, time.monotonic() - began)


@app.command()
def serve(
    data: Annotated[Path, typer.Option(help="where the stack keeps its state")] = _DATA,
) -> None:
    """Start the stack and keep it until Ctrl-C; PDFs dropped into the container start runs."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _stack(data, storage_port=_AZURITE_PORT, host_port=_FUNCTIONS_PORT) as stack:
        console.print(f"HTTP API   {stack.url}/api/runs")
        console.print(f"storage    {stack.connection_string}", soft_wrap=True)
        console.print("Drop a PDF into documents/<domain>/ with any blob client. Ctrl-C stops.")
        try:
            while stack.host.exit_code is None:
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
    console.print(f"the host ended by itself: see {data}/logs/host.log")
    raise typer.Exit(1)


def _stack(data: Path, **ports: int) -> Stack:
    console.print("starting storage, models (local stand-ins) and host ...")
    return Stack(data, **ports)


def _files(paths: list[Path]) -> list[Path]:
    """The files named, and those inside the folders named; one file per name."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += [p for p in sorted(path.iterdir()) if p.is_file()]
        elif path.is_file():
            files.append(path)
        else:
            raise ValueError(f"there is no file or folder {path}")
    names = [path.name for path in files]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two files have the name {repeated.pop()}")
    if not files:
        raise ValueError("there is nothing to read")
    return files


def _watch(stack: Stack, run_id: str) -> dict[str, Any]:
    """Show the run until it ends: a live bar in a terminal, plain lines elsewhere."""
    said: set[str] = set()
    view: dict[str, Any] = {}
    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not sys.stdout.isatty()) as p:
        task = p.add_task("start", total=None, detail="")
        for view in session.watch(stack, run_id):
            for line in session.stage_lines(view, said):
                p.console.print(line, soft_wrap=True)
            done, total = view.get("done") or 0, view.get("total")
            left = f", {view['seconds_left']:.0f} s left" if view.get("seconds_left") else ""
            detail = f"{done} of {total or '?'}, ${view['usd']:.4f}{left}"
            stage = view.get("stage") or "start"
            p.update(task, description=stage, completed=done, total=total, detail=detail)
    return view


def _conclude(
    view: dict[str, Any], fetched: session.Fetched, report: dict[str, Any], seconds: float
) -> None:
    console.print()
    for line in session.comparison_lines(report):
        console.print(line, soft_wrap=True)
    tokens = view["tokens"]
    rows = report["scores"]["rows"]
    console.print(
        f"\n{report['headline']['sentence']}\n"
        f"Judged metrics score a seeded sample of {report['scores']['judged_rows']} of {rows} test "
        "rows; the others score all. The models here are local stand-ins, not language models.\n"
        f"\ntokens    {tokens['prompt']:,} in, {tokens['completion']:,} out; at list prices "
        f"${view['usd']:.4f}\n"
        f"report    {_short(fetched.report)}\n"
        f"dataset   {_short(fetched.dataset)}\n"
        f"time      {seconds:.0f} s",
        soft_wrap=True,
    )


def _short(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def main() -> None:
    """Run the command; trouble with the stack is a message, never a traceback."""
    try:
        app()
    except (StartError, TimeoutError) as error:
        console.print(f"error: {error}", soft_wrap=True)
        sys.exit(3)


if __name__ == "__main__":
    main()
