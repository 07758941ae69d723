"""One run as a user sees it: upload, find the run, say what stages did, compare, fetch results."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient

from shared.contracts import Stage
from shared.services.runs import SPEC_FILE
from shared.settings import DOCUMENTS_CONTAINER, RUNS_CONTAINER
from shared.spec import RunSpec, parse_spec, parse_spec_yaml

_LOOK_EVERY = 0.5
_START_PATIENCE = 120.0
# Of settings other than open_book.
_TOLD = ("token_f1", "oracle_picked", "abstention", "unsupported_answer", "answer_correctness")


class Storage(Protocol):
    """A storage account, such as a Stack's."""

    def container(self, name: str) -> ContainerClient:
        """A client of one container, which is there."""


class Api(Protocol):
    """An app that answers, such as a Stack's."""

    def get(self, path: str) -> Any:
        """JSON at a path."""


@dataclass(frozen=True)
class Fetched:
    """Where the results were put."""

    report: Path
    dataset: Path


def upload(
    storage: Storage,
    domain: str,
    files: Sequence[Path],
    overrides: Sequence[Mapping[str, Any]] = (),
    *,
    keep: bool = False,
) -> None:
    """Make `documents/{domain}/` hold exactly these files; the spec is written first.

    `overrides` go over the files' raft.yaml, later ones winning. With `keep` nothing else of the
    folder is removed, and a raft.yaml that is there counts where no file is one. Raises SpecError
    on a wrong spec, before anything is written.
    """
    documents = storage.container(DOCUMENTS_CONTAINER)
    contents = {f"{domain}/{path.name}": path.read_bytes() for path in files}
    name = f"{domain}/{SPEC_FILE}"
    there = contents.get(name) or (_content(documents, name) if keep else b"")
    spec = _spec(there, overrides)
    if overrides:
        contents[name] = yaml.safe_dump(given(spec), sort_keys=False).encode()
    if not keep:
        for blob in documents.list_blobs(name_starts_with=f"{domain}/"):
            if blob.name not in contents:
                documents.delete_blob(blob.name)
    for blob_name in sorted(contents, key=lambda each: (each != name, each)):
        documents.upload_blob(blob_name, contents[blob_name], overwrite=True)


def check_spec(files: Sequence[Path], overrides: Sequence[Mapping[str, Any]]) -> None:
    """Raise SpecError where `upload` of these would."""
    _spec(b"".join(path.read_bytes() for path in files if path.name == SPEC_FILE), overrides)


def _spec(text: bytes, overrides: Sequence[Mapping[str, Any]]) -> RunSpec:
    return parse_spec(parse_spec_yaml(text.decode("utf-8", "replace"), SPEC_FILE), *overrides)


def _content(container: ContainerClient, name: str) -> bytes:
    try:
        return bytes(container.download_blob(name).readall())
    except ResourceNotFoundError:
        return b""


def given(spec: RunSpec) -> dict[str, Any]:
    """What was said of the spec, without its defaults."""
    return spec.model_dump(mode="json", exclude_unset=True)


def runs_of(app: Api, domain: str) -> set[str]:
    """Ids of the domain's runs."""
    return {run["run"] for run in app.get("/api/runs")["runs"] if run["domain"] == domain}


def wait_for_new_run(app: Api, domain: str, before: set[str]) -> str:
    """The id of the run that the upload started."""
    deadline = time.monotonic() + _START_PATIENCE
    while time.monotonic() < deadline:
        if new := runs_of(app, domain) - before:
            return new.pop()
        time.sleep(_LOOK_EVERY)
    raise TimeoutError(f"no run was started for {domain} within {_START_PATIENCE:g} s")


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
    if "spend" not in stage:  # the run ended in the middle of it
        return "not finished"
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
    """Student against baseline as plain tables: open book in full, what matters of the rest."""
    scores = report["scores"]
    settings = dict(scores.get("settings", {}))
    open_book = settings.pop("open_book", {"metrics": scores.get("metrics", [])})
    yield f"{'':<20} {'baseline':>9} {'student':>9} {'difference, 95 % interval':>32} {'n':>5}"
    yield from (_comparison_line(metric["metric"], metric) for metric in open_book["metrics"])
    for setting, part in settings.items():
        yield f"{setting.replace('_', ' ')}:"
        for metric in part["metrics"]:
            if metric["metric"] in _TOLD:
                yield _comparison_line(metric["metric"], metric)
    if sweep := scores.get("sweep"):
        yield "token f1 beside so many distractors:"
    for point in sweep or ():
        for metric in point["metrics"]:
            if metric["metric"] == "token_f1":
                yield _comparison_line(str(point["distractors"]), metric)
    if verdict := scores.get("verdict"):
        yield f"{'promoted' if verdict['promoted'] else 'rejected'}: {verdict['reason']}"


def _comparison_line(name: str, metric: Mapping[str, Any]) -> str:
    name = name.replace("_", " ")
    if metric["difference"] is None:
        return f"{name:<20} {'–':>9} {'–':>9} {'not measured':>32} {0:>5}"
    interval = f"{metric['difference']:+.3f}  [{metric['low']:+.3f}, {metric['high']:+.3f}]"
    return (
        f"{name:<20} {metric['baseline']:>9.3f} {metric['student']:>9.3f} "
        f"{interval:>32} {metric['n']:>5}  {metric['finding']}"
    )


def fetch(storage: Storage, run: str, target: Path) -> tuple[Fetched, dict[str, Any]]:
    """Copy report and dataset of a run to `target`; also the report's record."""
    container = storage.container(RUNS_CONTAINER)
    for blob in container.list_blobs(name_starts_with=f"{run}/"):
        name = blob.name.removeprefix(f"{run}/")
        if name.startswith(("report.", "dataset/", "training/")):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(container.download_blob(blob.name).readall())
    report = json.loads((target / "report.json").read_text(encoding="utf-8"))
    return Fetched(target / "report.html", target / "dataset"), report
