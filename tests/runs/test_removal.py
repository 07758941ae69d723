"""A deployment is removed on request once its run has ended, or by the run; the record stays."""

from __future__ import annotations

from local.stack import Stack
from tests.runs.helpers import (
    UNJUDGED,
    completed,
    corpus,
    deployments,
    http,
    manifest,
    upload,
)


def test_a_completed_runs_deployment_is_removed_once(stack: Stack) -> None:
    upload(stack, "removal", corpus(1_700))
    run = completed(stack, "removal")["run"]
    name = manifest(stack, run)["student"]["deployment"]
    others = set(deployments(stack)) - {name}
    assert name in deployments(stack)

    link = f"{stack.url}/api/runs/{run}/deployment"
    first, second = http(link, "DELETE"), http(link, "DELETE")
    assert (first.status, first.body) == (200, {"run": run, "removed": True})
    assert set(deployments(stack)) == others
    assert (second.status, second.body) == (200, {"run": run, "removed": False})

    shown = http(f"{stack.url}/api/runs/{run}").body
    assert shown["state"] == "completed"
    assert shown["student"]["removed"]
    assert http(f"{stack.url}/api/runs/{run}/report").status == 200


def test_a_run_that_keeps_no_deployment_leaves_none(stack: Stack) -> None:
    upload(stack, "unkept", corpus(1_710, spec=UNJUDGED + "deployment: {keep: never}\n"))
    run = completed(stack, "unkept")["run"]
    student = manifest(stack, run)["student"]
    assert student["deployment"] not in deployments(stack)
    assert student["removed_because"] == "it is not kept (keep: never)"
    assert "removed as soon as" in http(f"{stack.url}/api/runs/{run}/report").body


def test_an_unknown_run_has_no_deployment_to_remove(stack: Stack) -> None:
    answer = http(f"{stack.url}/api/runs/none/deployment", "DELETE")
    assert answer.status == 404
    assert answer.body["error"]["message"]
