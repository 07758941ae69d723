"""The console's routes by themselves: shells without data, fixed files, strict headers."""

from __future__ import annotations

from typing import Any

import azure.functions as func
import pytest

from console import pages, routes
from shared.errors import BlobNotFound, ModelUnavailable, NotNow, RaftError, SpecError
from tests.console.test_escaping import Services
from tests.triggers.test_runs import Client, handler


async def call(
    route: Any, method: str = "GET", body: bytes = b"", headers: Any = None, **parameters: str
) -> func.HttpResponse:
    request = func.HttpRequest(
        method,
        "http://host/api/console?code=secret-key",
        headers=headers or {},
        route_params=parameters,
        body=body,
    )
    function = handler(route)
    client = {"client": Client()} if "client" in function.__code__.co_varnames else {}
    answer: func.HttpResponse = await function(req=request, **client)
    return answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("new", 200),
        ("runs/bank-1", 200),
        ("runs/bank-1/dataset", 200),
        ("runs/bank-1/compare/", 200),
        ("runs", 404),
        ("runs/Bank", 404),
        ("runs/../documents", 404),
        ("runs/bank-1/secrets", 404),
        (f"runs/{'a' * 65}", 404),
    ],
)
async def test_shells_are_served_for_pages_only_and_hold_no_key(path: str, status: int) -> None:
    answer = await call(routes.console_page, path=path)
    html = answer.get_body().decode()
    assert answer.status_code == status
    assert "secret-key" not in html
    assert "<script>" not in html
    assert "style=" not in html
    if status == 404:
        assert (await call(routes.console_view, path=path)).status_code == 404


async def test_every_answer_has_the_strict_headers() -> None:
    found = [
        await call(routes.console_page, path=""),
        await call(routes.console_page, path="none"),
        await call(routes.console_static, name="console.js"),
        await call(routes.console_static, name="none"),
        await call(routes.console_view, path="none"),
        await call(routes.console_answer, "POST", b"[]", run="bank-1"),
    ]
    for answer in found:
        policy = answer.headers["Content-Security-Policy"]
        assert policy == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "name", ["routes.py", "../routes.py", "..%2froutes.py", "", "console.js/..", "/etc/passwd"]
)
async def test_files_are_those_of_a_list(name: str) -> None:
    assert (await call(routes.console_static, name=name)).status_code == 404


async def test_the_address_of_a_file_changes_with_it() -> None:
    html = (await call(routes.console_page, path="")).get_body().decode()
    script = (await call(routes.console_static, name="console.js")).get_body()
    assert f"console.js?v={routes._static('console.js')[1]}" in html
    assert b"sessionStorage" in script


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b"{}", {"Origin": "https://evil.example"}, 403),
        (b"x" * 10_000_000, {}, 413),
        (b'{"question": "Why?"}', {"Origin": "http://host", "X-Raft-Console": "1"}, 200),
    ],
)
async def test_questions_are_refused_as_the_api_refuses_them(
    monkeypatch: pytest.MonkeyPatch, body: bytes, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setattr(pages, "services", lambda: Services("words"))
    answer = await call(routes.console_answer, "POST", body, headers, run="bank-1")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BlobNotFound("no"), 404),
        (NotNow("it was <removed>"), 409),
        (SpecError("offset", "must be"), 400),
        (ModelUnavailable("busy"), 503),
    ],
)
async def test_a_view_that_fails_says_why_in_a_fragment(
    monkeypatch: pytest.MonkeyPatch, error: RaftError, status: int
) -> None:
    class Failing(Services):
        async def read(self, _: str) -> Any:
            raise error

    monkeypatch.setattr(pages, "services", lambda: Failing("words"))
    answer = await call(routes.console_view, path="runs/bank-1/ask")
    assert answer.status_code == status
    assert b"<removed>" not in answer.get_body()
    assert b'role="alert"' in answer.get_body()


def test_shells_and_files_are_for_anyone_and_data_is_not() -> None:
    levels = {}
    for route in (routes.console_page, routes.console_static, routes.console_view):
        trigger = route._function.get_trigger()
        levels[route._function.get_function_name()] = trigger.auth_level
    anyone = func.AuthLevel.ANONYMOUS
    assert levels["console_page"] == levels["console_static"] == anyone
    assert levels["console_view"] != anyone
