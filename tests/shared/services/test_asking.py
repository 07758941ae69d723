"""Questions to both models: what is shown, what is paid, and what is said when one is gone."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import BlobNotFound, ModelRefusesUs, NotNow, SpecError
from shared.services.asking import Asking, ChunkSearch
from shared.services.both_models import BothModels
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.world import World

QUESTION = "What does the cedar 1 account cost?"


def asking(world: World) -> Asking:
    both = BothModels(world.records, world.work, world.baseline, world.students)
    return Asking(world.records, ChunkSearch(world.shards), both)


async def served(world: World, **spec: Any) -> str:
    """A run whose student is deployed."""
    run = await world.trained(**spec)
    await world.deploying.create(run)
    return run


def quoting(prompt: str) -> str:
    quote = "The cedar 1 account has a fee of 4 pounds"
    return f"##begin_quote##{quote}##end_quote## ##begin_quote##made up##end_quote##\n<ANSWER>: 4"


async def test_both_answer_over_what_the_search_finds_and_quotes_are_placed() -> None:
    world = World(student=ScriptedChat(quoting, "student"))
    run = await served(world)
    said = await asking(world).ask(run, f"  {QUESTION} ")
    assert said["question"] == QUESTION
    best = said["documents"][0]
    assert "cedar 1 account has a fee" in best["text"]
    assert (best["document"], best["pages"]) == ("bank/1.pdf", [1])
    assert said["student"]["final"] == "4"
    assert said["student"]["quotes"] == [
        {"text": "The cedar 1 account has a fee of 4 pounds", "chunk": best["chunk"]},
        {"text": "made up", "chunk": None},
    ]
    assert said["baseline"]["final"] == "baseline"
    asked = [chat.requests[-1].messages for chat in (world.baseline, world.student)]  # type: ignore[attr-defined]
    assert asked[0] == asked[1]


async def test_the_same_question_is_paid_once() -> None:
    world = World()
    run = await served(world)
    first = await asking(world).ask(run, QUESTION)
    again = await asking(world).ask(run, QUESTION)
    assert (first["spend"]["calls"], again["baseline"]) == (2, first["baseline"])
    assert len(world.student.requests) == len(world.baseline.requests) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("question", [None, 3, "", "  ", "x" * 1_001])
async def test_what_is_no_question_is_refused(question: Any) -> None:
    world = World()
    with pytest.raises(SpecError) as caught:
        await asking(world).ask("bank-1", question)
    assert caught.value.field == "question"


async def test_runs_without_a_student_say_what_is_missing() -> None:
    world = World()
    with pytest.raises(BlobNotFound):
        await asking(world).ask("../other", QUESTION)
    run, _ = await world.dataset()
    with pytest.raises(NotNow, match="has no student yet"):
        await asking(world).ask(run, QUESTION)
    await world.training.record(run, (await world.training.submit(run)).ref)
    with pytest.raises(NotNow, match="not deployed yet"):
        await asking(world).ask(run, QUESTION)
    await world.deploying.create(run)
    await world.deploying.remove(run, "nobody used it")
    with pytest.raises(NotNow, match=r"was removed at .*: nobody used it"):
        await asking(world).ask(run, QUESTION)
    assert world.student.requests == []  # type: ignore[attr-defined]


async def test_a_student_that_nothing_hosts_needs_no_deployment() -> None:
    world = World()
    world.hosted = False
    run = await world.trained()
    assert (await asking(world).ask(run, QUESTION))["student"]["final"] == "student"


async def test_a_model_that_turns_a_person_away_does_not_stop_the_run() -> None:
    gone = ScriptedChat(lambda _: ModelRefusesUs("no such deployment"), "student")
    world = World(student=gone)
    run = await served(world)
    with pytest.raises(NotNow, match="the student cannot be asked, as student: no such"):
        await asking(world).ask(run, QUESTION)
    await world.stops.check(run)
    assert f"{run}/stop.json" not in world.blobs.blobs
