"""Deployments that end: removed once, for a reason that is noted, and never made again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from shared.contracts import Finish, Step
from shared.errors import BlobNotFound, JobError, NotNow
from shared.services.students import deployment_name
from tests.shared.services.world import World

TTL = 48.0


async def deployed(world: World, state: str = "", **deployment: object) -> str:
    """A run whose student is served, and which has ended as `state`."""
    run = await world.trained(deployment=deployment)
    await world.deploying.create(run)
    if state:
        await world.records.finish(Finish(run, state))
    return run


async def test_a_removed_deployment_is_noted_with_the_reason_and_removed_once() -> None:
    world = World()
    run = await deployed(world)
    assert await world.deploying.remove(run, "told to") == Step(1, deployment_name(run))
    noted = (await world.records.read(run))["student"]
    assert noted["removed_because"] == "told to"
    assert datetime.fromisoformat(noted["removed"]) > datetime.fromisoformat(noted["created"])
    assert noted["deployment"] == deployment_name(run)
    world.deployer.serving[deployment_name(run)] = noted["model"]  # someone else's, later
    assert (await world.deploying.remove(run, "again")).count == 0
    assert (await world.records.read(run))["student"] == noted
    assert list(world.deployer.serving) == [deployment_name(run)]


async def test_what_was_removed_is_not_made_again() -> None:
    world = World()
    run = await deployed(world)
    await world.deploying.remove(run, "told to")
    with pytest.raises(JobError, match=r"was removed at .*: told to"):
        await world.deploying.create(run)
    assert len(world.deployer.created) == 1
    assert world.deployer.serving == {}


async def test_a_repeated_creation_keeps_the_time_of_the_first() -> None:
    world = World()
    run = await deployed(world)
    created = (await world.records.read(run))["student"]["created"]
    await world.deploying.create(run)
    assert (await world.records.read(run))["student"]["created"] == created


async def test_a_deployment_that_went_by_itself_is_noted_as_gone() -> None:
    world = World()
    run = await deployed(world)
    world.deployer.serving.clear()
    assert (await world.deploying.remove(run, "told to")).count == 0
    noted = (await world.records.read(run))["student"]
    assert noted["removed_because"] == "it was not there any more"


async def test_a_deployment_begun_but_not_noted_is_found_by_its_name() -> None:
    world = World()
    run = await world.trained()
    model = (await world.records.read(run))["student"]["model"]
    world.deployer.serving = {deployment_name(run): model, "another": model}
    assert (await world.deploying.remove(run, "cancelled")).count == 1
    assert list(world.deployer.serving) == ["another"]


@pytest.mark.parametrize("trained", [False, True])
async def test_a_run_without_a_deployment_has_nothing_removed_or_noted(trained: bool) -> None:
    world = World()
    run = await world.trained() if trained else await world.start()
    before = (await world.records.read(run))["student"]
    assert (await world.deploying.remove(run, "told to")).count == 0
    assert (await world.records.read(run))["student"] == before


async def test_a_run_under_way_keeps_what_it_needs() -> None:
    world = World()
    run = await deployed(world)
    with pytest.raises(NotNow, match="has not ended"):
        await world.deploying.remove_of_ended(run, "told to")
    assert deployment_name(run) in world.deployer.serving
    with pytest.raises(BlobNotFound):
        await world.deploying.remove_of_ended("none", "told to")
    await world.records.finish(Finish(run, "completed"))
    assert (await world.deploying.remove_of_ended(run, "told to")).count == 1


async def test_a_deployment_expires_its_hours_after_it_was_created() -> None:
    world = World()
    run = await deployed(world, "completed", ttl_hours=TTL)
    world.now += timedelta(hours=TTL) - timedelta(minutes=1)
    assert await world.deploying.expired() == {}
    world.now += timedelta(minutes=1)
    assert await world.deploying.expired() == {run: "its time was over (ttl_hours: 48)"}
    await world.deploying.remove(run, "swept")
    assert await world.deploying.expired() == {}


@pytest.mark.parametrize(
    ("state", "deployment", "due"),
    [
        ("completed", {}, False),
        ("completed", {"ttl_hours": TTL}, True),
        ("failed", {"ttl_hours": TTL}, True),
        ("", {"ttl_hours": TTL}, False),  # evaluation still asks it
        ("", {"keep": "never"}, False),
        ("failed", {"keep": "never"}, True),  # it never came to its report
    ],
)
async def test_only_what_is_due_expires(
    state: str, deployment: dict[str, object], due: bool
) -> None:
    world = World()
    run = await deployed(world, state, **deployment)
    world.now += timedelta(days=400)
    assert list(await world.deploying.expired()) == ([run] if due else [])


@pytest.mark.parametrize(("keep", "kept"), [("always", True), ("never", False)])
async def test_the_plan_tells_whether_the_deployment_is_kept(keep: str, kept: bool) -> None:
    world = World()
    run = await world.start(deployment={"keep": keep})
    assert (await world.records.prepare(run)).keep_deployment is kept
