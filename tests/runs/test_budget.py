"""Money: a budget ends a run within one batch, a higher one goes on from there, nothing is lost."""

from __future__ import annotations

import json

import pytest

from local.stack import Stack
from tests.runs.helpers import (
    PATIENCE,
    UNJUDGED,
    View,
    billed,
    blob,
    clear_requests,
    completed,
    corpus,
    finish,
    jobs,
    manifest,
    post,
    requests,
    upload,
)


@pytest.fixture(scope="module")
def measured(_shared: Stack) -> View:
    """A completed run without a budget, as long as the one that its measure sets a budget for."""
    upload(_shared, "measured", corpus(710, count=3, sections=16))
    return completed(_shared, "measured")


def test_a_budget_ends_the_run_within_a_batch_and_a_higher_one_goes_on(
    stack: Stack, measured: View
) -> None:
    whole = manifest(stack, measured["run"])["stages"]["generate"]
    budget = whole["spend"]["usd"] / 3
    before = len(jobs(stack))
    clear_requests(stack)

    upload(stack, "money", corpus(700, count=3, sections=16, spec=_with_budget(budget)))
    view = finish(stack, "money")
    stopped = manifest(stack, view["run"])
    stage = stopped["stages"]["generate"]
    assert view["state"] == "failed"
    assert "the budget of $" in view["reason"]
    assert "a higher budget.usd" in view["reason"]
    assert len(jobs(stack)) == before
    lanes = 4
    a_batch = lanes * max(8, -(-whole["total"] // (lanes * 6)))
    assert view["usd"] <= budget + whole["spend"]["usd"] / whole["total"] * a_batch
    assert view["usd"] >= budget / 2
    assert 0 < stage["ok"] + stage["rejected"] < stage["total"]

    answer = post(stack, {"prefix": "money/", "spec": {"budget": {"usd": 50}}})
    richer = stack.wait_for_run(answer.body["run"], PATIENCE)
    assert richer["state"] == "completed", richer["reason"]
    assert richer["reused"] >= view["calls"]
    tokens = [view["tokens"], richer["tokens"]]
    assert billed(stack) == (
        sum(each["prompt"] for each in tokens),
        sum(each["completion"] for each in tokens),
    )
    bodies = [each["body_sha256"] for each in requests(stack, "teacher")]
    assert len(bodies) == len(set(bodies)), "something was paid twice"


def test_training_is_not_begun_when_the_budget_does_not_reach_so_far(stack: Stack) -> None:
    upload(stack, "nearly", corpus(720, count=2, sections=6))
    first = completed(stack, "nearly")
    spent = manifest(stack, first["run"])["stages"]
    generated = sum(spent[name]["spend"]["usd"] for name in ("ingest", "generate", "dataset"))
    budget = generated + spent["train"]["spend"]["usd"] / 2
    before = len(jobs(stack))
    upload(stack, "barely", corpus(722, count=2, sections=6, spec=_with_budget(budget)))
    view = finish(stack, "barely")
    assert view["state"] == "failed"
    assert "training is expected to cost $" in view["reason"]
    assert len(jobs(stack)) == before


def test_what_a_run_is_expected_to_cost_is_known_before_it_is_paid(
    stack: Stack, measured: View
) -> None:
    estimate, stages = measured["estimate"], manifest(stack, measured["run"])["stages"]
    assert estimate["without_price"] == []
    assert estimate["usd"] == pytest.approx(
        sum(stage["usd"] for stage in estimate["stages"].values()), abs=1e-6
    )
    spend = stages["generate"]["spend"]
    expected = estimate["stages"]["generate"]
    assert expected["items"] == stages["generate"]["total"]
    assert spend["calls"] <= expected["calls"], "the teacher may write fewer questions, never more"
    a_call = expected["prompt_tokens"] / expected["calls"]
    assert a_call == pytest.approx(spend["prompt_tokens"] / spend["calls"], rel=0.3)
    report = json.loads(blob(stack, f"{measured['run']}/report.json"))
    assert report["estimate"] == estimate


def _with_budget(usd: float) -> str:
    return UNJUDGED + f"budget: {{usd: {usd:.6f}}}\n"
