"""Following a run: to its end, through short outages, as lines, bars or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from rich.progress import TextColumn

from terminal import live
from terminal.client import Client
from terminal.exits import CliError, Exit
from terminal.output import Output
from tests.shared.support import Canned
from tests.terminal.views import WAITING, run_view

RUN = "bank-1360c6b814"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canned]:
    monkeypatch.setattr(live, "_LOOK_EVERY", 0.01)
    canned = Canned()
    yield canned
    canned.stop()


def test_each_stage_is_told_once_and_a_wait_for_approval_too(
    app: Canned, capsys: pytest.CaptureFixture[str]
) -> None:
    views = [run_view(), run_view(approval=WAITING), run_view(approval=WAITING)]
    app.answers = [(200, view) for view in (run_view(), *views, run_view("completed"))]
    view = live.watch(Client(app.url), RUN, Output())
    assert view["state"] == "completed"
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ingest", "approve"]
    assert f"raft approve {RUN}" in lines[1]


def test_each_word_of_the_cloud_is_told_once_with_its_event(
    app: Canned, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [("queued", "In the queue."), ("queued", "Still."), ("running", ""), ("running", "1/9")]
    waits = [{"status": status, "event": event, "looks": 1} for status, event in said]
    views = [run_view(stage="train", wait=wait) for wait in waits]
    app.answers = [(200, view) for view in (run_view(), *views, run_view("completed"))]
    live.watch(Client(app.url), RUN, Output())
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("train")]
    assert lines == ["train     queued: In the queue.", "train     running"]


def test_the_bar_shows_of_an_event_what_fits_and_takes_no_markup_from_it() -> None:
    wait = {"status": "running", "event": "[bold]\x1b[2J" + "step " * 99}
    words = live._bar_words(run_view(stage="train", wait=wait), 120)
    assert len(words) < 80
    assert words.startswith("1 of 4, $0.5000, running: [bold][2Jstep step")
    assert words.endswith(" …")
    detail = live._columns(120)[2]
    assert isinstance(detail, TextColumn)
    assert detail.markup is False


def test_an_outage_is_waited_out(app: Canned) -> None:
    app.answers = [(200, run_view())] * 2 + [(503, ""), (500, "")] + [(200, run_view("failed"))]
    assert live.watch(Client(app.url), RUN, Output())["state"] == "failed"


def test_an_outage_that_lasts_ends_the_watch(app: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_PATIENCE", 0.0)
    app.answers = [(200, run_view()), (503, "")]
    with pytest.raises(CliError) as caught:
        live.watch(Client(app.url), RUN, Output())
    assert caught.value.code is Exit.UNREACHABLE


def test_a_run_that_is_not_there_is_told_at_once(app: Canned) -> None:
    app.answers = [(404, {"error": {"message": "there is no run"}})]
    with pytest.raises(CliError, match="there is no run"):
        live.watch(Client(app.url), RUN, Output())
    assert len(app.asked) == 1


def test_a_stream_is_a_line_of_json_for_each_change(
    app: Canned, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = run_view("completed")
    app.answers = [(200, each) for each in (run_view(), run_view(), run_view(), ended)]
    live.watch(Client(app.url), RUN, Output(as_json=True), stream=True)
    said = capsys.readouterr()
    assert [json.loads(line) for line in said.out.splitlines()] == [run_view(), ended]
    assert said.err.startswith("ingest")


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_did_not_complete_is_its_own_exit_code(state: str) -> None:
    live.require_completed(run_view("completed"))
    with pytest.raises(CliError, match="no money") as caught:
        live.require_completed(run_view(state, reason="no money"))
    assert caught.value.code is Exit.RUN_FAILED
