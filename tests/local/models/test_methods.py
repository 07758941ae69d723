"""Training by preference and by reinforcement: what is accepted, and what Azure would refuse."""

from __future__ import annotations

import copy
from typing import Any

import openai
import pytest

from tests.local.models.support import Case, Server
from tests.local.models.test_training import upload, wait

GRADER: dict[str, Any] = {
    "type": "multi",
    "name": "all",
    "graders": {
        "exact": {
            "type": "string_check",
            "name": "exact",
            "operation": "ilike",
            "input": "{{sample.output_text}}",
            "reference": "{{item.reference_answer}}",
        },
        "code": {
            "type": "python",
            "name": "code",
            "source": "def grade(sample, item):\n    return 1.0",
        },
    },
    "calculate_output": "(exact + code) / 2",
}


def graded(case: Case, role: str = "developer") -> dict[str, Any]:
    """A reinforcement row of a case."""
    system, user = case.row()["messages"][:2]
    quotes, _, answer = case.reply.rpartition("<ANSWER>:")
    return {
        "messages": [{**system, "role": role}, user],
        "reference_answer": answer.strip(),
        "reference_quotes": [quotes.split("##begin_quote##")[1].split("##end_quote##")[0]],
    }


@pytest.fixture(scope="module")
def files(server: Server, cases: list[Case]) -> dict[str, str]:
    """A training and a validation file of reinforcement rows."""
    usable = [case for case in cases if "##begin_quote##" in case.reply]
    return {
        "training_file": upload(server.client(), [graded(case) for case in usable[:20]]),
        "validation_file": upload(server.client(), [graded(case) for case in usable[20:25]]),
    }


def by_reinforcement(grader: Any = GRADER, **hyperparameters: Any) -> dict[str, Any]:
    own = {"grader": grader, "hyperparameters": {"n_epochs": 1, **hyperparameters}}
    return {"type": "reinforcement", "reinforcement": own}


def test_graded_rows_train_and_leave_rewards(server: Server, files: dict[str, str]) -> None:
    client = server.client()
    method = by_reinforcement(reasoning_effort="low", eval_samples=2)
    made = client.fine_tuning.jobs.create(model="o4-mini", **files, method=method)
    job = wait(client, made.id)
    assert job.status == "succeeded"
    assert job.fine_tuned_model.startswith("o4-mini-2025-04-16.ft-")
    assert job.method.reinforcement.grader.calculate_output == GRADER["calculate_output"]
    header, *steps = client.files.content(job.result_files[0]).text.splitlines()
    assert header == "step,train_reward_mean,valid_reward_mean"
    assert 0 <= float(steps[-1].split(",")[2]) <= 1


def test_rows_with_a_system_message_fail_the_job(
    server: Server, files: dict[str, str], cases: list[Case]
) -> None:
    client = server.client()
    usable = [case for case in cases if "##begin_quote##" in case.reply]
    rows = upload(client, [graded(case, "system") for case in usable[:12]])
    wrong = {**files, "training_file": rows}
    made = client.fine_tuning.jobs.create(model="o4-mini", **wrong, method=by_reinforcement())
    job = wait(client, made.id)
    assert (job.status, "system messages" in job.error.message) == ("failed", True)


def spoilt(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GRADER), **changes}


@pytest.mark.parametrize(
    ("model", "method", "why"),
    [
        ("gpt-4o-mini", by_reinforcement(), "does not support the method"),
        ("o4-mini", {"type": "supervised"}, "does not support the method"),
        ("o4-mini", by_reinforcement(None), "grader is required"),
        ("o4-mini", by_reinforcement({"type": "endpoint"}), "of a known type"),
        ("o4-mini", by_reinforcement(spoilt(calculate_output="")), "lacks calculate_output"),
        ("o4-mini", by_reinforcement(spoilt(graders=[GRADER])), "an object by name"),
        ("o4-mini", by_reinforcement(spoilt(graders={"a": GRADER})), "of a known type"),
        ("o4-mini", by_reinforcement(spoilt(weights=1)), "has no weights"),
        ("o4-mini", by_reinforcement(beta=0.1), "Invalid beta"),
        ("o4-mini", by_reinforcement(reasoning_effort="all"), "Invalid reasoning_effort"),
        (
            "gpt-4o-mini",
            {"type": "dpo", "dpo": {"hyperparameters": {"eval_samples": 1}}},
            "Invalid eval_samples",
        ),
    ],
)
def test_what_the_service_does_not_offer_is_refused(
    server: Server, files: dict[str, str], model: str, method: dict[str, Any], why: str
) -> None:
    create: Any = server.client().fine_tuning.jobs.create
    with pytest.raises(openai.BadRequestError, match=why):
        create(model=model, **files, method=method)


def test_reinforcement_needs_a_validation_file(server: Server, files: dict[str, str]) -> None:
    create: Any = server.client().fine_tuning.jobs.create
    with pytest.raises(openai.BadRequestError, match="validation file is required"):
        create(model="o4-mini", training_file=files["training_file"], method=by_reinforcement())
