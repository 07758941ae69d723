"""Asking and comparing over HTTP: what is refused, and with which status."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func
import pytest

import triggers.answering
from shared.errors import (
    BlobNotFound,
    ContentFiltered,
    JobError,
    ModelUnavailable,
    NotNow,
    RaftError,
    RunStopped,
    SpecError,
)
from tests.triggers.test_runs import handler


class Answering:
    """Both services; raises what it is given, or answers with what it was asked."""

    def __init__(self, error: RaftError | None) -> None:
        self.asking = self.blind = self
        self._error = error

    async def ask(self, *asked: Any) -> Any:
        if self._error:
            raise self._error
        return list(asked)

    choose = shown = ask


async def call(
    monkeypatch: pytest.MonkeyPatch, name: str, body: Any, error: RaftError | None = None
) -> tuple[int, Any]:
    monkeypatch.setattr(triggers.answering, "services", lambda: Answering(error))
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = func.HttpRequest("POST", "http://h/", route_params={"run": "bank-1"}, body=data)
    answer = await handler(getattr(triggers.answering, name))(req=request)
    return answer.status_code, json.loads(answer.get_body())


async def test_questions_and_choices_reach_their_service(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await call(monkeypatch, "ask_run", {"question": "Why?"})
    assert asked == (200, ["bank-1", "Why?"])
    choice = {"row": 3, "winner": "a", "by": "Ada"}
    assert await call(monkeypatch, "post_comparison", choice) == (201, ["bank-1", 3, "a", "Ada"])
    assert await call(monkeypatch, "get_comparisons", b"") == (200, ["bank-1"])


@pytest.mark.parametrize("name", ["ask_run", "post_comparison"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", [], "x", {"more": 1}])
async def test_a_wrong_body_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, body: Any
) -> None:
    status, answer = await call(monkeypatch, name, body)
    assert status == 400
    assert answer["error"]["message"]


async def test_who_compares_must_be_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    status, answer = await call(monkeypatch, "post_comparison", {"row": 1, "by": 3})
    assert (status, answer["error"]["field"]) == (400, "by")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SpecError("question", "must be a text"), 400),
        (BlobNotFound("none"), 404),
        (NotNow("the deployment was removed"), 409),
        (RunStopped("cancelled"), 409),
        (ContentFiltered("refused"), 422),
        (ModelUnavailable("busy"), 503),
        (JobError("no"), 500),
    ],
)
async def test_errors_have_their_status_and_words(
    monkeypatch: pytest.MonkeyPatch, error: RaftError, status: int
) -> None:
    for name in ("ask_run", "get_comparisons", "post_comparison"):
        got, answer = await call(monkeypatch, name, {}, error)
        assert got == status
        assert answer["error"]["message"]
