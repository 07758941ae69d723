"""A teacher in trouble: the run completes or ends before training is paid, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from local.stack import Stack
from tests.runs.helpers import (
    CONCURRENCY,
    JUDGED,
    billed,
    completed,
    corpus,
    finish,
    jobs,
    manifest,
    put_fault,
    requests,
    upload,
)

# kind, options: waited out or tried again, so nothing is lost
PASSING: list[tuple[str, str, dict[str, Any]]] = [
    ("throttled", "throttle", {"count": 6, "rate": 0.5, "retry_after": 1}),
    ("throttled-silently", "throttle", {"count": 6, "rate": 0.5, "retry_after": None}),
    ("failing", "server_error", {"rate": 0.3}),
    ("hanging", "hang", {"count": 2, "seconds": 60}),
]
# kind, options, code of the drops
SPOILING: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("malformed", {"rate": 0.5}, ("drop_no_final_answer",)),
    ("truncated", {"rate": 0.5}, ("drop_truncated",)),
    ("content_filter", {"rate": 0.15}, ("drop_content_filtered",)),
]


@pytest.mark.parametrize(
    ("number", "name", "kind", "options"), [(n, *each) for n, each in enumerate(PASSING)]
)
def test_trouble_that_passes_costs_nothing(
    stack: Stack, number: int, name: str, kind: str, options: dict[str, Any]
) -> None:
    put_fault(stack, kind, seed=number, **options)
    upload(stack, name, corpus(400 + 2 * number))
    view = completed(stack, name)
    stage = manifest(stack, view["run"])["stages"]["generate"]
    assert (stage["failed"], stage["rejected"]) == (0, 0)
    assert stage["ok"] == stage["total"]
    assert [code for code in stage["counts"] if code.startswith("drop_")] == []
    spoilt = [each for each in requests(stack, "teacher") if each["status"] != 200]
    assert len(spoilt) >= 2, "the fault has hit nothing"
    _assert_every_token_is_reported(stack, view)


@pytest.mark.parametrize(
    ("number", "kind", "options", "codes"), [(n, *each) for n, each in enumerate(SPOILING)]
)
def test_spoilt_replies_are_dropped_counted_and_paid(
    stack: Stack, number: int, kind: str, options: dict[str, Any], codes: tuple[str, ...]
) -> None:
    put_fault(stack, kind, seed=3, **options)
    upload(stack, kind, corpus(420 + 2 * number, sections=8, spec=JUDGED))
    view = completed(stack, kind)
    stage = manifest(stack, view["run"])["stages"]["generate"]
    assert stage["ok"] + stage["rejected"] + stage["failed"] == stage["total"]
    assert any(stage["counts"].get(code) for code in codes)
    assert len(stage["problems"]) == min(20, stage["rejected"] + stage["failed"])
    _assert_every_token_is_reported(stack, view)


@pytest.mark.parametrize(
    ("kind", "lost", "words"),
    [
        ("content_filter", "rejected", "no usable question came out"),
        ("server_error", "failed", "chunks failed, more than the quorum of 0.7 allows"),
    ],
)
def test_a_teacher_that_never_answers_ends_the_run_before_training_is_paid(
    stack: Stack, kind: str, lost: str, words: str
) -> None:
    before = len(jobs(stack))
    put_fault(stack, kind)
    upload(stack, f"never-{kind}", corpus(460 + len(kind), count=1, sections=2))
    view = finish(stack, f"never-{kind}")
    assert view["state"] == "failed"
    assert words in view["reason"]
    stage = manifest(stack, view["run"])["stages"]["generate"]
    assert stage[lost] == stage["total"] == len(stage["problems"]) > 0
    assert len(jobs(stack)) == before
    _assert_every_token_is_reported(stack, view)


def test_a_refused_key_stops_the_run_within_the_calls_in_flight(stack: Stack) -> None:
    before = len(jobs(stack))
    put_fault(stack, "latency", ms=100)
    put_fault(stack, "unauthorized", rate=0.2, seed=5)
    upload(stack, "refused", corpus(480, count=2, sections=8))
    view = finish(stack, "refused")
    assert view["state"] == "failed"
    assert "401" in view["reason"]
    assert manifest(stack, view["run"])["stages"]["generate"]["fatal"] == view["reason"]
    calls = requests(stack, "teacher")
    first = min(call["ended"] for call in calls if call["status"] == 401)
    later = [call for call in calls if call["started"] > first]
    assert len(later) <= CONCURRENCY
    assert len(calls) < view["stages"]["generate"]["total"]
    assert len(jobs(stack)) == before
    _assert_every_token_is_reported(stack, view)


def _assert_every_token_is_reported(stack: Stack, view: dict[str, Any]) -> None:
    """The record's tokens are the tokens billed: no more, no less, whatever was done with them."""
    stages = manifest(stack, view["run"])["stages"].values()
    spent = [stage.get("spend", {}) for stage in stages]
    reported = tuple(
        sum(each.get(name, 0) for each in spent) for name in ("prompt_tokens", "completion_tokens")
    )
    assert reported == billed(stack)
    assert (view["tokens"]["prompt"], view["tokens"]["completion"]) == reported
