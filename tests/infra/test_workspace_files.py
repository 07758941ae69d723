"""Files for editors and workflows are what their tools can read."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.bicep import ROOT

JSON = [
    *(ROOT / ".vscode").glob("*.json"),
    *(ROOT / ".devcontainer").glob("*.json"),
    *(ROOT / "infra").glob("*.json"),
]
YAML = [*(ROOT / ".github").rglob("*.yml"), ROOT / "azure.yaml", ROOT / "infra" / "models.yaml"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def load(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


@pytest.mark.parametrize("path", [*JSON, *YAML], ids=name)
def test_it_is_json_or_yaml(path: Path) -> None:
    assert isinstance(load(path), dict)


def test_a_launch_starts_a_task_that_is_there() -> None:
    labels = {task["label"] for task in load(ROOT / ".vscode" / "tasks.json")["tasks"]}
    for one in load(ROOT / ".vscode" / "launch.json")["configurations"]:
        assert one.get("preLaunchTask", "test") in labels
    for task in load(ROOT / ".vscode" / "tasks.json")["tasks"]:
        assert set(task.get("dependsOn", [])) <= labels


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_workflows_may_do_little_and_have_limits(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"]["contents"] == "read"
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=name)
def test_what_workflows_run_is_shell(path: Path) -> None:
    for job in load(path)["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                script = re.sub(r"\$\{\{.*?\}\}", "x", step["run"])
                done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
                assert done.stderr == "", step["run"]


def test_azure_signs_in_without_a_secret() -> None:
    text = (ROOT / ".github" / "workflows" / "azure-dev.yml").read_text(encoding="utf-8")
    assert load(ROOT / ".github" / "workflows" / "azure-dev.yml")["permissions"]["id-token"] == (
        "write"
    )
    assert "secrets." not in text


@pytest.mark.parametrize("path", sorted((ROOT / "infra" / "hooks").glob("*.sh")), ids=name)
def test_hooks_are_posix_shell(path: Path) -> None:
    done = subprocess.run(["sh", "-n", str(path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_text(encoding="utf-8")
    assert "\nset -eu\n" in text
    bashisms = r"\[\[|^\s*(?:function|local) \w|<<<|\bpipefail\b"
    assert re.findall(bashisms, text, re.MULTILINE) == []


def test_dependabot_looks_where_there_are_dependencies() -> None:
    for one in load(ROOT / ".github" / "dependabot.yml")["updates"]:
        files = {
            "pip": "requirements.txt",
            "npm": "package.json",
            "docker": "Dockerfile",
            "github-actions": ".github/workflows",
        }
        assert (ROOT / one["directory"].lstrip("/") / files[one["package-ecosystem"]]).exists()
