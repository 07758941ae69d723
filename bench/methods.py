"""Students of three methods, really trained and compared: `python -m bench.methods [DIR]`

Supervised, dpo, and supervised then dpo, over the same documents (the samples) and so the same
questions: each against the baseline, and the two others against the supervised one, paired.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from bench.runs import stack
from local import session
from local.azurite import ROOT
from local.stack import Stack
from shared.raft.statistics import Comparison, compare_paired

METHODS = ("supervised", "dpo", "supervised_then_dpo")
METRICS = ("token_f1", "exact_match", "quote_accuracy", "oracle_quoted")
_PATIENCE = 1_800.0
Scores = dict[str, list[float | None]]


def main(folder: Path) -> None:
    """Print what moved, and what did not."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix == ".pdf"]
    own = folder / session.SPEC_FILE
    base = yaml.safe_load(own.read_text(encoding="utf-8")) if own.exists() else {}
    base["evaluation"] = {"settings": ["open_book"], "distractor_sweep": [], "judge_sample": 0}
    students: dict[str, Scores] = {}
    with stack() as running:
        documents = running.container("documents")
        for path in files:
            documents.upload_blob(f"methods/{path.name}", path.read_bytes())
        for method in METHODS:
            view = _run(running, base, method)
            students[method] = _scores(running, view["run"], "student")
            _print_training(method, view)
            _print("baseline", _scores(running, view["run"], "baseline"), students[method])
    for method in METHODS[1:]:
        print(f"\n{method} against supervised")
        _print("supervised", students["supervised"], students[method])


def _run(running: Stack, base: dict[str, Any], method: str) -> dict[str, Any]:
    spec = {**base, "student": {**base.get("student", {}), "method": method}}
    status, answer = running.call("POST", "/api/runs", {"prefix": "methods/", "spec": spec})
    assert status == 202, answer
    view = running.wait_for_run(answer["run"], _PATIENCE)
    assert view["state"] == "completed", view["reason"]
    return view


def _scores(running: Stack, run: str, model: str) -> Scores:
    """Each metric of one model's answers, in the order of the questions."""
    container = running.container("runs")
    names = container.list_blob_names(name_starts_with=f"{run}/evaluation/{model}/")
    answers = [json.loads(container.download_blob(name).readall()) for name in sorted(names)]
    return {name: [answer["scores"].get(name) for answer in answers] for name in METRICS}


def _print_training(method: str, view: dict[str, Any]) -> None:
    counts = view["stages"]["train"]["counts"]
    spend = {name: stage["spend"]["usd"] for name, stage in view["stages"].items()}
    pairs = view["stages"]["dataset"]["counts"].get("baseline_mistakes", 0)
    print(
        f"\n{method}: {counts.get('trained_tokens', 0):,} trained tokens, "
        f"training ${spend['train']:.4f}, dataset ${spend['dataset']:.4f}, "
        f"{pairs} answers of the baseline were worse than the label"
    )


def _print(against: str, base: Scores, student: Scores) -> None:
    for name in METRICS:
        found = compare_paired(name, base[name], student[name], draws=10_000, seed=1)
        print(f"  {name:<16} {against} {_figures(found)}", flush=True)


def _figures(found: Comparison) -> str:
    if found.difference is None:
        return "not measured"
    return (
        f"{found.baseline:.3f} → {found.student:.3f}  {found.difference:+.3f} "
        f"[{found.low:+.3f}, {found.high:+.3f}] n = {found.n}: {found.finding}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "samples" / "bank")
