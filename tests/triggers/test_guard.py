"""Requests of browsers need our header, and no body is over a megabyte."""

from __future__ import annotations

import json

import azure.functions as func
import pytest

import triggers.answering
import triggers.decisions
import triggers.deployments
import triggers.runs
from tests.triggers.test_runs import Client, handler
from triggers.guard import MOST_BYTES, refusal, who

BROWSERS = [
    {"Origin": "https://evil.example"},
    {"X-MS-CLIENT-PRINCIPAL": "e30="},
    {"X-MS-CLIENT-PRINCIPAL-NAME": "ada@example.com"},
    {"x-ms-client-principal-id": "1"},
]


def request(headers: dict[str, str], body: bytes = b"{}") -> func.HttpRequest:
    route = {"run": "bank-1"}
    return func.HttpRequest("POST", "http://host/", headers=headers, route_params=route, body=body)


@pytest.mark.parametrize("headers", BROWSERS)
def test_browsers_need_the_header_and_programs_do_not(headers: dict[str, str]) -> None:
    refused = refusal(request(headers))
    assert refused is not None
    assert refused.status_code == 403
    assert refusal(request({**headers, "x-raft-console": "1"})) is None
    assert refusal(request({"x-functions-key": "k"})) is None


def test_a_large_body_is_refused() -> None:
    assert refusal(request({}, b"x" * MOST_BYTES)) is None
    refused = refusal(request({}, b"x" * (10 * 1024 * 1024)))
    assert refused is not None
    assert refused.status_code == 413


def test_the_signed_in_name_counts_before_the_one_given() -> None:
    assert who(request({"X-MS-CLIENT-PRINCIPAL-NAME": "ada@example.com"}), "Eve") == (
        "ada@example.com"
    )
    assert who(request({}), "Eve") == "Eve"


@pytest.mark.parametrize(
    "trigger",
    [
        triggers.runs.post_run,
        triggers.decisions.approve_run,
        triggers.decisions.reject_run,
        triggers.decisions.cancel_run,
        triggers.deployments.delete_deployment,
        triggers.answering.ask_run,
        triggers.answering.post_comparison,
    ],
)
async def test_everything_that_changes_or_costs_is_guarded(trigger: object) -> None:
    function = handler(trigger)
    client = {"client": Client()} if "client" in function.__code__.co_varnames else {}
    answer = await function(req=request(BROWSERS[0]), **client)
    assert answer.status_code == 403
    assert "X-Raft-Console" in json.loads(answer.get_body())["error"]["message"]
