"""What clouds do to a run: what it survives, what its user reads, and what is left in the cloud.

All runs are over the same documents, so that only the first one pays for questions and answers;
another learning rate is another job, any other override adopts the first run's. The ids of the
tests are the rows of docs/faults.md.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.azurite import ROOT
from local.stack import Stack
from tests.runs.helpers import (
    MODEL_OPTIONS,
    PATIENCE,
    SETTINGS,
    View,
    assert_clean,
    completed,
    corpus,
    deployments,
    jobs,
    new_run,
    post,
    put_fault,
    requests,
    until,
    upload,
)

DOMAIN = "cloud-faults"
FIRST = 2_400
ACCOUNT = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/"
    "Microsoft.CognitiveServices/accounts/local/deployments"
)
SPEED = 25_000
BASE = "gpt-4o-mini-2024-07-18"
ACTIVE = {"validating_files", "queued", "running"}
JOB, SERVED = "*", "raft-{run}"  # what a fault is put on: any job, the run's deployment


@dataclass
class Cloud:
    """A stack, what was in its cloud before a test, and the test's run."""

    stack: Stack
    run: str = ""
    jobs: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.jobs = {job["id"] for job in jobs(self.stack)}
        self.served = set(deployments(self.stack))

    def start(self, number: int = 0, **spec: Any) -> str:
        """A run of the paid documents; with a number its job is another."""
        if number:
            rate = {"learning_rate_multiplier": 1 + number / 100}
            spec["student"] = {"hyperparameters": rate}
        answer = post(self.stack, {"prefix": f"{DOMAIN}/", "spec": spec})
        assert answer.status == 202, answer.body
        assert answer.body["created"], "no other test has this spec"
        self.run = answer.body["run"]
        return self.run

    def job(self) -> View:
        """The run's own new job, once there is one."""

        def look() -> View | None:
            view = self.stack.get(f"/api/runs/{self.run}")
            assert view["state"] in ("pending", "running"), view["reason"]
            return next(iter(self.new_jobs()), None)

        return until(look, "job")

    def new_jobs(self) -> list[View]:
        return [job for job in jobs(self.stack) if job["id"] not in self.jobs]

    def elsewhere(self, method: str, path: str, body: Any = None) -> None:
        """What somebody else asks of the cloud, in the portal or by another tool."""
        request = urllib.request.Request(
            self.stack.models_url + path,
            json.dumps(body).encode() if body else None,
            headers={"Authorization": "Bearer somebody-else"},
            method=method,
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            assert answer.status < 300

    def end(self) -> View:
        return self.stack.wait_for_run(self.run, PATIENCE)

    def completes(self) -> View:
        """The run ends well, and serves its student."""
        view = self.end()
        assert view["state"] == "completed", view["reason"]
        assert self.left() == [view["student"]["deployment"]]
        return view

    def fails(self, *words: str) -> View:
        """The run fails, by a reason with all these words."""
        view = self.end()
        assert view["state"] == "failed"
        for each in words:
            assert each in view["reason"]
        assert "Traceback" not in view["reason"]
        return view

    def left(self) -> list[str]:
        """Deployments that were not there before; no job of the test may run any more."""
        assert {job["status"] for job in self.new_jobs()} & ACTIVE == set()
        return sorted(set(deployments(self.stack)) - self.served)

    def hits(self, kind: str) -> int:
        """How often a fault has hit."""
        faults = self.stack.get("/_stand-in/faults", base=self.stack.models_url)["faults"]
        return sum(each["hits"] for each in faults if each["kind"] == kind)


@pytest.fixture(scope="module")
def paid(_shared: Stack) -> str:
    """The run that has paid for everything but further students."""
    upload(_shared, DOMAIN, corpus(FIRST, count=1, sections=8))
    return str(completed(_shared, DOMAIN)["run"])


@pytest.fixture
def cloud(stack: Stack, paid: str) -> Cloud:
    return Cloud(stack)


# id: faults that are there from the start, (kind, on, options), all of which must hit
SURVIVED: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "answer-lost": [("submit_answer_lost", JOB, {"count": 1})],
    "deployment-slow": [
        ("deployment_slow", SERVED, {"seconds": 1.2}),
        ("not_found", SERVED, {"count": 1}),
        ("status_unknown", SERVED, {"count": 1}),
    ],
}


@pytest.mark.parametrize("fault", SURVIVED)
def test_survived(cloud: Cloud, fault: str) -> None:
    cloud.start(1 + list(SURVIVED).index(fault))
    for kind, on, options in SURVIVED[fault]:
        put_fault(cloud.stack, kind, on.format(run=cloud.run), **options)
    cloud.completes()
    assert len(cloud.new_jobs()) == 1, "one job, adopted where its answer was lost"
    posted = [each["route"] for each in requests(cloud.stack)]
    assert posted.count("POST /openai/v1/fine_tuning/jobs") == 1
    assert all(cloud.hits(kind) for kind, _, _ in SURVIVED[fault])


def test_survived_looks(cloud: Cloud) -> None:
    for kind, options in (("job_slow", {"seconds": 2}), ("not_found", {"count": 1})):
        put_fault(cloud.stack, kind, BASE, **options)
    put_fault(cloud.stack, "status_unknown", BASE)
    run = cloud.start(10)
    cloud.job()
    put_fault(cloud.stack, "token_expired", "*", count=1)
    shown = f"/runtime/webhooks/durabletask/instances/{run}-training"

    def looks() -> bool:
        instance = cloud.stack.get(shown) or {}  # none before the wait begins
        return bool((instance.get("customStatus") or {}).get("status") == "resting")

    until(looks, "word that nobody knows")
    cloud.completes()
    assert (cloud.hits("not_found"), cloud.hits("token_expired")) == (1, 1)


def test_survived_killed_while_submitting(cloud: Cloud) -> None:
    put_fault(cloud.stack, "submit_answer_lost", JOB, count=1, ms=60_000)
    cloud.start(11)
    job = cloud.job()["id"]
    cloud.stack.host.kill()
    cloud.stack.start_host()
    view = cloud.completes()
    assert [each["id"] for each in cloud.new_jobs()] == [job]
    assert view["student"]["job"] == job


def test_failed_job_failed(cloud: Cloud) -> None:
    put_fault(cloud.stack, "job_fails", JOB)
    cloud.start(20)
    cloud.fails("the training ended as failed: The job failed.")
    assert cloud.left() == []


def test_failed_job_cancelled(cloud: Cloud) -> None:
    put_fault(cloud.stack, "job_stuck", JOB)
    cloud.start(21)
    job = cloud.job()["id"]
    cloud.elsewhere("POST", f"/openai/v1/fine_tuning/jobs/{job}/cancel")
    cloud.fails("the training ended as cancelled: somebody cancelled it", "start the run again")
    assert cloud.left() == []


def test_failed_quota_refused(cloud: Cloud) -> None:
    run = cloud.start(deployment={"capacity": 30})
    put_fault(cloud.stack, "quota_refused", SERVED.format(run=run))
    cloud.fails("InsufficientQuota", "30 new capacity", "deployment.capacity", "quotaincrease")
    assert cloud.left() == []


def test_failed_name_taken(cloud: Cloud) -> None:
    run = cloud.start(deployment={"capacity": 31})
    name = SERVED.format(run=run)
    model = {"format": "OpenAI", "name": "gpt-4o-2024-08-06", "version": "1"}
    body = {"sku": {"name": "Standard", "capacity": 1}, "properties": {"model": model}}
    cloud.elsewhere("PUT", f"{ACCOUNT}/{name}?api-version=2024-10-01", body)
    cloud.fails(f"name {name} is taken by the model gpt-4o-2024-08-06", "remove or rename")
    assert cloud.left() == [name], "another's deployment is left alone"


def test_failed_deployment_failed(cloud: Cloud) -> None:
    run = cloud.start(deployment={"capacity": 32})
    put_fault(cloud.stack, "deployment_fails", SERVED.format(run=run))
    cloud.fails("the deployment ended as Failed", "activity log")
    assert cloud.left() == []


def test_failed_smoke_test(cloud: Cloud) -> None:
    run = cloud.start(deployment={"capacity": 33})
    put_fault(cloud.stack, "content_filter", SERVED.format(run=run))
    cloud.fails("content filter")
    assert cloud.left() == []


def test_failed_endpoint_deleted(cloud: Cloud) -> None:
    name = just_deployed(cloud, 25)
    cloud.elsewhere("DELETE", f"{ACCOUNT}/{name}?api-version=2024-10-01")
    view = cloud.fails(f"the deployment {name} is gone")
    assert view["stage"] == "evaluate"
    assert cloud.left() == []
    assert view["student"]["removed_because"] == "it was not there any more"


def test_failed_evaluation(cloud: Cloud) -> None:
    name = just_deployed(cloud, 26)
    put_fault(cloud.stack, "unauthorized", name)
    view = cloud.fails("401")
    assert view["stage"] == "evaluate"
    assert cloud.left() == [name]
    assert f"{name} works and is kept (keep: always), at $" in view["student"]["kept"]


def just_deployed(cloud: Cloud, number: int) -> str:
    """The deployment of a run which is just answering its test question: the last call that
    succeeds whatever is done to the deployment now."""
    name = SERVED.format(run=cloud.start(number))
    put_fault(cloud.stack, "latency", name, ms=500)
    until(lambda: requests(cloud.stack, name), "test question")
    return name


PAGE = Path(ROOT) / "docs" / "faults.md"
_PLACE = re.compile(r"`(\w+)` is\s+`([\w/.]+)`")
_TEST = re.compile(r"`(\w+):\s+(test_\w+)`")


def test_the_page_of_faults_says_what_the_tests_show() -> None:
    text = PAGE.read_text(encoding="utf-8")
    places = {name: Path(ROOT, path) for name, path in _PLACE.findall(text)}
    sources = {name: path.read_text(encoding="utf-8") for name, path in places.items()}
    named = set(_TEST.findall(text))
    assert {f"def {test}(" in sources[place] for place, test in named} == {True}
    own = set(re.findall(r"^def (test_(?:survived|failed|overdue)\w*)", sources["runs"], re.M))
    assert own == {test for place, test in named if place == "runs"}
    for row in re.findall(r"^\| (?!fault)(?!-).*$", text, re.M):
        _, fault, seen, _, tests, _ = row.split("|")
        shown = "".join(sources[place] for place, _ in _TEST.findall(tests))
        for words in re.findall(r"`([^`]+)`", seen):
            assert words in shown, (fault, words)


# Overdue: an hour of orchestration takes 0.15 s


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A run whose job is stuck, in a stack that lives through days in seconds and looks as often
    as on Azure."""
    stack = Stack(
        tmp_path_factory.mktemp("fast"),
        settings={**SETTINGS, "POLL_SECONDS": "30"},
        host_options=("--strict", "--blob-poll", "0.2", "--clock-speed", str(SPEED)),
        model_options=MODEL_OPTIONS,
    )
    with stack:
        cloud = Cloud(stack)
        put_fault(stack, "job_stuck", JOB, count=1)
        upload(stack, DOMAIN, corpus(FIRST, count=1, sections=8))
        cloud.run = new_run(stack, DOMAIN)
        cloud.job()
        yield cloud
        assert_clean(stack)


def test_overdue_deployment(stuck: Cloud) -> None:
    cloud = Cloud(stuck.stack)
    put_fault(cloud.stack, "deployment_slow", "*", seconds=3_600)
    cloud.start(1)
    cloud.fails("the deployment ended as overdue: still Creating at its deadline")
    assert cloud.left() == []


def test_overdue_job_stuck(stuck: Cloud) -> None:
    view = stuck.fails("the training ended as overdue: still running at its deadline, after ")
    assert "start the run again" in view["reason"]
    assert stuck.left() == []
    assert stuck.new_jobs()[-1]["status"] == "cancelled", "the oldest"
    assert stuck.stack.get("/admin/host/status")["max_history_events"] < 500
