"""What `raft doctor` tells of settings before it asks anyone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from terminal import checkup
from terminal.exits import CliError, Exit
from terminal.output import Output

EXAMPLE = Path(__file__).parents[2] / "local.settings.json.example"


def examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> Any:
    """Findings on a file of settings, of which nothing is asked over a network."""
    monkeypatch.setattr(checkup, "_of_services", lambda environ: [])
    path = tmp_path / "local.settings.json"
    path.write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8")
    return {one.what: one for one in checkup.examine(path, tmp_path, Output())}


def values(**changed: str) -> dict[str, str]:
    """The example's settings, filled in."""
    given = json.loads(EXAMPLE.read_text(encoding="utf-8"))["Values"]
    filled = {name: text.replace("<", "").replace(">", "") for name, text in given.items()}
    return {**filled, **changed}


def test_the_example_filled_in_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = examined(tmp_path, monkeypatch, values()).values()
    assert (finding.what, finding.state) == ("settings", "ok")


def test_placeholders_of_the_example_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = json.loads(EXAMPLE.read_text(encoding="utf-8"))["Values"]
    found = examined(tmp_path, monkeypatch, given)
    left = {f"setting {name}" for name, text in given.items() if "<" in text}
    assert left
    assert set(found) == left


def test_a_misspelt_setting_is_named_and_numbered_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {
        "JUDGE_AZURE_OPENAI_ENDPONT": "https://a.b",
        "TEACHER_2_AZURE_OPENAI_ENDPOINT": "https://a.b",
        "TEACHER_2_RPM": "60",
        "SOMETHING_ELSE": "x",
    }
    found = examined(tmp_path, monkeypatch, values(**changed))
    assert set(found) == {"setting JUDGE_AZURE_OPENAI_ENDPONT"}


@pytest.mark.parametrize("name", ["TASKHUB_NAME", "SWEEP_SCHEDULE", "AzureWebJobsStorage"])
def test_what_the_functions_host_needs_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = values()
    del given[name]
    assert set(examined(tmp_path, monkeypatch, given)) == {f"setting {name}"}


def test_a_value_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = examined(tmp_path, monkeypatch, values(LANES="many"))
    assert found["settings"].state == "wrong"
    assert "LANES" in found["settings"].words


def test_settings_of_the_environment_are_taken_where_there_are_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkup, "_of_services", lambda environ: [])
    monkeypatch.setenv("TEACHER_AZURE_OPENAI_ENDPOINT", "https://a.b")
    monkeypatch.setenv("TEACHER_AZURE_OPENAI_DEPLOYMNT", "t")
    found = {one.what for one in checkup.examine(None, tmp_path, Output())}
    assert "setting TEACHER_AZURE_OPENAI_DEPLOYMNT" in found
    assert capsys.readouterr().out == "settings of the environment\n"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"IsEncrypted": true, "Values": {"A": "x"}}'])
def test_a_file_that_is_no_settings_is_wrong_use(text: str, tmp_path: Path) -> None:
    path = tmp_path / "local.settings.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CliError) as caught:
        checkup.examine(path, tmp_path, Output())
    assert caught.value.code is Exit.USAGE
