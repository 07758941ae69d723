"""Commands as a user types them, against a small HTTP server: words, JSON, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import app as raft
from tests.shared.support import KEY, Canned
from tests.terminal.views import ANSWER, dataset_page, report, run_view

RUN = "bank-1360c6b814"
REFUSED = {"error": {"message": f"run {RUN}: no approval is waited for"}}


@pytest.fixture
def app() -> Iterator[Canned]:
    canned = Canned()
    yield canned
    canned.stop()


def do(*words: str, stdin: str = "", **environ: str) -> Result:
    none = {"RAFT_URL": None, "RAFT_KEY": None, "RAFT_STORAGE": None}
    return CliRunner().invoke(raft, list(words), input=stdin, env={**none, **environ})


COMMANDS = [
    (["status"], {"runs": []}, "There are no runs yet."),
    (["status", RUN], run_view(), f"run         {RUN}"),
    (["watch", RUN], run_view("completed"), "completed, $0.5000"),
    (["approve", RUN], {"decision": {"by": "Ada"}}, f"approve: noted for {RUN}, by Ada"),
    (["reject", RUN], {"decision": {"by": "Ada"}}, f"reject: noted for {RUN}, by Ada"),
    (["cancel", RUN], {"decision": {"by": ""}}, f"cancel: noted for {RUN}, by someone"),
    (["report", RUN], report(), "The student answers better."),
    (["dataset", RUN], dataset_page(), "Q What does a card cost?"),
    (["ask", RUN, "What?"], ANSWER, "5 pounds"),
    (["teardown", RUN], {"run": RUN, "removed": True}, "the deployment was removed"),
]


@pytest.mark.parametrize(("words", "answer", "said"), COMMANDS, ids=lambda value: str(value)[:20])
def test_a_command_says_its_answer_in_words_or_as_json(
    app: Canned, words: list[str], answer: Any, said: str
) -> None:
    app.answers = [(200, answer)]
    done = do(*words, "--url", app.url)
    assert (done.exit_code, said in done.stdout) == (0, True), done.output
    done = do(*words, "--json", RAFT_URL=app.url)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == answer


@pytest.mark.parametrize("words", [words for words, _, _ in COMMANDS], ids=" ".join)
@pytest.mark.parametrize(("status", "code"), [(404, 3), (409, 4), (401, 7)])
def test_a_failure_is_its_exit_code_in_every_command(
    app: Canned, words: list[str], status: int, code: int
) -> None:
    app.answers = [(status, REFUSED)]
    done = do(*words, "--json", "--url", app.url, RAFT_KEY=KEY)
    assert done.exit_code == code
    assert json.loads(done.stdout)["error"]["code"] == code
    assert done.stderr.startswith("error: ")
    assert KEY not in done.output


def test_a_decision_carries_who_and_why(app: Canned) -> None:
    app.answers = [(202, {"decision": {"by": "Ada"}})]
    do("approve", RUN, "--by", "Ada", "--why", "cheap", "--url", app.url)
    assert json.loads(app.bodies[0]) == {"by": "Ada", "why": "cheap"}


def test_a_failed_run_is_an_exit_code_of_its_own(app: Canned) -> None:
    app.answers = [(200, run_view("failed", reason="no money"))]
    done = do("watch", RUN, "--url", app.url)
    assert (done.exit_code, done.stderr) == (5, "error: the run failed: no money\n")


def test_a_report_is_kept_where_asked(app: Canned, tmp_path: Path) -> None:
    app.answers = [(200, report()), (200, "<html>")]
    done = do("report", RUN, "--out", str(tmp_path / "new"), "--url", app.url)
    assert done.exit_code == 0
    assert (tmp_path / "new" / "report.html").read_text() == "<html>"
    assert json.loads((tmp_path / "new" / "report.json").read_text()) == report()


def test_a_deployed_app_is_asked_to_run_over_what_is_there(app: Canned) -> None:
    app.answers = [(202, {"run": RUN})]
    spec = ["--student", "openai", "--model", "gpt-4.1-2025-04-14", "--set", "questions=3"]
    done = do("run", "--url", app.url, "--domain", "bank", "--again", "--detach", *spec)
    assert (done.exit_code, f"raft watch {RUN}" in done.stdout) == (0, True)
    body = json.loads(app.bodies[0])
    student = body["spec"].pop("student")
    assert (student["platform"], student["model"]) == ("openai", "gpt-4.1-2025-04-14")
    assert body["spec"]["questions"] == 3
    assert (body["prefix"], body["again"]) == ("bank/", True)


def test_a_run_on_a_deployed_app_is_watched_and_its_report_kept(
    app: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.running.RESULTS", tmp_path)
    ended = (200, run_view("completed"))
    app.answers = [(202, {"run": RUN}), ended, ended, (200, report()), (200, "<html>")]
    done = do("run", "--url", app.url, "--domain", "bank", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["report"] == str(tmp_path / RUN / "report.html")
    assert (tmp_path / RUN / "report.html").exists()
    assert "The student answers better." in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["run", "none.pdf"],
        ["run", "--preset", "none"],
        ["run", "--set", "questions"],
        ["run", "--set", "questions=0"],
        ["run", "--student", "azure_ml", "--method", "dpo"],
        ["run", "--student", "elsewhere"],
        ["run", "--detach"],
        ["estimate"],
        ["estimate", "none.pdf"],
        ["estimate", "--pages", "0"],
        ["estimate", "--pages", "9", "--hours", "-1"],
        ["estimate", "--pages", "9", "--preset", "none"],
        ["estimate", "--pages", "9", "--set", "questions=0"],
        ["run", "--url", "http://127.0.0.1:9"],
        ["run", "samples", "--domain", "bank", "--url", "http://127.0.0.1:9"],
        ["run", "--domain", "bank", "--url", "http://127.0.0.1:9", "--set", "questions=0"],
        ["run", "samples", "--domain", "b", "--url", "https://a.b", "--storage", "nonsense"],
        ["status", "--url", "app"],
        ["dataset", RUN, "--limit", "101"],
        ["teardown"],
        ["teardown", RUN, "--local"],
        ["doctor", "--settings", "none.json"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_told_before_anything_is_done(words: list[str], tmp_path: Path) -> None:
    place = [] if words[0] == "estimate" else ["--data", str(tmp_path)]
    done = do(*words, *place)
    assert done.exit_code == 2, done.output
    assert list(tmp_path.iterdir()) == []


def test_an_estimate_needs_no_app_and_takes_the_options_of_a_run() -> None:
    options = ["--preset", "gpt-4o-mini-dpo", "--set", "deployment.sku=Standard", "--hours", "8"]
    done = do("estimate", "--pages", "200", *options)
    assert done.exit_code == 0, done.output
    for words in ("200 pages, about 235 chunks", "8 h on Standard", "At rest, a month", "train"):
        assert words in done.stdout
    as_json = do("estimate", "--pages", "200", *options, "--json")
    found = json.loads(as_json.stdout)
    assert (found["pages"], found["hosting"]["hours"]) == (200, 8)
    assert f"${found['usd']:,.2f}" in done.stdout
    cheaper = do("estimate", "--pages", "200", *options, "--set", "qa_threshold=100", "--json")
    assert json.loads(cheaper.stdout)["usd"] < found["usd"]


def test_without_a_stack_commands_say_how_to_get_one(tmp_path: Path) -> None:
    done = do("status", "--data", str(tmp_path))
    assert (done.exit_code, "raft serve" in done.stderr) == (6, True)


@pytest.mark.parametrize(("words", "stdin", "left"), [([], "n\n", True), (["--yes"], "", False)])
def test_local_state_is_removed_after_a_question(
    words: list[str], stdin: str, left: bool, tmp_path: Path
) -> None:
    data = tmp_path / "stack"
    (data / "storage").mkdir(parents=True)
    (data / "lock").touch()
    done = do("teardown", "--local", *words, "--data", str(data), stdin=stdin)
    assert (done.exit_code, data.exists()) == (4 if left else 0, left)
