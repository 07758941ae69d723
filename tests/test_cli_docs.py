"""docs/cli.md holds the help of every command as the program gives it, in 80 columns.

`python -m tests.test_cli_docs` writes it anew, and what docs/costs.md shows of `raft estimate`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from shared.settings import read_settings
from shared.spec import parse_spec, parse_spec_yaml
from terminal.exits import MEANINGS
from terminal.options import SAMPLES
from terminal.overrides import layers, preset_names

DOCS = Path(__file__).parents[1] / "docs" / "cli.md"
COMMANDS = ["", *(info.callback.__name__ for info in app.registered_commands if info.callback)]
COSTS = DOCS.with_name("costs.md")
_MARK = "## Commands"
_ESTIMATE = re.compile(r"(<!-- said by: estimate -->\n```\n)(.*?)(```\n<!-- end -->)", re.DOTALL)


def render(command: str) -> str:
    """A command's help without colour."""
    arguments = [command, "--help"] if command else ["--help"]
    environ = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    done = CliRunner().invoke(app, arguments, prog_name="raft", env=environ)
    assert done.exit_code == 0, done.output
    return done.stdout.rstrip()


def estimate() -> str:
    """What `raft estimate --pages 200` says where the settings name no model and no price."""
    named = re.compile(r"MODEL_PRICES|\w+_(AZURE_)?OPENAI_\w+")
    environ = {name: None for name in os.environ if named.fullmatch(name)}
    done = CliRunner().invoke(app, ["estimate", "--pages", "200"], env=environ)
    assert done.exit_code == 0, done.output
    return done.stdout


def section(command: str) -> str:
    """How a command's help stands in the page."""
    return f"### raft {command}".rstrip() + f"\n\n```\n{render(command)}\n```\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_shows_the_help_that_the_program_gives(command: str) -> None:
    assert section(command) in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_plain_and_fits_80_columns(command: str) -> None:
    text = render(command)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text.replace("[DOCS]...", "").replace("[ARGS]...", "")


def test_exit_codes_are_shown_in_help() -> None:
    for code, words in MEANINGS.items():
        assert f"{code.value}  {words}" in render("")


def test_every_invocation_of_the_platforms_is_a_valid_spec() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## Platforms")[2].partition(_MARK)[0]
    lines = re.findall(r"`raft run samples ([^`]+)`", table)
    assert len(lines) == 10
    samples = parse_spec_yaml((SAMPLES / "raft.yaml").read_text(encoding="utf-8"), "raft.yaml")
    made = set()
    for words in lines:
        options = dict(re.findall(r"--(\w+) (\S+)", words))
        student = parse_spec(
            samples,
            *layers(
                platform=options.get("student", ""),
                method=options.get("method", ""),
                preset=options.get("preset", ""),
            ),
        ).student
        if "student" in options:
            assert student.platform == options["student"]
        made.add((student.platform, student.method))
    assert len(made) == 9  # azure_ml supervised in two forms


def test_every_setting_named_is_read_and_every_preset_is_there() -> None:
    text = DOCS.read_text(encoding="utf-8").partition(_MARK)[0]
    read: set[str] = set()

    class Watched(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
            read.add(name)
            return default

    read_settings(Watched())
    ends = ("ENDPOINT", "BASE_URL", "API_KEY", "ID", "GROUP", "ACCOUNT", "WORKSPACE")
    named = {
        name
        for name in re.findall(r"`((?:\w+_)?[A-Z][A-Z_]+)`", text)
        if name.endswith(ends) and not name.startswith("RAFT_")
    }
    assert len(named) > 10
    assert named <= read
    presets = re.findall(r"--preset (\S+?)`", text)
    assert presets
    assert set(presets) <= set(preset_names())


def test_the_cost_page_shows_what_the_estimate_says() -> None:
    (shown,) = _ESTIMATE.findall(COSTS.read_text(encoding="utf-8"))
    assert shown[1] == estimate()


def write() -> None:
    """Put the help of today into the page."""
    before = DOCS.read_text(encoding="utf-8").partition(f"{_MARK}\n")[0]
    intro = (
        "The texts below are checked against the program; `python -m tests.test_cli_docs` writes "
        "them\nanew.\n"
    )
    sections = "\n".join(map(section, COMMANDS))
    DOCS.write_text(f"{before}{_MARK}\n\n{intro}\n{sections}", encoding="utf-8")
    costs = COSTS.read_text(encoding="utf-8")
    shown = _ESTIMATE.sub(lambda found: found[1] + estimate() + found[3], costs)
    COSTS.write_text(shown, encoding="utf-8")


if __name__ == "__main__":
    write()
