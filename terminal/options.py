"""Options that commands share, with the words of their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from local.azurite import ROOT
from shared.spec.student import Method, PlatformName

DATA = ROOT / ".local" / "stack"
RESULTS = ROOT / ".local" / "runs"
SAMPLES = ROOT / "samples" / "bank"

Docs = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="DOCS", help="files or folders; `samples` and none: the bundled samples"
    ),
]
Platform = Annotated[
    PlatformName | None,
    typer.Option("--student", "--platform", help="where the student is trained and served"),
]
Model = Annotated[str, typer.Option(help="base model of the student")]
How = Annotated[Method | None, typer.Option(help="how it is trained")]
Preset = Annotated[str, typer.Option(help="a file of presets/, without .yaml")]
Sets = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="any field of the spec, as questions=3"),
]
RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="id of the run, as `raft status` lists it")
]
Url = Annotated[
    str,
    typer.Option("--url", envvar="RAFT_URL", help="a deployed app; the local stack if not given"),
]
Key = Annotated[
    str,
    typer.Option(
        "--key", envvar="RAFT_KEY", show_default=False, help="the app's function key; never shown"
    ),
]
Data = Annotated[
    Path,
    typer.Option("--data", show_default=".local/stack", help="folder of the local stack's state"),
]
Json = Annotated[bool, typer.Option("--json", help="JSON for programs, words to stderr")]
By = Annotated[str, typer.Option("--by", help="who decides; the user's name if not given")]
Why = Annotated[str, typer.Option("--why", help="shown wherever the run is")]
