"""People decide: a run waits for approval; cancelled at any stage, it ends and leaves nothing."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local.azurite import ROOT
from local.host.events import EventType
from local.host.store import Reader
from local.stack import Stack
from tests.runs.helpers import (
    CONCURRENCY,
    PATIENCE,
    UNJUDGED,
    Answer,
    completed,
    corpus,
    deployments,
    http,
    jobs,
    manifest,
    new_run,
    put_fault,
    requests,
    until,
    upload,
)

GUIDE = Path(ROOT) / "samples" / "bank" / "fees-and-charges.pdf"
APPROVED = UNJUDGED + "budget: {approval: always}\n"
SLOW = {"ms": 400}
# Stage in which to cancel, what makes it last, and its spec.
STAGES: list[tuple[str, list[tuple[str, str, dict[str, Any]]], str]] = [
    ("ingest", [("latency", "vision", {"ms": 1_500})], UNJUDGED),
    ("generate", [("latency", "teacher", SLOW)], UNJUDGED),
    ("dataset", [("latency", "judge", SLOW)], UNJUDGED),
    ("approve", [], APPROVED),
    ("train", [("job_stuck", "*", {})], UNJUDGED),
    ("evaluate", [("latency", "baseline", SLOW)], UNJUDGED),
]


def decide(stack: Stack, run: str, what: str, **words: str) -> Answer:
    """POST /api/runs/{run}/{what}."""
    return http(f"{stack.url}/api/runs/{run}/{what}", "POST", json.dumps(words).encode())


def at_stage(stack: Stack, run: str, stage: str) -> None:
    """Wait until the run is in a stage."""

    def look() -> bool:
        view = stack.get(f"/api/runs/{run}")
        assert view["state"] in ("pending", "running"), view["reason"]
        return bool(view.get("stage") == stage)

    until(look, f"run in {stage}")


def history(stack: Stack, instance: str) -> list[dict[str, Any]]:
    """What has happened to an orchestration."""
    with closing(Reader(stack.data / "host" / "host.sqlite")) as reader:
        return list(json.loads(f"[{','.join(reader.history(instance))}]"))


@pytest.mark.parametrize(
    ("number", "stage", "faults", "spec"), [(n, *each) for n, each in enumerate(STAGES)]
)
def test_a_run_is_cancelled_at_every_stage_and_leaves_nothing(
    stack: Stack,
    number: int,
    stage: str,
    faults: list[tuple[str, str, dict[str, Any]]],
    spec: str,
) -> None:
    for kind, deployment, options in faults:
        put_fault(stack, kind, deployment, **options)
    known = {job["id"] for job in jobs(stack)}
    served = set(deployments(stack))
    files = corpus(840 + 3 * number, spec=spec)
    if stage == "ingest":
        files[GUIDE.name] = GUIDE.read_bytes()
    domain = f"cancel-{stage}"
    upload(stack, domain, files)
    run = new_run(stack, domain)
    at_stage(stack, run, stage)
    wait = f"{run}-training"
    if stage == "train":
        until(lambda: history(stack, wait), "wait for the cloud")
    answer = decide(stack, run, "cancel", by="Ada", why="a test")
    cancelled = time.time()
    assert answer.status == 202, answer.body
    view = stack.wait_for_run(run, 30)
    assert (view["state"], view["reason"]) == ("cancelled", "cancelled by Ada: a test")
    raised = [each["EventType"] == EventType.EVENT_RAISED for each in history(stack, wait)]
    assert any(raised) is (stage == "train"), "whoever waits for the cloud is woken"
    late = [each for each in requests(stack) if each["started"] > cancelled + 0.5]
    assert len([each for each in late if "chat" in each["route"]]) <= CONCURRENCY
    left = [job for job in jobs(stack) if job["id"] not in known]
    assert {job["status"] for job in left} <= {"cancelled", "succeeded"}
    assert set(deployments(stack)) <= served
    assert decide(stack, run, "cancel").status == 202, "again is harmless"


def test_a_run_cancelled_while_it_deploys_leaves_no_deployment(stack: Stack) -> None:
    served = set(deployments(stack))
    upload(stack, "cancel-deploy", corpus(880))
    run = new_run(stack, "cancel-deploy")
    at_stage(stack, run, "train")
    put_fault(stack, "latency", "*", ms=1_500)  # the smoke test takes its time
    at_stage(stack, run, "deploy")
    assert decide(stack, run, "cancel", by="Ada").status == 202
    view = stack.wait_for_run(run, 30)
    assert (view["state"], view["reason"]) == ("cancelled", "cancelled by Ada")
    assert set(deployments(stack)) <= served
    assert view["student"].get("removed") or "deployment" not in view["student"]


def test_a_run_cancelled_while_its_report_is_written_leaves_nothing(
    stack: Stack,
) -> None:
    """All was paid and the report is there: what is left to undo is the deployment."""
    served = set(deployments(stack))
    put_fault(stack, "removal_slow", "*", seconds=1.5)
    upload(stack, "cancel-report", corpus(883, spec=UNJUDGED + "deployment: {keep: never}\n"))
    run = new_run(stack, "cancel-report")
    at_stage(stack, run, "report")
    assert decide(stack, run, "cancel", by="Ada").status == 202
    view = stack.wait_for_run(run, 30)
    assert (view["state"], view["cancel"]["by"]) == ("cancelled", "Ada")
    assert set(deployments(stack)) == served
    assert decide(stack, run, "cancel").status == 202, "again is harmless"


def test_a_run_waits_for_approval_and_goes_on(stack: Stack) -> None:
    upload(stack, "approved", corpus(870, spec=APPROVED))
    run = new_run(stack, "approved")
    at_stage(stack, run, "approve")
    waiting = stack.get(f"/api/runs/{run}")["approval"]
    assert waiting["state"] == "waiting"
    assert waiting["usd_training"] > 0
    assert decide(stack, run, "approve", by="Ada", why="fine").status == 202
    assert decide(stack, run, "approve", by="Bob").status == 202, "a second one is harmless"
    view = completed(stack, "approved")
    assert view["approval"]["by"] == "Ada"
    assert manifest(stack, run)["stages"]["approve"]["ok"] == 1


def test_a_rejected_run_ends_before_training_is_paid(stack: Stack) -> None:
    before = len(jobs(stack))
    upload(stack, "rejected", corpus(873, spec=APPROVED))
    run = new_run(stack, "rejected")
    at_stage(stack, run, "approve")
    assert decide(stack, run, "reject", by="Ada", why="too dear").status == 202
    view = stack.wait_for_run(run, PATIENCE)
    assert view["state"] == "failed"
    assert view["reason"] == "the training was rejected by Ada: too dear"
    assert len(jobs(stack)) == before
    assert decide(stack, run, "approve").status == 409
    assert decide(stack, run, "cancel").status == 409


def test_an_approval_that_nobody_gives_expires(stack: Stack) -> None:
    soon = UNJUDGED + "budget: {approval: always, approval_hours: 0.0005}\n"
    upload(stack, "expired", corpus(876, spec=soon))
    view = stack.wait_for_run(new_run(stack, "expired"), PATIENCE)
    assert view["state"] == "failed"
    assert view["reason"].startswith("nobody approved the training until ")


@pytest.mark.parametrize("what", ["approve", "reject", "cancel"])
def test_decisions_about_nothing_are_refused(stack: Stack, what: str) -> None:
    assert decide(stack, "no-such-run", what).status == 404
    for body in (b"[]", b"{", b'{"by": 3}', b'{"who": "x"}'):
        answer = http(f"{stack.url}/api/runs/no-such-run/{what}", "POST", body)
        assert answer.status == 400, body
