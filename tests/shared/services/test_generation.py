"""A chunk through the teacher: examples that quote it, drops with a code, trouble told apart."""

from __future__ import annotations

import asyncio
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
from tests.shared.services.teaching import (
    ASKED,
    GOOD,
    QUOTE,
    answering,
    asking,
    asks,
    first_chunk,
    reading,
    written,
)
from tests.shared.services.world import World, teach
from tests.shared.support import endpoint


async def test_questions_become_verified_examples() -> None:
    world, run, outcome = await first_chunk(answering(GOOD))
    assert (outcome.status, outcome.counts) == (OutcomeStatus.OK, {"examples": 2})
    assert outcome.spend == Spend(5, 500, 50, 0.00175)
    first, second = written(world, run)["examples"]
    assert first["question"] == "What does the alder account cost?"
    assert (first["final"], first["quotes"]) == (
        "two pounds",
        ["The alder 1 account has a fee of 2 pounds"],
    )
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
    drops = written(world, run)["drops"]
    assert {drop["code"] for drop in drops} == {code}
    given = reply.text if isinstance(reply, Reply) else reply
    assert {drop["answer"] for drop in drops} == {given}


@pytest.mark.parametrize(("repairs", "tries"), [(0, 1), (1, 2), (3, 4)])
async def test_an_answer_is_repaired_as_often_as_the_spec_says(repairs: int, tries: int) -> None:
    teacher = answering("It is so.\n<ANSWER>: two pounds")
    _, _, outcome = await first_chunk(teacher, verification={"repairs": repairs})
    assert outcome.counts == {"drop_no_quote": 2}
    assert len(teacher.requests) == 1 + 2 * tries
    for request in teacher.requests[3:]:
        first, shown, again = request.messages[1:]
        assert [part["role"] for part in request.messages] == [
            "system",
            "user",
            "assistant",
            "user",
        ]
        assert first["content"].startswith("<DOCUMENT>")
        assert shown["content"] == "It is so.\n<ANSWER>: two pounds"
        assert "failed a check: the answer quotes nothing." in again["content"]


async def test_questions_are_asked_for_by_kind_with_their_schema() -> None:
    teacher = answering(GOOD)
    files = {"bank/1.pdf": "You can freeze the alder card in the app."}
    await first_chunk(teacher, files=files, question_kinds={"factual": 0, "procedural": 1})
    request = teacher.requests[0]
    assert str(request.messages[-1]["content"]).endswith("2 procedural.")
    assert request.schema is not None
    item = request.schema["properties"]["questions"]["items"]
    assert item["properties"]["kind"]["enum"] == ["procedural"]


async def test_an_api_is_asked_for_instructions_whose_answer_is_a_call() -> None:
    call = '<ANSWER>: alder(account="mine")'
    teacher = ScriptedChat(
        lambda prompt: "api: Open an account of mine." if "Write" in prompt else f"{QUOTE}\n{call}"
    )
    reader = reading(f"{QUOTE}\n{call}")
    world, run, outcome = await first_chunk(teacher, reader, doctype="api")
    assert outcome.counts == {"examples": 1}
    assert written(world, run)["examples"][0]["kind"] == "api"
    wanted = "Write 2 instructions that are carried out by this API."
    assert wanted in str(teacher.requests[0].messages[-1]["content"])
    assert len(reader.requests) == 1


async def test_a_question_that_points_at_its_document_is_dropped_unasked() -> None:
    teacher = ScriptedChat(
        lambda prompt: f"What does this document say?\n{ASKED}" if "Write" in prompt else GOOD
    )
    world, run, outcome = await first_chunk(teacher, questions=3)
    assert outcome.counts == {"examples": 2, "drop_points_at_document": 1}
    assert written(world, run)["drops"][0]["answer"] == ""


HOP = "multi_hop: Which of the alder and cedar accounts costs more?"
BOTH = (
    f"It says {QUOTE} and ##begin_quote##The cedar 1 account has a fee of 4 pounds##end_quote##\n"
    "<ANSWER>: the cedar account"
)


async def hop(answer: str) -> tuple[ScriptedChat, ScriptedChat, dict[str, Any]]:
    teacher = ScriptedChat(
        lambda prompt: HOP if "multi_hop questions that need both" in prompt else answer
    )
    reader = reading(answer)
    only = {"factual": 0, "procedural": 0, "comparison": 0, "table": 0, "multi_hop": 1}
    world, run, outcome = await first_chunk(teacher, reader, question_kinds=only)
    assert outcome.counts == {"examples": 1}
    return teacher, reader, written(world, run)["examples"][0]


async def test_a_question_of_two_hops_has_two_oracles_and_quotes_both() -> None:
    teacher, reader, example = await hop(BOTH)
    assert (example["kind"], example["chunk"], example["second"]) == (
        "multi_hop",
        "bank/1.pdf#0",
        "bank/1.pdf#1",
    )
    for request in (*teacher.requests, reader.requests[-1]):
        assert str(request.messages[-1]["content"]).count("<DOCUMENT>") == 2


async def test_two_hops_that_quote_one_chunk_become_a_fact_of_it_verified_on_it_alone() -> None:
    second = "##begin_quote##The cedar 1 account has a fee of 4 pounds##end_quote##"
    _, reader, example = await hop(f"It says {second}\n<ANSWER>: four pounds")
    assert (example["kind"], example["chunk"], example["second"]) == (
        "factual",
        "bank/1.pdf#1",
        "",
    )
    assert all("alder 1" not in str(request.messages[-1]) for request in reader.requests)


async def test_a_filter_that_refuses_the_two_hops_costs_those_only() -> None:
    def teacher(prompt: str) -> str | Exception:
        if "multi_hop" in prompt:
            return ContentFiltered("the filter refused the prompt")
        return "What does the alder account cost?" if "Write" in prompt else GOOD

    _, _, outcome = await first_chunk(
        ScriptedChat(teacher), questions=5, question_kinds={"multi_hop": 1}
    )
    assert outcome.counts == {"examples": 1}


async def test_rounds_answer_further_questions_and_pay_for_no_question_twice() -> None:
    world = World(ScriptedChat(teach))
    run = await world.start()
    await world.ingest(run)
    whole = World(ScriptedChat(teach))
    other = await whole.start()
    await whole.ingest(other)
    await whole.generation.generate(other, 0)
    first = await world.generation.generate(run, 0, most=1)
    assert (first.counts, len(written(world, run)["examples"])) == ({"examples": 1}, 1)
    for _ in range(2):  # the activity may run again
        second = await world.generation.generate(run, 0, most=2, after=1)
        assert second.counts == {"examples": 1}
        assert written(world, run) == written(whole, other)
    spent = first.spend + second.spend
    assert (spent.calls, spent.reused) == (5, 1)
    none = await world.generation.generate(run, 0, most=3, after=2)
    assert (none.status, none.counts) == (OutcomeStatus.OK, {})
    assert written(world, run) == written(whole, other)


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
    world, run, first = await first_chunk(teacher, ScriptedChat(teach, "reader"))
    before = written(world, run)
    again = World(teacher, containers=(world.uploads, world.blobs))
    assert await again.generation.generate(run, 0) == first
    assert written(again, run) == before
    assert len(teacher.requests) == 3


async def test_another_run_over_the_same_chunk_pays_only_for_what_differs() -> None:
    teacher = ScriptedChat(teach)
    world, _, first = await first_chunk(teacher, ScriptedChat(teach, "reader"))
    for spec, paid in (({"p": 0.5}, 0), ({"seed": 7}, 5)):
        run = await world.start(**spec)
        await world.ingest(run)
        outcome = await world.generation.generate(run, 0)
        assert outcome.spend.calls == paid
        assert outcome.spend.reused == first.spend.calls - paid


async def test_the_stand_ins_books_agree_with_the_outcomes(models: Server) -> None:
    models.fault("server_error", "teacher", rate=0.2, seed=1)
    places = asyncio.Semaphore(4)
    teacher, judge = (
        OpenAIChat(endpoint(models.url, name), deployment=name, concurrency=places, timeout=5)
        for name in ("teacher", "judge")
    )
    world = World(teacher, reader=judge)
    before = models.admin("ledger")["deployments"]
    run = await world.start({"bank/1.pdf": prose(1, 2)})
    await world.ingest(run)
    outcomes = await asyncio.gather(
        *(world.generation.generate(run, index) for index in range(world.chunks))
    )
    await teacher.close()
    await judge.close()
    spend = sum((outcome.spend for outcome in outcomes), Spend())
    after = models.admin("ledger")["deployments"]
    billed = [
        sum(list(after[name].values())[at] for name in ("teacher", "judge"))
        - sum(list(before.get(name, {}).values() or (0, 0, 0))[at] for name in ("teacher", "judge"))
        for at in range(3)
    ]
    assert [spend.calls, spend.prompt_tokens, spend.completion_tokens] == billed
    assert sum(outcome.counts.get("examples", 0) for outcome in outcomes) > 0
