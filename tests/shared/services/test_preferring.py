"""The baseline answers what is trained on; its worse answers, and only those, are not preferred."""

from __future__ import annotations

import json
from typing import Any

from shared.contracts import CHOICES_PER_ITEM, Outcome, OutcomeStatus
from shared.errors import ModelRefusesUs, ModelUnavailable
from shared.ports import Reply
from shared.services.dataset import learned_prefix
from tests.shared.services.fakes import ScriptedChat
from tests.shared.services.world import World

DPO: dict[str, Any] = {"student": {"method": "dpo"}}
WRONG = "I believe\n<ANSWER>: about ninety pounds"


async def asked(baseline: ScriptedChat, **spec: Any) -> tuple[World, str, list[Outcome]]:
    """A dataset whose rows the baseline was asked about."""
    world = World(baseline=baseline)
    run, _ = await world.dataset(**(spec or DPO))
    rows = len(await world.shards.all(learned_prefix(run)))
    items = -(-rows // CHOICES_PER_ITEM)
    return world, run, [await world.preferring.answer(run, item) for item in range(items)]


async def pairs(world: World, run: str, split: str = "train") -> list[dict[str, Any]]:
    data = await world.blobs.read(f"{run}/dataset/dpo/{split}.jsonl")
    return [json.loads(line) for line in data.splitlines()]


def rejected(record: dict[str, Any]) -> str:
    return str(record["non_preferred_output"][0]["content"])


async def test_the_baselines_own_mistakes_are_the_answers_not_preferred() -> None:
    world, run, outcomes = await asked(ScriptedChat(lambda _: WRONG, "baseline"))
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.OK}
    written = await world.preferring.write(run)
    records = [*await pairs(world, run), *await pairs(world, run, "valid")]
    assert written.count == len(records) == sum(o.counts["baseline_mistakes"] for o in outcomes)
    assert {rejected(record) for record in records} == {WRONG}
    chat = (await world.blobs.read(f"{run}/dataset/train.jsonl")).splitlines()
    prompts = [json.loads(line)["messages"][:-1] for line in chat]
    assert [record["input"]["messages"] for record in await pairs(world, run)] == prompts


async def test_where_the_baseline_is_right_a_distractor_makes_the_worse_answer() -> None:
    labels: dict[str, str] = {}

    def right(prompt: str) -> str:
        return next(label for question, label in labels.items() if question in prompt)

    world = World(baseline=ScriptedChat(right, "baseline"))
    run, _ = await world.dataset(**DPO)
    before = await pairs(world, run)
    rows = await world.shards.all(learned_prefix(run))
    labels |= {row["question"]: row["label"] for row in rows}
    for item in range(-(-len(rows) // CHOICES_PER_ITEM)):
        assert (await world.preferring.answer(run, item)).counts == {}
    await world.preferring.write(run)
    assert await pairs(world, run) == before
    assert all("##begin_quote##" in rejected(record) for record in before)


async def test_asking_again_pays_nothing_and_writes_the_same() -> None:
    baseline = ScriptedChat(lambda _: WRONG, "baseline")
    world, run, outcomes = await asked(baseline)
    calls = len(baseline.requests)
    assert [await world.preferring.answer(run, item) for item in range(len(outcomes))] == outcomes
    assert len(baseline.requests) == calls
    await world.preferring.write(run)
    first = await pairs(world, run)
    await world.preferring.write(run)
    assert await pairs(world, run) == first


async def test_a_baseline_that_fails_costs_the_row_and_one_that_refuses_us_the_run() -> None:
    def flaky(prompt: str) -> str | Reply | Exception:
        return ModelUnavailable("busy") if "alder" in prompt.rpartition("\n")[2] else WRONG

    world, run, outcomes = await asked(ScriptedChat(flaky, "baseline"))
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.OK}
    await world.preferring.write(run)
    assert {rejected(record) == WRONG for record in await pairs(world, run)} <= {True, False}
    refuses = ScriptedChat(lambda _: ModelRefusesUs("the key is wrong"), "baseline")
    _, _, (first, *_) = await asked(refuses)
    assert (first.status, first.fatal) == (OutcomeStatus.FAILED, True)


async def test_an_item_that_failed_leaves_its_rows_to_their_distractors() -> None:
    world, run, outcomes = await asked(ScriptedChat(lambda _: WRONG, "baseline"))
    assert len(outcomes) > 1
    await world.blobs.put(outcomes[0].ref, b"")
    await world.preferring.write(run)
    found = [rejected(record) for record in await pairs(world, run)]
    assert any(text != WRONG for text in found[:CHOICES_PER_ITEM])
    assert set(found[CHOICES_PER_ITEM:]) == {WRONG}


async def test_rows_are_kept_for_the_baseline_only_where_it_is_asked() -> None:
    for student in ({}, {"method": "dpo", "rejected": "distractor"}):
        world = World()
        run, _ = await world.dataset(student=student)
        assert await world.shards.all(learned_prefix(run)) == []


async def test_what_people_preferred_is_learned_unless_it_is_tested() -> None:
    world, run, _ = await asked(ScriptedChat(lambda _: WRONG, "baseline"))
    await world.preferring.write(run)
    before = await pairs(world, run)
    (tested, *_) = await world.shards.all(f"{run}/evaluation/questions")
    for number, (question, preferred) in enumerate(
        [("Which card?", "the blue one"), (tested["question"], "seen"), ("A tie?", "")]
    ):
        record = {
            "question": question,
            "messages": [{"role": "user", "content": question}],
            "preferred": preferred,
            "rejected": "the red one",
        }
        await world.blobs.put(f"other-1/comparisons/{number:05}.json", json.dumps(record).encode())
    student = {"method": "dpo", "comparisons": "other-1"}
    again, _ = await world.dataset(student=student)
    assert (await world.preferring.write(again)).counts == {"pairs_chosen": 1}
    chosen = [one for one in await pairs(world, again) if one not in before]
    assert {
        "input": {"messages": [{"role": "user", "content": "Which card?"}]},
        "preferred_output": [{"role": "assistant", "content": "the blue one"}],
        "non_preferred_output": [{"role": "assistant", "content": "the red one"}],
    } in chosen
    assert "seen" not in str(chosen)
