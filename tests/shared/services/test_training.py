"""Training and deployment: the same job is paid once, the student is asked where it is served."""

from __future__ import annotations

import json

import pytest

from shared.contracts import JobState, Spend
from shared.errors import BudgetReached, JobError, ModelRefusesUs, RunStopped
from shared.ports import Reply
from shared.services.deployment import deployment_name
from shared.services.training import job_key
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.world import World

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
    assert (await world.training.check(step.ref)).state is JobState.SUCCEEDED


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
    assert (await world.deploying.check(name)).state is JobState.SUCCEEDED
    facts = json.loads(await world.blobs.read(f"{run}/deployment.json"))
    assert facts["usd_per_hour"] == 1.7
    assert (await world.records.read(run))["student"] | facts == (await world.records.read(run))[
        "student"
    ]


def test_a_deployments_name_fits_azure_and_tells_runs_apart() -> None:
    assert len(deployment_name("a" * 200)) == 64
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


async def test_training_over_the_budget_is_refused_before_it_is_submitted() -> None:
    world = World()
    run, _ = await world.dataset(budget={"usd": 0.001})
    with pytest.raises(BudgetReached, match=r"training is expected to cost \$0\.\d\d"):
        await world.training.submit(run)
    assert world.trainer.requests == {}


async def test_training_within_the_budget_is_submitted() -> None:
    world = World()
    run, _ = await world.dataset(budget={"usd": 100})
    await world.training.submit(run)
    assert len(world.trainer.requests) == 1
