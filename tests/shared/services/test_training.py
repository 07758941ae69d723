"""Training and deployment: the same job is paid once, the student is asked where it is served."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from shared.contracts import JobState, Spend
from shared.errors import (
    BudgetReached,
    JobError,
    ModelRefusesUs,
    QuorumNotReached,
    RunStopped,
)
from shared.ports import Reply, TrainingRequest
from shared.raft.costs import PriceTable
from shared.raft.graders import answer_grader
from shared.services.students import deployment_name
from shared.services.training import job_key
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.world import World

USUAL_GRADER = answer_grader({"exact": 0.2, "grounded": 0.8}, "")
SHAPE = {"model": "gpt-4o-mini", "hyperparameters": {"n_epochs": 1}, "seed": 1}


def test_a_jobs_key_is_of_everything_that_shapes_the_model() -> None:
    base = job_key(b"train", b"valid", SHAPE)
    assert base == job_key(b"train", b"valid", dict(reversed(SHAPE.items())))
    others = [
        job_key(b"train!", b"valid", SHAPE),
        job_key(b"train", b"valid!", SHAPE),
        job_key(b"trainv", b"alid", SHAPE),
        job_key(b"train", b"valid", {**SHAPE, "seed": 2}),
        job_key(b"train", b"valid", {**SHAPE, "hyperparameters": {"n_epochs": 2}}),
    ]
    assert len({base, *others}) == 6
    assert len(f"raft-{base}") <= 18  # Azure cuts a longer suffix off


async def test_a_job_is_submitted_with_the_dataset_and_the_spec() -> None:
    world = World()
    run, _ = await world.dataset(student={"hyperparameters": {"n_epochs": 2}})
    step = await world.training.submit(run)
    (request,) = world.trainer.requests.values()
    assert step.ref == f"job-{request.key}"
    assert request.training == await world.blobs.read(f"{run}/dataset/train.jsonl")
    assert request.validation == await world.blobs.read(f"{run}/dataset/valid.jsonl")
    assert request.hyperparameters == {"n_epochs": 2}  # what is not asked for is not sent
    assert (request.model, request.seed) == ("gpt-4o-mini-2024-07-18", 42)
    assert (await world.training.check(run, step.ref)).state is JobState.SUCCEEDED


async def test_the_result_is_kept_and_paid_for_by_its_run_as_often_as_it_is_recorded() -> None:
    world = World()
    run, _ = await world.dataset()
    job = (await world.training.submit(run)).ref
    assert (await world.training.submit(run)).ref == job
    steps = [await world.training.record(run, job) for _ in range(2)]
    assert steps[0] == steps[1]
    assert steps[0].spend == Spend(calls=1, usd=3.0)  # a million tokens of gpt-4o-mini
    assert steps[0].counts == {"trained_tokens": 1_000_000}
    assert (await world.records.read(run))["student"] == {"job": job, "model": "gpt-4o-mini.ft-1"}
    assert (await world.blobs.read(f"{run}/training/metrics.csv")).startswith(b"step,")


async def test_a_job_that_an_earlier_run_paid_costs_a_later_run_nothing() -> None:
    world = World()
    first = await world.trained()
    second, _ = await world.dataset(evaluation={"judge_sample": 1})
    job = (await world.training.submit(second)).ref
    assert len(world.trainer.requests) == 1
    step = await world.training.record(second, job)
    assert step.spend == Spend(reused=1)
    assert (await world.training.record(first, job)).spend.usd == 3.0


async def test_a_stopped_run_submits_and_deploys_nothing() -> None:
    world = World()
    run = await world.trained()
    world.trainer.requests.clear()
    await world.stops.stop(run, "told to")
    for step in (world.training.submit, world.deploying.create):
        with pytest.raises(RunStopped):
            await step(run)
    assert (world.trainer.requests, world.deployer.created) == ({}, [])


async def test_the_student_is_deployed_under_the_runs_name() -> None:
    world = World()
    run = await world.trained(deployment={"sku": "Standard", "capacity": 7})
    step = await world.deploying.create(run)
    name = deployment_name(run)
    assert step.ref == name
    assert world.deployer.created == [(name, "gpt-4o-mini.ft-1", "Standard", 7)]
    assert (await world.deploying.check(run, name)).state is JobState.SUCCEEDED
    facts = json.loads(await world.blobs.read(f"{run}/deployment.json"))
    assert facts["usd_per_hour"] == 1.7
    assert (await world.records.read(run))["student"] | facts == (await world.records.read(run))[
        "student"
    ]


def test_a_deployments_name_fits_azure_and_tells_runs_apart() -> None:
    assert len(deployment_name("a" * 200)) == 52
    assert deployment_name("bank-1-2") != deployment_name("bank-1-3")


async def test_the_smoke_test_asks_each_deployment_once() -> None:
    world = World()
    student = world.student
    assert isinstance(student, ScriptedChat)
    run = await world.trained()
    for _ in range(2):
        assert (await world.deploying.smoke_test(run)).spend.calls == 1
    assert len(student.requests) == 1
    student.deployment = "another"
    await world.deploying.smoke_test(await world.trained(evaluation={"judge_sample": 1}))
    assert len(student.requests) == 2


async def test_a_deployment_not_known_yet_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.services.deployment._NOT_KNOWN_YET", (0, 0, 0))
    replies: list[Exception | str] = [ModelRefusesUs("404"), ModelRefusesUs("404"), "an answer"]
    student = ScriptedChat(lambda _: replies.pop(0))
    world = World(student=student)
    run = await world.trained()
    assert (await world.deploying.smoke_test(run)).spend.calls == 1
    student.deployment = "never-known"
    replies[:] = [ModelRefusesUs("404")] * 9
    with pytest.raises(ModelRefusesUs):
        await world.deploying.smoke_test(run)


@pytest.mark.parametrize("text", ["", " \n"])
async def test_a_student_that_answers_with_nothing_is_refused(text: str) -> None:
    world = World(student=ScriptedChat(lambda _: Reply(text, "gpt-4o-mini.ft-1")))
    run = await world.trained()
    with pytest.raises(JobError, match="nothing"):
        await world.deploying.smoke_test(run)


O4 = {"method": "reinforcement", "model": "o4-mini-2025-04-16"}
# Only a row with a distractor has a worse answer: each split needs several chunks.
DPO: dict[str, Any] = {
    "student": {"method": "dpo", "hyperparameters": {"beta": 0.1}},
    "splits": {"train": 0.5, "valid": 0.25, "test": 0.25},
}
METHODS: dict[str, dict[str, Any]] = {
    "dpo": DPO,
    "reinforcement": {"student": {**O4, "hyperparameters": {"reasoning_effort": "low"}}},
}


@pytest.mark.parametrize("method", METHODS)
async def test_a_method_is_trained_on_its_own_files(method: str) -> None:
    world = World()
    run, _ = await world.dataset(**METHODS[method])
    await world.training.submit(run)
    (request,) = world.trainer.requests.values()
    assert request.method == method
    assert request.training == await world.blobs.read(f"{run}/dataset/{method}/train.jsonl")
    assert request.validation == await world.blobs.read(f"{run}/dataset/{method}/valid.jsonl")
    assert request.hyperparameters == METHODS[method]["student"]["hyperparameters"]
    assert request.grader == (USUAL_GRADER if method == "reinforcement" else None)
    assert json.loads(await world.blobs.read(f"{run}/training/job.json"))["method"] == method


async def test_a_supervised_jobs_key_is_what_it_was_before_there_were_methods() -> None:
    world = World()
    run, _ = await world.dataset(student={"hyperparameters": {"n_epochs": 2}})
    await world.training.submit(run)
    (request,) = world.trainer.requests.values()
    shape = {
        "model": "gpt-4o-mini-2024-07-18",
        "hyperparameters": {"n_epochs": 2},
        "training_type": "GlobalStandard",
        "seed": 42,
    }
    assert request.key == f"raft-{job_key(request.training, request.validation, shape)}"
    assert (request.method, request.grader) == ("supervised", None)


async def test_another_grader_is_another_job() -> None:
    world = World()
    run, _ = await world.dataset(student=O4)
    await world.training.submit(run)
    other, _ = await world.dataset(student={**O4, "graders": {"similar": 0.5}})
    await world.training.submit(other)
    assert len(world.trainer.requests) == 2


@pytest.mark.parametrize(
    ("name", "rows", "why"),
    [
        ("dpo/train.jsonl", 9, "dataset/dpo/train.jsonl has 9 rows, fewer than the 10 that dpo"),
        ("dpo/valid.jsonl", 0, "dataset/dpo/valid.jsonl has 0 rows, fewer than the 1"),
    ],
)
async def test_too_few_rows_of_the_method_are_named_and_nothing_is_sent(
    name: str, rows: int, why: str
) -> None:
    world = World()
    run, _ = await world.dataset(**DPO)
    path = f"{run}/dataset/{name}"
    lines = (await world.blobs.read(path)).splitlines(keepends=True)
    await world.blobs.put(path, b"".join(lines[:rows]))
    with pytest.raises(QuorumNotReached, match=f"{why}.*add documents"):
        await world.training.submit(run)
    assert world.trainer.requests == {}


async def test_preferences_are_billed_by_the_token() -> None:
    world = World()
    run = await world.trained(**DPO)
    job = (await world.training.submit(run)).ref
    assert (await world.training.record(run, job)).spend == Spend(calls=1, usd=3.0)
    poor, _ = await world.dataset(**DPO, budget={"usd": 0.001})
    with pytest.raises(BudgetReached, match="training is expected to cost"):
        await world.decisions.ask(poor)


async def test_reinforcement_is_billed_by_the_hour_which_no_token_price_tells() -> None:
    priced = PriceTable({"o4-mini": {"prompt": 1.1, "training": 100}})
    world = World()
    world.training._prices = world.decisions._prices = priced
    run = await world.trained(student=O4, budget={"usd": 0.001})
    assert (await world.decisions.ask(run)).count == 1
    job = (await world.training.submit(run)).ref
    step = await world.training.record(run, job)
    assert step.spend == Spend(calls=1, usd=0.0)
    student = (await world.records.read(run))["student"]
    assert student["training_cost"] == "billed by the hour, not known here"


async def test_a_jobs_end_is_asked_for_once_it_was_submitted() -> None:
    world = World()
    run, _ = await world.dataset()
    assert (await world.training.cancel(run)).count == 0
    job = (await world.training.submit(run)).ref
    assert (await world.training.cancel(run)).ref == job
    assert world.trainer.cancelled == [job]


BOTH: dict[str, Any] = {
    "student": {
        "method": "supervised_then_dpo",
        "hyperparameters": {"n_epochs": 2},
        "dpo_hyperparameters": {"beta": 0.3},
    }
}


async def test_a_second_job_goes_on_from_the_first_ones_model() -> None:
    world = World()
    run, _ = await world.dataset(**{**DPO, **BOTH})
    first = (await world.training.submit(run, 0)).ref
    await world.training.record(run, first, 0)
    assert "model" not in (await world.records.read(run))["student"]  # nothing to deploy yet
    second = (await world.training.submit(run, 1)).ref
    assert (await world.training.record(run, second, 1)).ref == "gpt-4o-mini.ft-1"
    one, two = world.trainer.requests.values()
    assert (one.method, one.model, one.hyperparameters) == (
        "supervised",
        "gpt-4o-mini-2024-07-18",
        {"n_epochs": 2},
    )
    assert (two.method, two.model, two.hyperparameters) == (
        "dpo",
        "gpt-4o-mini.ft-1",
        {"beta": 0.3},
    )
    assert two.training == await world.blobs.read(f"{run}/dataset/dpo/train.jsonl")
    student = (await world.records.read(run))["student"]
    assert [job["method"] for job in student["jobs"]] == ["supervised", "dpo"]
    assert (student["job"], student["model"]) == (second, "gpt-4o-mini.ft-1")
    for name in ("training/metrics.csv", "training/dpo/metrics.csv", "training/dpo/job.json"):
        assert await world.blobs.exists(f"{run}/{name}")
    assert (await world.training.cancel(run)).count == 2
    again = [await world.training.record(run, job, at) for at, job in enumerate((first, second))]
    assert [step.spend.usd for step in again] == [3.0, 3.0]
    assert (await world.records.read(run))["student"] == student


async def test_a_platforms_fewest_rows_are_asked_for_before_anything_is_trained() -> None:
    world = World()
    model = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B/versions/4"
    spec: dict[str, Any] = {"student": {"platform": "azure_ml", "model": model}}
    with pytest.raises(QuorumNotReached, match=r"fewer than the 65 .* azure_ml needs"):
        await world.dataset(**spec)
    run = await world.start(**spec, questions=1)
    await world.ingest(run)
    with pytest.raises(QuorumNotReached, match=r"training rows at most, fewer than the 65"):
        await world.estimating.estimate(run)
    assert world.platforms == []


async def test_the_form_and_the_platform_are_part_of_the_job() -> None:
    world = World()
    runs = [await world.dataset(student={"platform": name}) for name in ("openai", "azure_openai")]
    for run, _ in runs:
        await world.training.submit(run)
    assert set(world.platforms) == {"openai", "azure_openai"}
    assert len(world.trainer.requests) == 2


async def test_a_job_that_tells_no_tokens_costs_what_nobody_knows() -> None:
    world = World()
    world.trainer.tokens = 0
    run = await world.trained()
    student = (await world.records.read(run))["student"]
    assert student["training_cost"] == "azure_openai does not tell how many tokens it billed"


async def test_where_nothing_is_hosted_the_model_answers_by_its_own_name() -> None:
    world = World()
    world.hosted = False
    run = await world.trained(student={"platform": "openai"})
    step = await world.deploying.create(run)
    assert step.ref == "gpt-4o-mini.ft-1"
    facts = json.loads(await world.blobs.read(f"{run}/deployment.json"))
    assert facts["usd_per_hour"] == 0.0


async def test_a_job_whose_answer_was_lost_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    run, _ = await world.dataset()
    submit = world.trainer.submit

    async def killed(request: TrainingRequest) -> str:
        await submit(request)
        raise asyncio.CancelledError

    monkeypatch.setattr(world.trainer, "submit", killed)
    with pytest.raises(asyncio.CancelledError):
        await world.training.submit(run)
    (request,) = world.trainer.requests.values()
    assert (await world.training.cancel(run)).ref == f"job-{request.key}"
    assert world.trainer.cancelled == [f"job-{request.key}"]


async def test_a_job_that_another_run_pays_for_is_left_to_it() -> None:
    world = World()
    first = await world.trained()
    second, _ = await world.dataset(evaluation={"judge_sample": 1})
    await world.training.submit(second)
    assert (await world.training.cancel(second)).count == 0
    assert (await world.training.cancel(first)).count == 1
