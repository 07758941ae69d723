"""Students of other methods: the run ends well, and the job is what was asked for."""

from __future__ import annotations

import json

import pytest

from local.stack import Stack
from shared.raft.graders import answer_grader
from tests.runs.helpers import UNJUDGED, completed, corpus, dataset, jobs, manifest, upload

STUDENTS = {
    "dpo": ("gpt-4o-mini-2024-07-18", {"n_epochs": 1, "beta": 0.2}),
    "reinforcement": ("o4-mini-2025-04-16", {"n_epochs": 1, "reasoning_effort": "low"}),
}


@pytest.mark.parametrize(("method", "first"), [("dpo", 880), ("reinforcement", 890)])
def test_a_run_trains_its_student_by_the_method_it_asks_for(
    stack: Stack, method: str, first: int
) -> None:
    model, hyperparameters = STUDENTS[method]
    student = {"method": method, "model": model, "hyperparameters": hyperparameters}
    spec = f"{UNJUDGED}student: {json.dumps(student)}\nexports: [{method}]\n"
    upload(stack, f"by-{method}", corpus(first, spec=spec))
    run = completed(stack, f"by-{method}")["run"]

    trained = manifest(stack, run)["student"]
    (job,) = [each for each in jobs(stack) if each["id"] == trained["job"]]
    assert (job["status"], job["model"]) == ("succeeded", model)
    assert job["fine_tuned_model"] == trained["model"]
    assert job["method"]["type"] == method
    asked = job["method"][method]
    assert asked["hyperparameters"].items() >= hyperparameters.items()
    assert asked.get("grader") == (answer_grader() if method == "reinforcement" else None)
    assert f"{method}/train.jsonl" in dataset(stack, run)
