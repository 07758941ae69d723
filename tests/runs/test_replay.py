"""What a completed run left behind: every activity repeats itself, every history replays."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from local.azurite import ROOT
from local.host.events import EventType
from local.host.functions import App, load_app
from local.host.ledger import Ledger
from local.host.store import Instance, Reader
from local.host.tasks import Command
from local.host.turn import State, Turns
from local.stack import Stack
from shared.contracts import Activity, Orchestrator
from shared.settings import RUNS_CONTAINER
from tests.runs.helpers import JUDGED, blob, completed, corpus, requests, upload

# The SDK's word on every result that it decodes without a declared type.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")

DOMAIN = "replayed"
_CALLS = (0, 1)  # action types: an activity, an activity with retry
_NUMBERED = (0, 1, 2, 3, 5)  # those that take a task id: also children and timers
# Looks at something that has moved on since; their answers must differ.
_LOOKS = {Activity.CHECK_TRAINING, Activity.CHECK_DEPLOYMENT}
# Of runs that wait for approval, fail, or do not keep their deployment: see test_decisions.py and
# test_removal.py.
_OF_OTHER_RUNS = {Activity.SETTLE_APPROVAL, Activity.UNDO_RUN, Activity.REMOVE_DEPLOYMENT}


@dataclass(frozen=True)
class Call:
    """One activity call of a run: what went in, and what came out at the time."""

    name: str
    input: str
    result: str


@dataclass(frozen=True)
class Recorded:
    """One instance of the host's store."""

    instance: Instance
    history: list[dict[str, Any]]


@pytest.fixture(scope="module")
def run(_shared: Stack) -> str:
    """A completed run in which nothing failed, of the method that has most to do."""
    upload(_shared, DOMAIN, corpus(600, spec=JUDGED + "student: {method: supervised_then_dpo}\n"))
    return str(completed(_shared, DOMAIN)["run"])


@pytest.fixture(scope="module")
def app() -> App:
    """The app, whose orchestrators replay in this process; nothing is connected."""
    return load_app(ROOT)


def test_every_activity_run_again_gives_the_same_bytes(stack: Stack, app: App, run: str) -> None:
    calls = [call for each in _recorded(stack) if _of(each, run) for call in _calls(app, each)]
    assert {call.name for call in calls} == set(Activity) - _OF_OTHER_RUNS
    # A look at what was still under way has another answer now.
    calls = [call for call in calls if call.name not in _LOOKS or "running" not in call.result]
    before = _blobs(stack, run)
    assert _again(stack, calls) == [call.result for call in calls]
    after = _blobs(stack, run)
    # The report tells of its own stage too, which had not ended when it was first written.
    reports = {f"{run}/report.json", f"{run}/report.html"}
    assert {name for name in before | after if before.get(name) != after.get(name)} <= reports
    _again(stack, [call for call in calls if call.name == Activity.WRITE_REPORT])
    assert _blobs(stack, run) == after
    assert [each for each in requests(stack) if each["deployment"]] == []


def test_every_recorded_history_replays(stack: Stack, app: App, run: str) -> None:
    ledger = Ledger(strict=True)
    recorded = [each for each in _recorded(stack) if each.instance.finished]
    assert {each.instance.name for each in recorded if _of(each, run)} == set(app.orchestrators)
    for each in recorded:
        commands, outcome = _replay(app, each, ledger)
        assert commands == (), each.instance.id
        assert outcome == each.instance.status, each.instance.id
    assert ledger.errors == []


def test_a_history_of_other_code_does_not_replay(stack: Stack, app: App, run: str) -> None:
    ledger = Ledger(strict=True)
    (parent,) = [each for each in _recorded(stack) if each.instance.id == run]
    scheduled = [e for e in parent.history if e["EventType"] == EventType.TASK_SCHEDULED]
    scheduled[3]["Name"] = "another"
    assert _replay(app, parent, ledger)[1] == "Failed"
    assert "Non-Deterministic" in ledger.errors[0]


def _again(stack: Stack, calls: list[Call]) -> list[str]:
    """The results of the same activities now."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.runs.again", stack.url],
        input=json.dumps([[call.name, call.input] for call in calls]),
        env=stack.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def _calls(app: App, recorded: Recorded) -> Iterator[Call]:
    """The activity calls of an instance: inputs from replaying its code, results as recorded."""
    state = _turn(app, recorded, Ledger(strict=True))[1]
    names, results = dict[int, str](), dict[int, str]()
    for event in recorded.history:
        if event["EventType"] == EventType.TASK_SCHEDULED:
            names[event["EventId"]] = event["Name"]
        elif event["EventType"] == EventType.TASK_COMPLETED:
            results[event["TaskScheduledId"]] = event["Result"]
    numbered = (action for action in _flat(state.actions) if action["actionType"] in _NUMBERED)
    for number, action in enumerate(numbered):
        if action["actionType"] in _CALLS:
            assert action["functionName"] == names[number]
            yield Call(names[number], action["input"], results[number])


def _flat(actions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for action in actions:
        yield from _flat(action.get("compoundActions", []))
        yield action


def _replay(app: App, recorded: Recorded, ledger: Ledger) -> tuple[tuple[Command, ...], str]:
    """What a replay would do next, and how it says that the instance ended."""
    turns, state = _turn(app, recorded, ledger)
    decision, outcome = turns.judge(recorded.instance, recorded.history, state)
    return decision.commands, outcome.kind


def _turn(app: App, recorded: Recorded, ledger: Ledger) -> tuple[Turns, State]:
    turns = Turns(app.orchestrators, frozenset(app.activities), ledger)
    text = ",".join(json.dumps(event) for event in recorded.history)
    return turns, turns.take(recorded.instance, text, replaying=True)


def _of(recorded: Recorded, run: str) -> bool:
    """Whether the instance is the run, a child of it, or what gathered its documents."""
    instance = recorded.instance
    gathered = instance.name == Orchestrator.GATHER and f'"{DOMAIN}' in str(instance.input).replace(
        "\\", ""
    )
    return gathered or instance.id == run or instance.id.startswith(f"{run}-")


def _blobs(stack: Stack, run: str) -> dict[str, bytes]:
    """Every blob of the run."""
    container = stack.container(RUNS_CONTAINER)
    return {name: blob(stack, name) for name in container.list_blob_names(name_starts_with=run)}


def _recorded(stack: Stack) -> list[Recorded]:
    with closing(Reader(stack.data / "host" / "host.sqlite")) as reader:
        return [
            Recorded(instance, json.loads(f"[{','.join(reader.history(instance.id))}]"))
            for instance in reader.instances()
        ]
