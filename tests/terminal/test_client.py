"""The client against a small HTTP server: what is sent, and which failure is which exit code."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from terminal.client import Client
from terminal.exits import CliError, Exit
from tests.shared.support import KEY, Canned


@pytest.fixture
def app() -> Iterator[Canned]:
    canned = Canned()
    yield canned
    canned.stop()


def failed(client: Client, call: Any) -> CliError:
    with pytest.raises(CliError) as caught:
        call(client)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, Exit.USAGE),
        (404, Exit.NOT_FOUND),
        (409, Exit.REFUSED),
        (429, Exit.UNREACHABLE),
        (500, Exit.TROUBLE),
        (503, Exit.UNREACHABLE),
    ],
)
def test_a_refusal_is_an_exit_code_with_the_apps_own_words(
    app: Canned, status: int, code: Exit
) -> None:
    app.answers = [(status, {"error": {"message": "splits: in its words", "field": "splits"}})]
    error = failed(Client(app.url), lambda client: client.run("bank-1"))
    assert (error.code, str(error)) == (code, "splits: in its words")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart_and_not_shown(app: Canned, status: int) -> None:
    app.answers = [(status, f"no {KEY}")]
    error = failed(Client(app.url, KEY), lambda client: client.runs())
    assert error.code is Exit.KEY
    assert KEY not in str(error)
    assert "RAFT_KEY" in str(error)


@pytest.mark.parametrize("answer", [(404, "<html>"), (200, "<html>")])
def test_what_is_not_the_app_is_told_so(app: Canned, answer: tuple[int, str]) -> None:
    app.answers = [answer]
    error = failed(Client(app.url), lambda client: client.runs())
    assert "is this the app's URL?" in str(error)


def test_an_app_that_is_not_there_cannot_be_reached(app: Canned) -> None:
    app.stop()
    assert failed(Client(app.url), lambda client: client.runs()).code is Exit.UNREACHABLE


def test_the_key_goes_in_its_header_and_follows_no_redirection() -> None:
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["x-functions-key"]))
            self.send_response(302)
            self.send_header("location", f"{url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        error = failed(Client(url, KEY), lambda client: client.runs())
    finally:
        server.shutdown()
        server.server_close()
    assert seen == [("/api/runs", KEY)]
    assert "302" in str(error)


@pytest.mark.parametrize(
    ("url", "key"),
    [("http://app.example", KEY), ("ftp://app.example", ""), ("app", ""), ("https://a.b", "ä\n")],
)
def test_what_could_leak_a_key_or_is_no_url_is_wrong_use(url: str, key: str) -> None:
    with pytest.raises(CliError) as caught:
        Client(url, key)
    assert caught.value.code is Exit.USAGE
    assert not key or key not in str(caught.value)


def test_paths_are_those_of_the_app_whatever_a_run_is_called(app: Canned) -> None:
    app.answers = [(200, {})]
    client = Client(f"{app.url}/api/")
    client.run("a/../b?c")
    client.decide("r", "approve", "me", "")
    client.report("r")
    client.report_page("r")
    client.dataset("r", split="test", kind="", limit=2)
    client.ask("r", "why?")
    client.remove_deployment("r")
    assert app.asked == [
        "GET /api/runs/a%2F..%2Fb%3Fc",
        "POST /api/runs/r/approve",
        "GET /api/runs/r/report.json",
        "GET /api/runs/r/report",
        "GET /api/runs/r/dataset",
        "POST /api/runs/r/ask",
        "DELETE /api/runs/r/deployment",
    ]
    assert [body for body in app.bodies if body] == [
        b'{"by": "me", "why": ""}',
        b'{"question": "why?"}',
    ]
