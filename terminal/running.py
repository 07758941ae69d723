"""`raft run`: documents up, a run started or found, watched to its end, its results fetched."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import session
from local.stack import Stack
from shared.raft.formats import to_json
from shared.spec import parse_spec
from terminal import live, tables
from terminal.client import Client
from terminal.exits import CliError, Exit
from terminal.options import RESULTS, SAMPLES
from terminal.output import Output
from terminal.place import published, running
from terminal.storage import Storage


@dataclass(frozen=True)
class Request:
    """What is to be run: documents, their domain, and spec layers above what is in the folder."""

    documents: Sequence[Path]
    domain: str
    layers: Sequence[Mapping[str, Any]]
    again: bool = False
    detach: bool = False


def run_here(request: Request, data: Path, out: Output) -> None:
    """On the stack that runs on `data`, or on one that is started for this run."""
    files = files_of(request.documents or [SAMPLES])
    domain = request.domain or _domain(request.documents)
    session.check_spec(files, request.layers)  # before a stack is started for it
    began = time.monotonic()
    with ExitStack() as until_done:
        if found := running(data):
            client, storage = Client(found.url), Storage(found.connection_string)
        else:
            if request.detach:
                raise CliError(Exit.USAGE, "--detach needs a stack that stays: raft serve")
            stack = start_stack(data, out, until_done)
            client, storage = Client(stack.url), Storage(stack.connection_string)
        before = session.runs_of(client, domain)
        session.upload(storage, domain, files, request.layers)
        out.say(f"uploaded {len(files)} files into documents/{domain}/")
        run = session.wait_for_new_run(client, domain, before)
        if _left(run, request, out):
            return
        view = live.watch(client, run, out)
        live.require_completed(view)
        fetched, report = session.fetch(storage, run, RESULTS / run)
    out.say()
    out.lines(tables.report_lines(report))
    _spent(view, out)
    out.say(f"report    {short(fetched.report)}")
    out.say(f"dataset   {short(fetched.dataset)}")
    out.say(f"time      {time.monotonic() - began:.0f} s")
    out.data({"run": view, "report": str(fetched.report), "dataset": str(fetched.dataset)})


def run_there(request: Request, client: Client, storage: str, out: Output) -> None:
    """On a deployed app, over documents that are there or that are uploaded first.

    What is uploaded is announced to the app as well: overrides go into the folder's raft.yaml
    then, so that both ways lead to the same run.
    """
    if not request.domain:
        raise CliError(Exit.USAGE, "--url needs --domain: the folder in the documents container")
    body: dict[str, Any] = {"prefix": f"{request.domain}/", "again": request.again}
    if request.documents:
        if not storage:
            words = (
                "documents are uploaded with --storage only; without DOCS it is over what is there"
            )
            raise CliError(Exit.USAGE, words)
        files = files_of(request.documents)
        session.upload(Storage(storage), request.domain, files, request.layers, keep=True)
        out.say(f"uploaded {len(files)} files into documents/{request.domain}/")
    elif request.layers:
        body["spec"] = session.given(parse_spec(*request.layers))
    run = str(client.start(body)["run"])
    if _left(run, request, out):
        return
    view = live.watch(client, run, out, near=False)
    live.require_completed(view)
    report = client.report(run)
    page = save_report(client, run, report, RESULTS / run)
    out.say()
    out.lines(tables.report_lines(report))
    _spent(view, out)
    out.say(f"report    {short(page)}")
    out.data({"run": view, "report": str(page)})


def start_stack(
    data: Path, out: Output, until_done: ExitStack, storage_port: int = 0, host_port: int = 0
) -> Stack:
    """A local stack that other commands find, and that stops with `until_done`."""
    out.say("starting storage, models (local stand-ins) and host ...")
    stack = until_done.enter_context(Stack(data, storage_port=storage_port, host_port=host_port))
    until_done.enter_context(published(stack))
    return stack


def save_report(client: Client, run: str, report: Mapping[str, Any], folder: Path) -> Path:
    """Write report.html and report.json into a folder; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "report.html"
    page.write_bytes(client.report_page(run))
    (folder / "report.json").write_bytes(to_json(report))
    return page


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those inside the folders named; one file per name.

    The word `samples` is the bundled samples where no file has that name.
    """
    files: list[Path] = []
    for path in paths:
        place = SAMPLES if path == Path("samples") else path
        if place.is_dir():
            files += [each for each in sorted(place.iterdir()) if each.is_file()]
        elif place.is_file():
            files.append(place)
        else:
            raise CliError(Exit.USAGE, f"there is no file or folder {path}")
    names = [path.name for path in files]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise CliError(Exit.USAGE, f"two files have the name {min(repeated)}")
    if not files:
        raise CliError(Exit.USAGE, "there is nothing to read")
    return files


def short(path: Path) -> Path:
    """The path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _domain(documents: Sequence[Path]) -> str:
    return SAMPLES.name if not documents or list(documents) == [Path("samples")] else "mine"


def _left(run: str, request: Request, out: Output) -> bool:
    """Say which run it is; whether it is left to itself."""
    out.say(f"run       {run}")
    if request.detach:
        out.say(f"It goes on by itself: raft watch {run}")
        out.data({"run": run})
    return request.detach


def _spent(view: Mapping[str, Any], out: Output) -> None:
    tokens = view["tokens"]
    out.say(
        f"\ntokens    {tokens['prompt']:,} in, {tokens['completion']:,} out; at list prices "
        f"${view['usd']:.4f}"
    )
