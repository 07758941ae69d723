"""A host killed in every part of a run resumes: nothing is lost, nothing is paid for nothing."""

from __future__ import annotations

from pathlib import Path

from bench.kill_and_resume import draw_moments, killed_run, reference_run

SEED = 11
STAGES = ("generate", "generate", "train", "evaluate")
EARLY = 0.4  # of a stage's time: a busy machine may take longer over the reference


def test_a_run_killed_in_every_part_ends_like_one_that_was_not(tmp_path: Path) -> None:
    reference = reference_run(tmp_path / "reference")
    assert {"train.jsonl", "valid.jsonl", "test.jsonl", "card.md", "leakage.json"} <= set(
        reference.files
    )
    moments = draw_moments(SEED, reference, STAGES, EARLY)
    trial = killed_run(tmp_path / "killed", reference, moments)
    assert trial.violations == []
    assert len(trial.kills) == len(STAGES)
    assert {kill.stage for kill in trial.kills} >= {"generate", "evaluate"}
    assert sum(kill.in_flight for kill in trial.kills) > 0, "no kill hit a call"
