"""What a run that ends badly leaves in the cloud: nothing that costs and that nobody asked for."""

from __future__ import annotations

import pytest

from shared.contracts import JobState, JobStatus, Stage, StageRecord
from shared.errors import JobError, ModelUnavailable
from shared.services import undoing as module
from shared.services.undoing import Undoing
from tests.shared.services.world import World


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TRY_AGAIN", (0, 0))


@pytest.fixture
def world() -> World:
    return World()


def undoing(world: World) -> Undoing:
    return Undoing(world.records, world.training, world.deploying, world.students)


async def deployed(world: World, *, works: bool = True, **deployment: str) -> str:
    """A run whose deployment was begun, and passed its test where it `works`."""
    run = await world.trained(deployment=deployment)
    await world.deploying.create(run)
    if works:
        await world.records.record_stage(StageRecord(run, Stage.DEPLOY, ended=True))
    return run


async def student(world: World, run: str) -> dict[str, str]:
    return (await world.records.read(run))["student"]


async def test_a_run_that_began_nothing_has_nothing_to_undo(world: World) -> None:
    run, _ = await world.dataset()
    assert (await undoing(world).undo(run)).count == 0
    assert await student(world, run) == {}


async def test_a_job_past_its_deadline_is_cancelled(world: World) -> None:
    run, _ = await world.dataset()
    job = (await world.training.submit(run)).ref
    assert (await undoing(world).undo(run)).count == 1
    assert world.trainer.cancelled == [job]


@pytest.mark.parametrize("keep", ["always", "if_promoted", "never"])
async def test_a_deployment_that_never_worked_is_removed(world: World, keep: str) -> None:
    run = await deployed(world, works=False, keep=keep)
    await undoing(world).undo(run)
    assert world.deployer.serving == {}
    assert (await student(world, run))["removed_because"] == "the run failed"


@pytest.mark.parametrize("keep", ["if_promoted", "never"])
async def test_one_that_works_goes_with_its_failed_run(world: World, keep: str) -> None:
    run = await deployed(world, keep=keep)
    await undoing(world).undo(run)
    assert world.deployer.serving == {}


async def test_one_that_works_and_is_always_kept_stays_and_its_price_is_told(world: World) -> None:
    run = await deployed(world, keep="always", sku="Standard")
    await undoing(world).undo(run)
    assert list(world.deployer.serving) == [f"raft-{run}"]
    kept = (await student(world, run))["kept"]
    assert f"raft-{run} works and is kept (keep: always), at $1.7 an hour" in kept
    assert f"DELETE /api/runs/{run}/deployment" in kept


async def test_one_that_somebody_else_removed_is_not_called_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await deployed(world)
    world.deployer.serving.clear()

    async def check(name: str) -> JobStatus:
        return JobStatus(JobState.RUNNING, "NotFound")

    monkeypatch.setattr(world.deployer, "check", check)
    await undoing(world).undo(run)
    facts = await student(world, run)
    assert "kept" not in facts
    assert facts["removed_because"] == "it was not there any more"


async def test_a_cancelled_run_keeps_nothing(world: World) -> None:
    run = await deployed(world, keep="always")
    await world.decisions.cancel(run, "Ada", "")
    await undoing(world).undo(run)
    assert world.deployer.serving == {}
    assert (await student(world, run))["removed_because"] == "the run was cancelled"


async def test_nothing_is_said_of_a_deployment_where_none_is_made(world: World) -> None:
    world.hosted = False
    run = await deployed(world, keep="always")
    await undoing(world).undo(run)
    assert "kept" not in await student(world, run)


async def test_undoing_again_changes_nothing(world: World) -> None:
    run = await deployed(world, keep="never")
    await undoing(world).undo(run)
    before = await student(world, run)
    await undoing(world).undo(run)
    assert await student(world, run) == before


async def test_what_cannot_be_undone_is_noted_and_the_rest_is_undone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await deployed(world, keep="never")

    async def refused(job: str) -> None:
        raise JobError("job 1 cannot be cancelled: not yours")

    monkeypatch.setattr(world.trainer, "cancel", refused)
    await undoing(world).undo(run)
    left = (await student(world, run))["left"]
    assert left == "a training job may still run: job 1 cannot be cancelled: not yours"
    assert world.deployer.serving == {}


async def test_trouble_that_passes_is_waited_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await deployed(world, keep="never")
    delete, tried = world.deployer.delete, []

    async def busy(name: str, model: str) -> bool:
        tried.append(name)
        if len(tried) < 3:
            raise ModelUnavailable("another operation has not ended")
        return await delete(name, model)

    monkeypatch.setattr(world.deployer, "delete", busy)
    await undoing(world).undo(run)
    assert len(tried) == 3
    assert world.deployer.serving == {}
    assert "left" not in await student(world, run)
