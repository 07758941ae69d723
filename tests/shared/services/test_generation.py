"""A chunk through the teacher: examples that quote it, drops with a code, trouble told apart."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from shared.adapters.chat import OpenAIChat
from shared.contracts import OutcomeStatus, Spend
from shared.errors import ContentFiltered, ModelError, ModelRefusesUs, ModelUnavailable
from shared.ports import Reply
from tests.local.models.support import Server
from tests.pdfs import prose
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.world import World, teach
from tests.shared.support import endpoint

GOOD = "It says ##begin_quote##The alder 1 account##end_quote##\n<ANSWER>: two pounds"
ASKED = "What does the alder account cost?\nWho may visit any branch at all?"


def asks(prompt: str) -> bool:
    return "Write 2 questions" in prompt


def answering(reply: str | Reply | Exception) -> ScriptedChat:
    """A teacher who asks two questions and always answers alike."""
    return ScriptedChat(lambda prompt: ASKED if asks(prompt) else reply)


def asking(reply: str | Reply | Exception) -> ScriptedChat:
    """A teacher who gives this when asked for questions."""
    return ScriptedChat(lambda prompt: reply if asks(prompt) else GOOD)


async def first_chunk(teacher: ScriptedChat, **spec: Any) -> tuple[World, str, Any]:
    """The outcome of a run's first chunk."""
    world = World(teacher)
    run = await world.start(**spec)
    await world.ingest(run)
    return world, run, await world.generation.generate(run, 0)


def written(world: World, run: str) -> dict[str, Any]:
    data = json.loads(world.blobs.blobs[f"{run}/examples/00000.json"][0])
    assert isinstance(data, dict)
    return data


async def test_questions_become_verified_examples() -> None:
    world, run, outcome = await first_chunk(answering(GOOD))
    assert (outcome.status, outcome.counts) == (OutcomeStatus.OK, {"examples": 2})
    assert outcome.spend == Spend(3, 300, 30, 0.00105)
    first, second = written(world, run)["examples"]
    assert first["question"] == "What does the alder account cost?"
    assert (first["final"], first["quotes"]) == ("two pounds", ["The alder 1 account"])
    assert (first["id"], second["id"]) == ("bank/1.pdf#0/0", "bank/1.pdf#0/1")


@pytest.mark.parametrize(
    ("code", "reply"),
    [
        ("no_final_answer", "##begin_quote##The alder 1 account##end_quote##"),
        ("not_answerable", "<ANSWER>: I cannot answer this from the documents."),
        ("no_quote", "<ANSWER>: two pounds"),
        ("quote_not_verbatim", GOOD.replace("alder", "elder")),
        ("broken_quote", f"##begin_quote##{GOOD}"),
        ("truncated", Reply(GOOD, "gpt-4o", "length", 100, 10)),
        ("content_filtered", Reply("", "gpt-4o", "content_filter", 100, 0)),
    ],
)
async def test_an_answer_that_cannot_be_used_is_asked_again_then_dropped_with_its_code(
    code: str, reply: str | Reply
) -> None:
    teacher = answering(reply)
    world, run, outcome = await first_chunk(teacher)
    assert (outcome.status, outcome.counts) == (OutcomeStatus.REJECTED, {f"drop_{code}": 2})
    assert code in outcome.reason
    assert len(teacher.requests) == outcome.spend.calls == 5
    assert Counter(request.seed for request in teacher.requests[1:]) == {42: 2, 43: 2}
    assert {drop["code"] for drop in written(world, run)["drops"]} == {code}


async def test_a_second_answer_that_is_good_is_taken() -> None:
    replies = iter(["<ANSWER>: no quote", GOOD, GOOD])
    teacher = ScriptedChat(lambda prompt: ASKED if asks(prompt) else next(replies))
    _, _, outcome = await first_chunk(teacher)
    assert (outcome.status, outcome.counts) == (OutcomeStatus.OK, {"examples": 2})


async def test_one_good_answer_of_two_is_enough() -> None:
    filtered = ContentFiltered("the filter refused the prompt")
    teacher = ScriptedChat(
        lambda prompt: ASKED if asks(prompt) else (GOOD if "cost?" in prompt else filtered)
    )
    _, _, outcome = await first_chunk(teacher)
    assert outcome.status is OutcomeStatus.OK
    assert outcome.counts == {"examples": 1, "drop_content_filtered": 1}


@pytest.mark.parametrize("error", [ModelUnavailable("busy"), ModelError("odd")])
async def test_a_chunk_lost_to_service_trouble_alone_has_failed(error: ModelError) -> None:
    for teacher in (answering(error), asking(error)):
        _, _, outcome = await first_chunk(teacher)
        assert outcome.status is OutcomeStatus.FAILED
        assert (outcome.reason, outcome.fatal) == (error.reason, False)


async def test_a_chunk_that_the_filter_refuses_is_rejected_wherever_it_does() -> None:
    error = ContentFiltered("the filter refused the prompt")
    for teacher in (answering(error), asking(error)):
        _, _, outcome = await first_chunk(teacher)
        assert (outcome.status, outcome.fatal) == (OutcomeStatus.REJECTED, False)


@pytest.mark.parametrize(("reply", "calls"), [("", 1), ("Here is a poem instead.", 2)])
async def test_a_chunk_without_a_question_is_rejected(reply: str, calls: int) -> None:
    teacher = asking(reply)
    _, _, outcome = await first_chunk(teacher)
    assert (outcome.status, outcome.counts) == (OutcomeStatus.REJECTED, {})
    assert len(teacher.requests) == calls


async def test_what_is_fatal_stops_the_run_and_sends_nothing_more() -> None:
    teacher = answering(ModelRefusesUs("scripted answered 401"))
    world, run, outcome = await first_chunk(teacher)
    assert (outcome.status, outcome.fatal) == (OutcomeStatus.FAILED, True)
    assert outcome.reason == "scripted answered 401"
    sent = len(teacher.requests)
    for index in range(1, 4):
        later = await world.generation.generate(run, index)
        assert (later.status, later.fatal) == (OutcomeStatus.FAILED, True)
        assert later.reason.count("not sent") == 1
    assert len(teacher.requests) == sent


async def test_a_chunk_done_again_pays_nothing_and_gives_the_same() -> None:
    teacher = ScriptedChat(teach)
    world, run, first = await first_chunk(teacher)
    before = written(world, run)
    again = World(teacher, containers=(world.uploads, world.blobs))
    assert await again.generation.generate(run, 0) == first
    assert written(again, run) == before
    assert len(teacher.requests) == 3


async def test_another_run_over_the_same_chunk_pays_only_for_what_differs() -> None:
    teacher = ScriptedChat(teach)
    world, _, first = await first_chunk(teacher)
    for spec, paid in (({"p": 0.5}, 0), ({"seed": 7}, 3)):
        run = await world.start(**spec)
        await world.ingest(run)
        outcome = await world.generation.generate(run, 0)
        assert outcome.spend.calls == paid
        assert outcome.spend.reused == first.spend.calls - paid


async def test_the_stand_ins_books_agree_with_the_outcomes(models: Server) -> None:
    models.fault("server_error", "teacher", rate=0.2, seed=1)
    places = asyncio.Semaphore(4)
    chat = OpenAIChat(
        endpoint(models.url, "teacher"), deployment="teacher", concurrency=places, timeout=5
    )
    world = World(chat)
    run = await world.start({"bank/1.pdf": prose(1, 2)})
    await world.ingest(run)
    outcomes = await asyncio.gather(
        *(world.generation.generate(run, index) for index in range(world.chunks))
    )
    await chat.close()
    spend = sum((outcome.spend for outcome in outcomes), Spend())
    billed = models.admin("ledger")["deployments"]["teacher"]
    assert (spend.calls, spend.prompt_tokens, spend.completion_tokens) == tuple(billed.values())
    assert sum(outcome.counts.get("examples", 0) for outcome in outcomes) > 0
