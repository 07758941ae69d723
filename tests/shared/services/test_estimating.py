"""The estimate is made from the run's chunks, kept in its record, and says what has no price."""

from __future__ import annotations

from typing import Any

from shared.contracts import Estimate, to_wire
from tests.shared.services.world import World, story


async def ingested(world: World, documents: int, **spec: Any) -> str:
    """A run whose documents are read and cut."""
    files = {f"bank/{number}.pdf": story(number) for number in range(1, documents + 1)}
    run = await world.start(files, **spec)
    await world.ingest(run)
    return run


async def test_an_estimate_is_recorded_and_grows_with_the_corpus() -> None:
    estimates: list[Estimate] = []
    for documents in (1, 3):
        world = World()
        run = await ingested(world, documents)
        estimates.append(await world.estimating.estimate(run))
        facts = (await world.records.read(run))["estimate"]
        assert facts["without_price"] == []
        assert facts["usd"] > 0
        assert facts["stages"]["generate"]["usd"] == estimates[-1].stages["generate"].usd
    small, large = (estimate.stages["generate"] for estimate in estimates)
    assert large.items == 3 * small.items
    assert large.usd > 2 * small.usd
    to_wire(estimates[-1])


async def test_a_model_without_a_price_is_named() -> None:
    world = World()
    run = await ingested(world, 1, student={"model": "llama-3"})
    await world.estimating.estimate(run)
    facts = (await world.records.read(run))["estimate"]
    assert facts["without_price"] == ["student"]
    assert facts["stages"]["train"]["usd"] == 0
