"""One run on the local stack, as a user sees it: upload, watch, compare, fetch the results."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.stack import Stack
from shared.contracts import Stage
from shared.services.runs import ENDED

SPEC_FILE = "raft.yaml"
_LOOK_EVERY = 0.5
_START_PATIENCE = 120.0


@dataclass(frozen=True)
class Fetched:
    """Where the results were put."""

    report: Path
    dataset: Path


def upload(stack: Stack, domain: str, files: Sequence[Path]) -> None:
    """Make `documents/{domain}/` hold exactly these files; the spec is written first."""
    documents = stack.container("documents")
    wanted = {f"{domain}/{path.name}" for path in files}
    for blob in documents.list_blobs(name_starts_with=f"{domain}/"):
        if blob.name not in wanted:
            documents.delete_blob(blob.name)
    for path in sorted(files, key=lambda path: (path.name != SPEC_FILE, path.name)):
        documents.upload_blob(f"{domain}/{path.name}", path.read_bytes(), overwrite=True)


def runs_of(stack: Stack, domain: str) -> set[str]:
    """Ids of the domain's runs."""
    return {run["run"] for run in stack.get("/api/runs")["runs"] if run["domain"] == domain}


def wait_for_new_run(stack: Stack, domain: str, before: set[str]) -> str:
    """The id of the run that the upload started."""
    deadline = time.monotonic() + _START_PATIENCE
    while time.monotonic() < deadline:
        if new := runs_of(stack, domain) - before:
            return new.pop()
        time.sleep(_LOOK_EVERY)
    raise TimeoutError(f"no run was started for {domain} within {_START_PATIENCE:g} s")


def watch(stack: Stack, run: str) -> Iterator[dict[str, Any]]:
    """The run's views until it has ended, the last one included."""
    while True:
        status, view = stack.call("GET", f"/api/runs/{run}")
        if status == 200:
            yield view
            if view["state"] in ENDED:
                return
        time.sleep(_LOOK_EVERY)


def stage_lines(view: dict[str, Any], said: set[str]) -> Iterator[str]:
    """One line for each stage that ended since the last look; `said` remembers."""
    for name in map(str, Stage):
        stage = view["stages"].get(name)
        if stage and "ended" in stage and name not in said:
            said.add(name)
            earlier = view["stages"].get("generate", {}) if name == "dataset" else {}
            yield f"{name:<9} {stage_summary(stage, earlier)}"


def stage_summary(stage: dict[str, Any], earlier: dict[str, Any]) -> str:
    """What a stage did, in one line; drops that it took over from an earlier one aside."""
    known = earlier.get("counts", {})
    counts = {
        name: value - known.get(name, 0) if name.startswith("drop_") else value
        for name, value in stage.get("counts", {}).items()
    }
    parts = [f"{stage['ok']} of {stage['total']}"] if stage["total"] > 1 else []
    parts += [f"{value:,} {key.replace('_', ' ')}" for key, value in counts.items() if value]
    for word in ("rejected", "failed"):
        if stage.get(word):
            parts.append(f"{stage[word]} {word}")
    spend = stage["spend"]
    if spend["calls"] or spend["usd"]:
        parts.append(f"{spend['calls']:,} paid calls, ${spend['usd']:.4f}")
    if spend["reused"]:
        parts.append(f"{spend['reused']:,} reused")
    return ", ".join(parts) or "done"


def comparison_lines(report: dict[str, Any]) -> Iterator[str]:
    """Student against baseline as a plain table."""
    scores = report["scores"]
    yield f"{'':<20} {'baseline':>9} {'student':>9} {'difference, 95 % interval':>32} {'n':>5}"
    for metric in scores["metrics"]:
        name = metric["metric"].replace("_", " ")
        if metric["difference"] is None:
            yield f"{name:<20} {'–':>9} {'–':>9} {'not measured':>32} {0:>5}"
            continue
        interval = f"{metric['difference']:+.3f}  [{metric['low']:+.3f}, {metric['high']:+.3f}]"
        yield (
            f"{name:<20} {metric['baseline']:>9.3f} {metric['student']:>9.3f} "
            f"{interval:>32} {metric['n']:>5}  {metric['finding']}"
        )


def fetch(stack: Stack, run: str, target: Path) -> tuple[Fetched, dict[str, Any]]:
    """Copy report and dataset of a run to `target`; also the report's record."""
    container = stack.container("runs")
    for blob in container.list_blobs(name_starts_with=f"{run}/"):
        name = blob.name.removeprefix(f"{run}/")
        if name.startswith(("report.", "dataset/", "training/")):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(container.download_blob(blob.name).readall())
    report = json.loads((target / "report.json").read_text(encoding="utf-8"))
    return Fetched(target / "report.html", target / "dataset"), report
