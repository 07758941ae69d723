"""A host killed in every part of a run resumes: nothing is lost, nothing is paid for nothing."""

from __future__ import annotations

from pathlib import Path

from bench.kill_and_resume import DOMAIN, Moment, Reference, killed_run
from local.stack import Stack
from tests.runs.helpers import JUDGED, corpus, dataset, finish, manifest, new_run, until, upload

MOMENTS = (
    Moment("generate", calls=3),
    Moment("generate", calls=9),
    Moment("train", seconds=0.3),
    Moment("evaluate", calls=2),
)
DOCUMENTS = corpus(1_900, count=2, sections=4, spec=JUDGED)


def unkilled(stack: Stack) -> Reference:
    """The dataset of a run that nobody kills; it ends there, the rest of it is not compared."""
    upload(stack, DOMAIN, DOCUMENTS)
    run = new_run(stack, DOMAIN)
    until(lambda: "ended" in manifest(stack, run)["stages"].get("dataset", {}), "dataset")
    status, answer = stack.call("POST", f"/api/runs/{run}/cancel", {"by": "Ada"})
    assert status == 202, answer
    assert finish(stack, DOMAIN)["state"] == "cancelled"
    return Reference(dataset(stack, run))


def test_a_run_killed_in_every_part_ends_like_one_that_was_not(
    stack: Stack, tmp_path: Path
) -> None:
    reference = unkilled(stack)
    assert {"train.jsonl", "valid.jsonl", "test.jsonl", "card.md", "leakage.json"} <= set(
        reference.files
    )
    trial = killed_run(tmp_path / "killed", reference, MOMENTS, DOCUMENTS)
    assert trial.violations == []
    assert len(trial.kills) == len(MOMENTS)
    assert {kill.stage for kill in trial.kills} >= {"generate", "evaluate"}
    assert sum(kill.in_flight for kill in trial.kills) > 0, "no kill hit a call"
