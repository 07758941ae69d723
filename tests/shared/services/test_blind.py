"""Blind comparisons: whose answer is whose is not told, choices are kept once and used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import BlobNotFound, NotNow, SpecError
from shared.services.blind import ENOUGH, Blind
from shared.services.both_models import BothModels
from shared.services.results_view import ResultViews
from shared.spec import parse_spec
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.test_asking import served
from tests.shared.services.test_results_view import MemoryParts
from tests.shared.services.world import World, story

SPLITS = {"splits": {"train": 0.5, "valid": 0.3, "test": 0.2}}
FILES = {"bank/1.pdf": story(1), "bank/2.pdf": story(2)}


def blind(world: World) -> Blind:
    both = BothModels(world.records, world.work, world.baseline, world.students)
    results = ResultViews(world.blobs, MemoryParts(world.blobs))
    return Blind(world.blobs, world.records, results, both, world._clock)


async def side_of(made: Blind, run: str, who: str) -> tuple[int, str]:
    """The next row, and on which side an answer with these words stands."""
    pair = (await made.shown(run))["next"]
    (side,) = [side for side, text in pair["answers"].items() if who in text]
    return pair["row"], side


async def choices(world: World, run: str) -> list[dict[str, Any]]:
    names = [blob.name for blob in await world.blobs.listing(f"{run}/comparisons/")]
    return [json.loads(await world.blobs.read(name)) for name in names]


async def test_pairs_are_validation_rows_in_an_order_and_on_sides_that_vary() -> None:
    world = World()
    run = await served(world, files=FILES, **SPLITS)
    made = blind(world)
    rows, sides = [], []
    while (await made.shown(run))["next"]:
        row, side = await side_of(made, run, "student")
        rows.append(row)
        sides.append(side)
        await made.choose(run, row, "tie", "")
    assert sorted(rows) == list(range(len(rows)))
    assert rows != sorted(rows)
    assert set(sides) == {"a", "b"}
    valid = {
        row["question"]
        for row in map(
            json.loads, (await world.blobs.read(f"{run}/dataset/rows.jsonl")).splitlines()
        )
        if row["split"] == "valid"
    }
    assert {choice["question"] for choice in await choices(world, run)} == valid
    assert (await made.shown(run))["why"] == "every validation row has been compared"


async def test_a_choice_is_kept_with_the_prompt_and_both_answers_and_asked_for_once() -> None:
    world = World()
    run = await served(world, files=FILES, **SPLITS)
    made = blind(world)
    row, side = await side_of(made, run, "student")
    await made.choose(run, row, side, "  Ada \n L. ")
    (choice,) = await choices(world, run)
    assert (choice["winner"], choice["by"], choice["row"]) == ("student", "Ada L.", row)
    assert (choice["preferred"], choice["rejected"]) == ("<ANSWER>: student", "<ANSWER>: baseline")
    assert choice["messages"] == list(world.student.requests[0].messages)  # type: ignore[attr-defined]
    assert choice["at"]
    with pytest.raises(NotNow, match="compared before"):
        await made.choose(run, row, "tie", "")
    assert await choices(world, run) == [choice]
    assert len(world.student.requests) == 1  # type: ignore[attr-defined]


async def test_the_result_is_told_when_enough_choices_are_made() -> None:
    world = World()
    run = await served(world, files=FILES, **SPLITS)
    made = blind(world)
    for number in range(ENOUGH):
        shown = await made.shown(run)
        assert (shown["made"], shown["result"]) == (number, None)
        row, side = await side_of(made, run, "student" if number else "baseline")
        await made.choose(run, row, side, "")
    result = (await made.shown(run))["result"]
    assert (result["n"], result["wins"], result["losses"]) == (ENOUGH, ENOUGH - 1, 1)
    assert result["low"] < result["rate"] == 0.8 < result["high"]


async def test_rows_that_both_answer_alike_are_ties_that_nobody_sees() -> None:
    def said(who: str) -> ScriptedChat:
        return ScriptedChat(lambda prompt: "same" if "cost" in prompt[-60:] else who, who)

    world = World(baseline=said("baseline"), student=said("student"))
    run = await served(world, files=FILES, **SPLITS)
    shown = await blind(world).shown(run)
    assert set(shown["next"]["answers"].values()) == {"baseline", "student"}
    kept = await choices(world, run)
    assert shown["made"] == len(kept)
    assert all((each["winner"], each["preferred"]) == ("tie", "") for each in kept)


async def test_choices_become_pairs_of_the_run_that_is_started_with_them() -> None:
    world = World()
    run = await served(world, files=FILES, **SPLITS)
    made = blind(world)
    row, side = await side_of(made, run, "student")
    await made.choose(run, row, side, "")
    body = await made.follow_up(run)
    assert body["documents"] == ["bank/1.pdf", "bank/2.pdf"]
    assert parse_spec(body["spec"]).student.comparisons == run
    blobs = await world.documents.blobs_of("bank")
    next_run = (await world.records.claim("bank", blobs, body["spec"])).run
    await world.records.prepare(next_run)
    await world.ingest(next_run)
    await world.generate(next_run)
    await world.fan_in(next_run)
    written = await world.preferring.write(next_run)
    assert written.counts == {"pairs_chosen": 1}


async def test_a_wrong_choice_is_refused() -> None:
    world = World()
    run = await served(world, files=FILES, **SPLITS)
    made = blind(world)
    wrong: list[tuple[Any, Any, str]] = [(0, "student", "winner"), (0, None, "winner")]
    wrong += [(row, "a", "row") for row in (-1, 999, True, "0", None, 1.5)]
    for row, winner, field in wrong:
        with pytest.raises(SpecError) as caught:
            await made.choose(run, row, winner, "")
        assert caught.value.field == field
    assert await choices(world, run) == []


async def test_without_a_student_the_reason_is_told_and_without_a_run_nothing_found() -> None:
    world = World()
    run, _ = await world.dataset(files=FILES, **SPLITS)
    shown = await blind(world).shown(run)
    assert shown["next"] is None
    assert "has no student yet" in shown["why"]
    with pytest.raises(BlobNotFound):
        await blind(world).shown("none")
