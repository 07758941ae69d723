"""A whole run by the commands that a user types, over the HTTP API and the stack's folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from local.stack import Stack
from terminal.place import published, running
from tests.runs.helpers import corpus


def raft(stack: Stack, *words: str) -> str:
    """What a command that succeeds writes to stdout."""
    environ = {"RAFT_URL": None, "RAFT_KEY": None}
    done = CliRunner().invoke(app, [*words, "--data", str(stack.data)], env=environ)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_run_from_upload_to_teardown(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.running.RESULTS", tmp_path)
    folder = tmp_path / "typed"
    folder.mkdir()
    for name, content in corpus(7_100).items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    with published(stack):
        words = ("run", str(folder), "--domain", "typed", "--set", "questions=2", "--json")
        ended = json.loads(raft(stack, *words))
        run = ended["run"]["run"]
        assert ended["run"]["state"] == "completed"
        assert Path(ended["report"]).read_bytes().startswith(b"<!")
        assert (Path(ended["dataset"]) / "train.jsonl").exists()
        assert run in raft(stack, "status")
        assert "deployment  raft-" in raft(stack, "status", run)
        page = json.loads(raft(stack, "dataset", run, "--split", "test", "--limit", "1", "--json"))
        assert page["rows"][0]["split"] == "test"
        assert page["splits"]["train"] > 0
        assert "token f1" in raft(stack, "report", run)
        answered = raft(stack, "ask", run, page["rows"][0]["question"])
        assert "found typed/" in answered
        assert answered.index("\nbaseline\n") < answered.index("\nstudent\n")
        assert "was removed" in raft(stack, "teardown", run)
        assert "deployment  removed" in raft(stack, "status", run)


def test_doctor_finds_the_stack_well_and_names_what_is_not(stack: Stack, tmp_path: Path) -> None:
    slow = ("AZURE_ML_", "VISION_")  # seconds to load, there an SDK and here a reader of pictures
    with published(stack):
        found = running(stack.data)
        assert found is not None
    environ = {**os.environ, **found.settings}
    environ["MODEL_TIMEOUT_SECONDS"] = "30"
    values = {
        name: text
        for name, text in environ.items()
        if (name in found.settings or name.endswith("_SCHEDULE")) and not name.startswith(slow)
    }
    file = tmp_path / "local.settings.json"

    def doctor(**changed: str) -> tuple[int, dict[str, dict[str, str]]]:
        file.write_text(json.dumps({"Values": {**values, **changed}}), encoding="utf-8")
        done = CliRunner().invoke(app, ["doctor", "--settings", str(file), "--json"])
        findings = json.loads(done.stdout.splitlines()[0])["findings"]
        return done.exit_code, {each["what"]: each for each in findings}

    code, well = doctor()
    assert (code, {each["state"] for each in well.values()}) == (0, {"ok", "unused"}), [
        each for each in well.values() if each["state"] == "wrong"
    ]
    code, ill = doctor(TEACHER_AZURE_OPENAI_DEPLOYMENT="nobody", DocumentsStorage="nonsense")
    assert code == 8
    assert {each["what"] for each in ill.values() if each["state"] == "wrong"} == {
        *("model TEACHER", "storage"),
        *(what for what in ill if what.startswith(("training", "deployment"))),
    }
    assert "TEACHER_AZURE_OPENAI_DEPLOYMENT" in ill["model TEACHER"]["fix"]
