"""One whole run on a fresh local stack, for measurements."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from local.stack import Stack
from tests.pdfs import prose, text_pdf

_PATIENCE = 1_800.0


@contextmanager
def stack(**options: Any) -> Iterator[Stack]:
    """A strict stack in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="raft-bench-") as folder:
        options.setdefault("settings", {})
        options["settings"] = {"QUIET_PERIOD_SECONDS": "0.5", **options["settings"]}
        with Stack(Path(folder), host_options=("--strict",), **options) as running:
            yield running


def upload(running: Stack, domain: str, sections: Sequence[int], spec: dict[str, Any]) -> None:
    """Documents of so many sections each, and their spec."""
    documents = running.container("documents")
    documents.upload_blob(f"{domain}/raft.yaml", yaml.safe_dump(spec).encode())
    for number, count in enumerate(sections):
        documents.upload_blob(f"{domain}/{number:03}.pdf", text_pdf(prose(number, count)))


def run(running: Stack, domain: str) -> dict[str, Any]:
    """Start the domain's run and wait for its end."""
    status, answer = running.call("POST", "/api/runs", {"prefix": f"{domain}/"})
    assert status == 202, answer
    view = running.wait_for_run(answer["run"], _PATIENCE)
    assert view["state"] == "completed", view["reason"]
    return view


def resident_megabytes(running: Stack) -> tuple[float, float]:
    """Resident memory of the host: now, and at its highest."""
    status = Path(f"/proc/{running.host.pid}/status").read_text(encoding="utf-8")
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return tuple(int(lines[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))  # type: ignore[return-value]
