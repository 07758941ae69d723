"""What people see of runs: the record, joined with the lanes at work while it runs."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts import Finish, Spend, Stage, StageRecord, Tally, wait_ids
from shared.errors import BlobNotFound
from shared.ports import BlobInfo
from shared.services.runs_view import RunViews
from tests.shared.services.world import World

PARENT = {"stage": "generate", "stage_number": 2, "stages": 7, "done": 0, "total": 30, "lanes": 4}


def lane(done: int, failed: int, usd: float, left: float | None) -> dict[str, Any]:
    return {"done": done, "total": 10, "failed": failed, "usd": usd, "seconds_left": left}


class Live:
    """Custom statuses by instance id; keeps who was asked for."""

    def __init__(self, statuses: dict[str, Any]) -> None:
        self.statuses = statuses
        self.asked: list[str] = []

    async def __call__(self, instance: str) -> Any:
        self.asked.append(instance)
        return self.statuses.get(instance)


@pytest.fixture
def world() -> World:
    return World()


async def running(world: World) -> str:
    """A run in its second stage, whose first one cost a dollar."""
    run = await world.start()
    paid = Tally(ok=1, spend=Spend(2, 20, 10, 1.0, 3))
    await world.records.record_stage(StageRecord(run, Stage.INGEST, ended=True, tally=paid))
    await world.records.record_stage(StageRecord(run, Stage.GENERATE, ended=False, total=30))
    return run


async def test_progress_is_the_sum_of_the_lanes_and_the_longest_of_their_times(
    world: World,
) -> None:
    run = await running(world)
    live = Live(
        {
            run: PARENT,
            f"{run}-generate-0": lane(4, 1, 0.25, 9.0),
            f"{run}-generate-1": lane(6, 0, 0.5, 3.0),
            f"{run}-generate-2": lane(0, 0, 0.0, None),  # lane 3 has not begun
        }
    )
    view = await RunViews(world.records).one(run, live)
    assert (view["state"], view["stage"]) == ("running", "generate")
    assert (view["done"], view["total"], view["failed"]) == (10, 30, 1)
    assert view["seconds_left"] == 9.0
    assert view["usd"] == 1.75
    assert (view["calls"], view["reused"]) == (2, 3)
    assert view["tokens"] == {"prompt": 20, "completion": 10}
    assert list(view["stages"]) == ["ingest", "generate"]
    assert live.asked == [run, *(f"{run}-generate-{n}" for n in range(4))]


@pytest.mark.parametrize("status", [None, "", [], "Loading"])
async def test_a_run_without_a_status_shows_its_record(world: World, status: Any) -> None:
    run = await running(world)
    view = await RunViews(world.records).one(run, Live({run: status}))
    assert (view["stage"], view["usd"]) == ("generate", 1.0)
    assert "done" not in view


async def test_a_stage_without_lanes_shows_the_parents_own_figures(world: World) -> None:
    run = await running(world)
    live = Live({run: {**PARENT, "stage": "dataset", "lanes": 0, "total": 1}})
    view = await RunViews(world.records).one(run, live)
    assert (view["stage"], view["done"], view["total"]) == ("dataset", 0, 1)
    assert live.asked == [run]


def waiting(stage: str, total: int = 1) -> dict[str, Any]:
    """The run's own status while the cloud works for it."""
    return {**PARENT, "stage": stage, "lanes": 0, "total": total}


def said(status: str, detail: str = "") -> dict[str, Any]:
    """What a wait shows."""
    return {"status": status, "detail": detail, "looks": 3}


@pytest.mark.parametrize(("stage", "wait"), [("train", "training"), ("deploy", "deployment")])
async def test_while_the_cloud_works_its_own_word_and_last_event_are_shown(
    world: World, stage: str, wait: str
) -> None:
    run = await running(world)
    live = Live({run: waiting(stage), f"{run}-{wait}": said("queued", "Job is\n queued. ")})
    view = await RunViews(world.records).one(run, live)
    assert view["wait"] == {"status": "queued", "event": "Job is queued.", "looks": 3}
    assert live.asked == [run, f"{run}-{wait}"]


def test_waits_keep_the_names_that_running_instances_have() -> None:
    assert wait_ids("bank-1") == ("bank-1-training", "bank-1-training-2", "bank-1-deployment")


async def test_of_two_trainings_the_later_one_that_has_begun_is_shown(world: World) -> None:
    run = await running(world)
    statuses = {run: waiting("train", 2), f"{run}-training": said("running")}
    views = RunViews(world.records)
    assert (await views.one(run, Live(statuses)))["wait"]["status"] == "running"
    statuses[f"{run}-training-2"] = said("pending")
    assert (await views.one(run, Live(statuses)))["wait"]["status"] == "pending"


@pytest.mark.parametrize("status", [None, "", [], {}, {"detail": "x"}])
async def test_a_wait_without_a_word_shows_nothing(world: World, status: Any) -> None:
    run = await running(world)
    live = Live({run: waiting("deploy"), f"{run}-deployment": status})
    assert "wait" not in await RunViews(world.records).one(run, live)


async def test_an_ended_run_is_shown_from_its_record_alone(world: World) -> None:
    run = await running(world)
    await world.records.finish(Finish(run, "failed", "the cloud said no"))
    live = Live({run: PARENT})
    view = await RunViews(world.records).one(run, live)
    assert live.asked == []
    assert (view["state"], view["reason"]) == ("failed", "the cloud said no")
    assert view["ended"]


async def test_a_claimed_run_has_no_stage_yet(world: World) -> None:
    blobs = await world.upload({"bank/1.pdf": "one"})
    run = (await world.records.claim("bank", blobs)).run
    view = await RunViews(world.records).one(run, Live({}))
    assert (view["state"], view["stage"], view["ended"]) == ("pending", None, None)
    assert (view["stages"], view["usd"], view["documents"]) == ({}, 0, 1)


async def test_runs_are_listed_newest_first_up_to_the_limit(world: World) -> None:
    runs = []
    for n in range(3):
        blobs = await world.upload({f"bank{n}/1.pdf": "one"})
        runs.append((await world.records.claim(f"bank{n}", blobs)).run)
    await world.blobs.put("work/key.json", b"{}")
    listed = await RunViews(world.records).newest(2)
    assert [line["run"] for line in listed] == [runs[2], runs[1]]
    older = await RunViews(world.records).newest(2, offset=2)
    assert [line["run"] for line in older] == [runs[0]]
    line = {"run", "domain", "state", "created", "stage", "usd", "budget_usd", "documents"}
    assert listed[0].keys() == line | {"waits", "promoted"}


async def test_a_page_of_a_thousand_runs_reads_its_own_records_only(world: World) -> None:
    for n in range(1_000):
        blobs = [BlobInfo(f"bank{n}/1.pdf", "1", 1, world.now)]
        await world.records.claim(f"bank{n}", blobs)
    world.blobs.reads.clear()
    listed = await RunViews(world.records).newest(50)
    assert len(world.blobs.reads) == len(listed) == 50
    assert [line["domain"] for line in listed[:2]] == ["bank999", "bank998"]


async def test_a_run_that_has_ended_is_listed_without_being_read_again(world: World) -> None:
    ended, at_work = await world.start(), await world.start(seed=1)
    await world.records.finish(Finish(ended, "failed", "no"))
    views = RunViews(world.records)
    first = await views.newest(9)
    world.blobs.reads.clear()
    assert await views.newest(9) == first
    assert f"{ended}/manifest.json" not in world.blobs.reads
    assert f"{at_work}/manifest.json" in world.blobs.reads


async def test_a_run_is_shown_from_one_record(world: World) -> None:
    run = await running(world)
    world.blobs.reads.clear()
    await RunViews(world.records).one(run, Live({run: PARENT}))
    assert world.blobs.reads == [f"{run}/manifest.json"]


async def test_an_unknown_run_is_not_found(world: World) -> None:
    with pytest.raises(BlobNotFound):
        await RunViews(world.records).one("none", Live({}))
