"""Planning: what is used, in which split, beside what; paid once, and the same each time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import pytest

from shared.contracts import Spend
from shared.errors import BlobNotFound, ModelUnavailable
from shared.ports import PaidCalls
from shared.raft.answers import is_verbatim
from shared.raft.distractors import distractor_count
from shared.raft.examples import Choice, ChunkExamples, Drop, Example
from shared.raft.formats import to_json
from shared.services.choices import choice_from, choices_prefix, read_planned
from shared.services.dataset import questions_prefix
from shared.services.generation import examples_name
from tests.shared.services.fakes import WordVectors
from tests.shared.services.world import World, story

FILES = {f"bank/{number}.pdf": story(number) for number in range(1, 4)}


async def ready(world: World, files: dict[str, str] | None = None, **spec: Any) -> str:
    """A run whose chunks each have two examples, written as generation would."""
    run = await world.start(files or FILES, **spec)
    await world.ingest(run)
    for index, chunk in enumerate(await world.shards.all(f"{run}/chunks")):
        subject = chunk["text"].partition(" account")[0].removeprefix("The ")
        quote = chunk["text"].partition(".")[0]
        made = ChunkExamples(chunk["id"])
        for number, question in enumerate(
            (f"What does the {subject} account cost?", f"Who may visit with {subject}?")
        ):
            answer = f"##begin_quote##{quote}##end_quote##\n<ANSWER>: {subject}"
            example_id = f"{chunk['id']}/{number}"
            made.examples.append(
                Example(example_id, chunk["id"], question, answer, subject, [quote])
            )
        await write(world, run, index, made)
    return run


async def write(world: World, run: str, index: int, made: ChunkExamples) -> None:
    await world.blobs.put(examples_name(run, index), to_json(asdict(made)))


async def made_of(world: World, run: str, index: int) -> ChunkExamples:
    record = json.loads(await world.blobs.read(examples_name(run, index)))
    return ChunkExamples(record["chunk"], [Example(**one) for one in record["examples"]], [])


async def change(world: World, run: str, index: int, **changes: Any) -> None:
    """Change the first example of a chunk."""
    made = await made_of(world, run, index)
    made.examples[0] = replace(made.examples[0], **changes)
    await write(world, run, index, made)


async def choices(world: World, run: str) -> list[Choice]:
    return [choice_from(record) for record in await world.shards.all(choices_prefix(run))]


async def test_choices_stand_in_reading_order_and_the_list_names_them() -> None:
    world = World()
    run = await ready(world)
    step = await world.datasets.plan(run)
    made = await choices(world, run)
    assert step.count == len(made) > 50
    order = [chunk["id"] for chunk in await world.shards.all(f"{run}/chunks")]
    places = [order.index(choice.example.chunk) for choice in made]
    assert places == sorted(places)
    planned = list(await read_planned(world.blobs, run))
    assert [(one.id, one.split) for one in planned] == [(c.example.id, c.split) for c in made]
    assert [one.quotes for one in planned] == [
        choice.example.quotes if choice.split == "test" else [] for choice in made
    ]


@pytest.mark.parametrize("choice", ["random", "hard", "mixed"])
async def test_one_more_distractor_than_a_row_shows_and_three_spares(choice: str) -> None:
    world = World()
    run = await ready(world, distractors=3, fewest_distractors=1, distractor_choice=choice)
    await world.datasets.plan(run)
    texts = {chunk["id"]: chunk["text"] for chunk in await world.shards.all(f"{run}/chunks")}
    splits: dict[str, str] = {}
    for one in await choices(world, run):
        if one.split == "train":
            count = distractor_count(one.example.id, 3, 1, 42)
            assert (len(one.distractors), len(one.spares)) == (count + 1, 3)
        assert [oracle.chunk for oracle in one.oracles] == [one.example.chunk]
        shown = [*one.oracles, *one.distractors, *one.spares]
        assert len({document.chunk for document in shown}) == len(shown)
        for document in shown:
            assert document.text == texts[document.chunk]
            assert splits.setdefault(document.chunk, one.split) == one.split
        for quote in one.example.quotes:
            assert not any(is_verbatim(quote, document.text) for document in shown[1:])


async def test_planned_again_it_is_the_same_bytes_and_nothing_is_paid_again() -> None:
    world = World()
    run = await ready(world)
    step = await world.datasets.plan(run)
    first = {n: d for n, (d, _) in world.blobs.blobs.items()}
    again = World(containers=(world.uploads, world.blobs))
    assert await again.datasets.plan(run) == step
    assert {n: d for n, (d, _) in world.blobs.blobs.items()} == first
    paid = [name for name in first if name.startswith("work/")]
    assert step.spend.calls == len(paid)
    assert step.spend.prompt_tokens == 7 * step.spend.calls > 0


async def test_questions_of_the_same_meaning_are_used_once_within_neighbours_only() -> None:
    class Alike(WordVectors):
        async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
            vectors = await super().embed(texts, calls)
            same = [1.0, *[0.0] * 511]
            pairs = zip(texts, vectors, strict=True)
            return [same if "entirely" in text else vector for text, vector in pairs]

    world = World()
    world.question_vectors = Alike()
    run = await ready(world)
    await change(world, run, 4, question="Is it entirely free?")
    await change(world, run, 5, question="Does one pay nothing, entirely nothing?")
    await change(world, run, 9, question="Whom does it entirely cost no money at all?")
    step = await world.datasets.plan(run)
    assert step.counts["drop_repeated_question"] == 1
    drop = (await world.shards.all(f"{run}/drops"))[0]
    assert drop["question"] == "Does one pay nothing, entirely nothing?"
    assert drop["reason"] == "asks the same as: Is it entirely free?"
    assert drop["answer"].startswith("##begin_quote##")


async def test_another_number_is_another_question_and_is_not_embedded() -> None:
    world = World()
    run = await ready(world, duplicate_similarity=0.5)
    for index in range(world.chunks):
        made = await made_of(world, run, index)
        one = replace(made.examples[0], question=f"What does account {index} cost?")
        await write(world, run, index, ChunkExamples(made.chunk, [one]))
    assert "drop_repeated_question" not in (await world.datasets.plan(run)).counts
    assert world.question_vectors.embedded == []


async def test_both_chunks_of_a_question_are_oracles_in_one_group_and_no_distractors() -> None:
    world = World()
    run = await ready(world, splits={"train": 0.5, "valid": 0.1, "test": 0.4})
    records = await world.shards.all(f"{run}/chunks")
    for index in range(0, world.chunks - 1, 2):
        if records[index]["document"] == records[index + 1]["document"]:
            second = records[index + 1]["id"]
            await change(world, run, index, second=second, kind="multi_hop")
    await world.fan_in(run)
    groups: dict[str, str] = {}
    both = 0
    for one in await choices(world, run):
        names = [oracle.chunk for oracle in one.oracles]
        assert names == one.example.oracles
        for chunk in names:
            assert groups.setdefault(chunk, one.group) == one.group
        assert not {d.chunk for d in (*one.distractors, *one.spares)} & set(names)
        both += len(names) == 2
    assert both > 10
    rows = await world.shards.all(questions_prefix(run))
    for row in rows:
        shown = [row["documents"][place]["chunk"] for place in row["oracles"]]
        assert shown[0] == row["id"].rpartition("/")[0]
        assert len(shown) == (2 if row["kind"] == "multi_hop" else 1)
    assert any(row["kind"] == "multi_hop" for row in rows)
    assert {len(row["documents"]) for row in rows} == {5}, "their number must not tell the kind"


async def test_test_examples_that_quote_what_is_trained_on_are_left_out() -> None:
    world = World()
    run = await ready(world)
    common = "account may visit any branch on a weekday"  # stands in every chunk
    for index in range(world.chunks):
        await change(world, run, index, quotes=[common])
    step = await world.datasets.plan(run)
    made = await choices(world, run)
    assert step.counts["drop_test_quote_in_training"] > 0
    assert not any(one.example.quotes == [common] for one in made if one.split == "test")
    assert any(one.example.quotes == [common] for one in made if one.split == "train")
    drops = await world.shards.all(f"{run}/drops")
    assert {drop["code"] for drop in drops} == {"test_quote_in_training"}


async def test_what_generation_dropped_is_kept_with_what_was_answered() -> None:
    world = World()
    run = await ready(world)
    made = await made_of(world, run, 0)
    drop = Drop("Why?", "no_quote", "the answer quotes nothing", "because", "procedural")
    await write(world, run, 0, replace(made, drops=[drop]))
    assert (await world.datasets.plan(run)).counts["drop_no_quote"] == 1
    assert (await world.shards.all(f"{run}/drops"))[0] == {
        "chunk": made.chunk,
        "question": "Why?",
        "code": "no_quote",
        "reason": "the answer quotes nothing",
        "answer": "because",
        "kind": "procedural",
    }


async def test_trouble_with_the_embedding_model_is_passed_on_and_writes_no_choice() -> None:
    class Down(WordVectors):
        async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
            raise ModelUnavailable("it does not answer")

    world = World()
    world.question_vectors = Down()
    run = await ready(world)
    with pytest.raises(ModelUnavailable):
        await world.datasets.plan(run)
    assert not [name for name in world.blobs.blobs if "/choices/" in name]


async def test_nothing_is_built_before_it_is_planned() -> None:
    world = World()
    run = await ready(world)
    with pytest.raises(BlobNotFound):
        await world.datasets.build(run)


async def test_nothing_is_paid_where_no_two_questions_may_be_the_same() -> None:
    world = World()
    run = await ready(world)
    for index in range(world.chunks):
        made = await made_of(world, run, index)
        one = replace(made.examples[0], question=f"What about number {index}?")
        await write(world, run, index, ChunkExamples(made.chunk, [one]))
    assert (await world.datasets.plan(run)).spend == Spend()
