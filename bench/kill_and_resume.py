"""The host killed -9 at random moments of whole runs: what it pays twice, what comes out.

    python -m bench.kill_and_resume --kills 50 --seed 1

A run on the same documents that nobody kills is the measure: the same dataset byte for byte, one
fine-tuning job, one deployment, and no call paid twice that was not in flight at a kill. Prints a
line per kill; exits 1 when any of this does not hold. The tests run the same code with few kills.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from local.stack import Stack
from shared.contracts import Stage
from shared.services.runs import ENDED
from shared.settings import RUNS_CONTAINER
from tests.runs.helpers import (
    JUDGED,
    SETTINGS,
    assert_clean,
    corpus,
    dataset,
    deployments,
    jobs,
    manifest,
    new_run,
    requests,
    runs_of,
    upload,
)

DOMAIN = "bench"
DOCUMENTS: Mapping[str, Any] = corpus(1, count=2, sections=5, spec=JUDGED)
GATHER = "gather"  # the time before there is a run
STAGES = (GATHER, *(stage.value for stage in Stage))
KILLS_PER_RUN = 5
_MODEL_OPTIONS = (
    *("--job-seconds", "1.5"),
    *("--deploy-seconds", "0.8"),
    *("--file-seconds", "0.2"),
    *("--latency-ms", "150"),  # so that calls are in flight at most moments of a stage
)
_PATIENCE = 180.0
_LOOK_EVERY = 0.1  # at the run's record: asking the host would take the time that it works in
_MODELS_NOTICE = 0.4  # seconds until the models have seen that a client is gone


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after a stage began (or was found to be under way), and as
    soon as so many calls have been paid since; the next ones are in flight then."""

    stage: str
    seconds: float = 0.0
    calls: int = 0


@dataclass(frozen=True)
class Reference:
    """A run that nobody killed: its dataset, and how long each stage took where that is asked."""

    files: dict[str, bytes]
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass
class Kill:
    """One kill. `in_flight`: calls begun whose replies were not stored; `repeated`: of calls
    that were answered, those paid once more afterwards."""

    moment: Moment
    stage: str
    at: float
    in_flight: int
    repeated: int = 0


@dataclass(frozen=True)
class Trial:
    """A run with its kills, and what became of it. `unexplained`: calls paid twice for no kill."""

    kills: list[Kill]
    state: str
    same_dataset: bool
    jobs: int
    deployments: int
    unexplained: int
    violations: list[str] = field(default_factory=list)


def new_stack(data: Path) -> Stack:
    """A stack that is not started yet; each run takes one of its own, where nothing is paid."""
    host = ("--strict", "--blob-poll", "0.5")
    return Stack(data, settings=SETTINGS, host_options=host, model_options=_MODEL_OPTIONS)


def reference_run(data: Path) -> Reference:
    """The run without kills."""
    with new_stack(data) as stack:
        trial = _trial(stack, [], DOCUMENTS)
        assert trial.state == "completed" and trial.unexplained == 0, trial
        (run,) = runs_of(stack, DOMAIN)
        stages = manifest(stack, run)["stages"]
        seconds = {name: _seconds(stage) for name, stage in stages.items()}
        files = dataset(stack, run)
    return Reference(files, {GATHER: 1.0, **seconds})


def draw_moments(seed: int, reference: Reference, stages: Sequence[str]) -> list[Moment]:
    """One moment in each of the stages, at random within the time that it takes."""
    dice = random.Random(seed)
    ordered = sorted(stages, key=STAGES.index)
    return [Moment(stage, dice.uniform(0, reference.seconds[stage])) for stage in ordered]


def draw_stages(seed: int, count: int) -> list[str]:
    """Stages to kill in, at random, some of them twice."""
    return random.Random(seed).choices(STAGES, k=count)


def killed_run(
    data: Path,
    reference: Reference,
    moments: Sequence[Moment],
    documents: Mapping[str, Any] = DOCUMENTS,
) -> Trial:
    """A run over the reference's documents, killed at these moments, compared with it."""
    with new_stack(data) as stack:
        return _trial(stack, moments, documents, reference)


def _trial(
    stack: Stack,
    moments: Sequence[Moment],
    documents: Mapping[str, Any],
    reference: Reference | None = None,
) -> Trial:
    upload(stack, DOMAIN, documents)
    kills: list[Kill] = []
    lost = 0
    for moment in moments:
        stage = _reach(stack, moment)
        if stage is None:
            break
        stack.host.kill()
        at = time.time()
        time.sleep(_MODELS_NOTICE)
        log = requests(stack)
        unstored = sum(map(_paid, log)) - _stored(stack) - lost
        cut = [each for each in log if each["usage"] is not None and not each["answered"]]
        cut = [each for each in cut if each["started"] > (kills[-1].at if kills else 0)]
        lost += unstored
        kills.append(Kill(moment, stage, at, unstored + len(cut)))
        stack.start_host()
    run = new_run(stack, DOMAIN)
    record = _wait_for_end(stack, run)
    assert runs_of(stack, DOMAIN) == [run], "the upload started more than one run"
    unexplained = _count_repeats(stack, kills, str(record["student"].get("deployment")))
    assert_clean(stack)
    trial = Trial(
        kills,
        record["state"],
        reference is None or dataset(stack, run) == reference.files,
        len(jobs(stack)),
        len(deployments(stack)),
        unexplained,
    )
    trial.violations.extend(_violations(trial))
    return trial


def _violations(trial: Trial) -> list[str]:
    wrong = {
        f"the run ended as {trial.state}": trial.state != "completed",
        "the dataset differs": not trial.same_dataset,
        f"{trial.jobs} fine-tuning jobs": trial.jobs != 1,
        f"{trial.deployments} deployments": trial.deployments != 1,
        f"{trial.unexplained} calls paid twice without a kill": trial.unexplained != 0,
    }
    for kill in trial.kills:
        words = f"{kill.repeated} calls paid twice, {kill.in_flight} were in flight"
        wrong[words] = kill.repeated > kill.in_flight
    return [words for words, is_wrong in wrong.items() if is_wrong]


def _reach(stack: Stack, moment: Moment) -> str | None:
    """Wait for the moment; the stage that it is in, or None when the run had ended before it."""
    deadline = time.monotonic() + _PATIENCE
    wanted = STAGES.index(moment.stage)
    run = "" if wanted == 0 else new_run(stack, DOMAIN)
    while (now := _stage(stack, run)) is not None and STAGES.index(now) < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the run did not reach {moment.stage}")
        time.sleep(_LOOK_EVERY)
    before = _paid_calls(stack) if moment.calls else 0
    time.sleep(moment.seconds)
    while moment.calls and _paid_calls(stack) < before + moment.calls:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{moment.stage} paid fewer than {moment.calls} calls")
        time.sleep(_LOOK_EVERY / 4)
    return now and _stage(stack, run)


def _stage(stack: Stack, run: str) -> str | None:
    """The stage under way; None when the run has ended. Without a `run` the domain's is meant."""
    runs = [run] if run else runs_of(stack, DOMAIN)
    if not runs:
        return GATHER
    record = manifest(stack, runs[0])
    if record["state"] in ENDED:
        return None
    return max(record["stages"], key=STAGES.index, default=GATHER)


def _wait_for_end(stack: Stack, run: str) -> dict[str, Any]:
    """The run's record once it has ended."""
    deadline = time.monotonic() + _PATIENCE
    while (record := manifest(stack, run))["state"] not in ENDED:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the run has not ended after {_PATIENCE:g} s: {record['stages']}")
        time.sleep(_LOOK_EVERY)
    return record


def _count_repeats(stack: Stack, kills: Sequence[Kill], student: str) -> int:
    """Give each repeated call to the kill between its two payments; how many have none.

    The smoke test asks the student what the evaluation asks it again: one pair is meant so.
    """
    groups: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for each in requests(stack):
        if _paid(each):
            groups[each["deployment"], each["body_sha256"]].append(each)
    smoke = next((key for key in groups if key[0] == student), None)
    unexplained = 0
    for key, calls in groups.items():
        calls.sort(key=lambda call: float(call["started"]))
        blamed = [
            [kill for kill in kills if first["started"] < kill.at < second["started"]]
            for first, second in pairwise(calls)
        ]
        if key == smoke and blamed:
            blamed.remove(min(blamed, key=len))
        for found in blamed:
            if found:
                found[-1].repeated += 1
            else:
                unexplained += 1
    return unexplained


def _paid(call: dict[str, Any]) -> bool:
    return call["status"] == 200 and bool(call["answered"]) and call["usage"] is not None


def _paid_calls(stack: Stack) -> int:
    return sum(map(_paid, requests(stack)))


def _stored(stack: Stack) -> int:
    """Replies kept in the store of paid work."""
    names = stack.container(RUNS_CONTAINER).list_blob_names(name_starts_with="work/")
    return sum(not name.startswith("work/jobs/") for name in names)


def _seconds(stage: dict[str, Any]) -> float:
    started, ended = (datetime.fromisoformat(stage[key]) for key in ("started", "ended"))
    return (ended - started).total_seconds()


def main() -> int:
    """Kill, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    done, number, violations = 0, 0, list[str]()
    with tempfile.TemporaryDirectory(prefix="raft-kills-") as folder:
        reference = reference_run(Path(folder) / "reference")
        print("kill  stage     moment            paid twice  in flight  dataset  jobs  deployments")
        while done < options.kills:
            number += 1
            seed = options.seed * 1_000 + number
            stages = draw_stages(seed, min(KILLS_PER_RUN, options.kills - done))
            moments = draw_moments(seed, reference, stages)
            trial = killed_run(Path(folder) / f"run{number}", reference, moments)
            for kill in trial.kills:
                done += 1
                print(_line(done, kill, trial), flush=True)
            violations += [f"run {number}: {each}" for each in trial.violations]
    print(f"{done} kills in {number} runs, {len(violations)} violations")
    for violation in violations:
        print(violation)
    return 1 if violations else 0


def _line(number: int, kill: Kill, trial: Trial) -> str:
    moment = f"{kill.moment.stage} + {kill.moment.seconds:.2f} s"
    same = "same" if trial.same_dataset else "DIFFERS"
    return (
        f"{number:>4}  {kill.stage:<8}  {moment:<16}  {kill.repeated:>10}  {kill.in_flight:>9}  "
        f"{same:<7}  {trial.jobs:>4}  {trial.deployments:>11}"
    )


if __name__ == "__main__":
    sys.exit(main())
