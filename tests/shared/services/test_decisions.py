"""Approval and cancelling: asked only where wanted; the first decision stands and is recorded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts import Finish, Stage, StageRecord
from shared.errors import BlobNotFound, BudgetReached, NotNow, RunStopped
from shared.services.decisions import Decisions
from tests.shared.services.world import World

CHEAP, DEAR = 100.0, 0.001


async def ready(budget: dict[str, Any]) -> tuple[World, str, Decisions]:
    """A run whose dataset is built."""
    world = World()
    run, _ = await world.dataset(budget=budget)
    return world, run, world.decisions


@pytest.mark.parametrize(
    "budget",
    [
        {},
        {"usd": CHEAP},
        {"usd": CHEAP, "approval": "over_budget"},
        {"approval": "over_budget"},
    ],
)
async def test_nobody_is_asked_without_need(budget: dict[str, Any]) -> None:
    world, run, decisions = await ready(budget)
    assert (await decisions.ask(run)).count == 1
    assert "approval" not in await world.records.read(run)


async def test_over_the_budget_without_approval_ends_the_run_and_says_how_to_go_on() -> None:
    _, run, decisions = await ready({"usd": DEAR})
    with pytest.raises(BudgetReached, match="approval: over_budget"):
        await decisions.ask(run)


@pytest.mark.parametrize(
    "budget", [{"approval": "always"}, {"usd": DEAR, "approval": "over_budget"}]
)
async def test_an_approval_lets_the_run_go_on_and_a_second_is_harmless(
    budget: dict[str, Any],
) -> None:
    world, run, decisions = await ready(budget)
    assert (await decisions.ask(run)).count == 0
    assert (await decisions.ask(run)).count == 0, "a repeated activity asks the same"
    asked = (await world.records.read(run))["approval"]
    assert asked["state"] == "waiting"
    assert asked["usd_training"] > 0
    assert (await decisions.settle(run)).count == 0
    first = await decisions.decide(run, True, "Ada", "within plan")
    again = await decisions.decide(run, True, "Bob", "me too")
    assert first["approval"] == again["approval"]
    assert (first["approval"]["by"], first["approval"]["why"]) == ("Ada", "within plan")
    assert (await decisions.settle(run)).count == 1
    assert (await decisions.ask(run)).count == 1
    with pytest.raises(NotNow, match="it was approved before"):
        await decisions.decide(run, False, "Eve", "")


async def test_a_rejection_ends_the_run_with_its_words() -> None:
    _, run, decisions = await ready({"approval": "always"})
    await decisions.ask(run)
    await decisions.decide(run, False, "Ada", "too dear")
    settled = await decisions.settle(run)
    assert (settled.count, settled.ref) == (0, "the training was rejected by Ada: too dear")


async def test_an_approval_that_nobody_gives_expires() -> None:
    world, run, decisions = await ready({"approval": "always", "approval_hours": 2})
    await decisions.ask(run)
    assert (await decisions.settle(run)).ref == ""
    world.now += timedelta(hours=2)
    assert (await decisions.settle(run)).ref.startswith("nobody approved the training until ")
    with pytest.raises(NotNow, match="it was expired before"):
        await decisions.decide(run, True, "Ada", "late")


async def test_a_decision_that_nobody_waits_for_is_refused() -> None:
    _, run, decisions = await ready({})
    with pytest.raises(NotNow, match="no approval is waited for"):
        await decisions.decide(run, True, "Ada", "")
    with pytest.raises(BlobNotFound):
        await decisions.decide("no-such-run", True, "Ada", "")


async def test_a_cancelled_run_begins_nothing_more_and_ends_cancelled() -> None:
    world, run, decisions = await ready({})
    await decisions.cancel(run, "Ada", "wrong folder")
    await decisions.cancel(run, "Bob", "again")
    with pytest.raises(RunStopped, match="cancelled by Ada: wrong folder"):
        await decisions.ask(run)
    with pytest.raises(RunStopped):
        await world.stops.check(run)
    with pytest.raises(RunStopped):
        await world.records.record_stage(StageRecord(run, Stage.TRAIN, ended=False, total=1))
    await world.records.record_stage(StageRecord(run, Stage.DATASET, ended=True))
    await world.records.finish(Finish(run, "failed", "not sent, the run was stopped"))
    manifest = await world.records.read(run)
    assert manifest["state"] == "cancelled"
    assert manifest["reason"] == "cancelled by Ada: wrong folder"
    assert await decisions.cancel(run, "Eve", "late") == manifest


async def test_a_run_that_has_ended_cannot_be_cancelled() -> None:
    world, run, decisions = await ready({})
    await world.records.finish(Finish(run, "completed"))
    with pytest.raises(NotNow, match="has ended before: completed"):
        await decisions.cancel(run, "Ada", "")


async def test_a_run_cancelled_while_it_waits_is_not_approved() -> None:
    _, run, decisions = await ready({"approval": "always"})
    await decisions.ask(run)
    await decisions.cancel(run, "", "")
    assert (await decisions.settle(run)).ref == "cancelled by someone"
