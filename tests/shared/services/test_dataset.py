"""The fan-in: enough to train on or a refusal, nothing of the test shown, the same bytes again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.errors import QuorumNotReached
from tests.shared.services.fakes import MemoryBlobs, ScriptedChat
from tests.shared.services.world import World, story, teach


def folder(blobs: MemoryBlobs, run: str) -> dict[str, bytes]:
    """All that the dataset wrote, by name below the run."""
    parts = (f"{run}/dataset/", f"{run}/evaluation/")
    found = {name: data for name, (data, _) in blobs.blobs.items() if name.startswith(parts)}
    return {name.removeprefix(run): data for name, data in found.items()}


def lines(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().splitlines()]


async def test_rows_are_written_by_split_and_counted() -> None:
    world = World()
    run, step = await world.dataset()
    files = folder(world.blobs, run)
    by_split = {name: lines(files[f"/dataset/{name}.jsonl"]) for name in ("train", "valid", "test")}
    assert {name: len(rows) for name, rows in by_split.items()} == {
        name: step.counts[name] for name in by_split
    }
    assert (
        step.count == sum(map(len, by_split.values())) == len(lines(files["/dataset/rows.jsonl"]))
    )
    assert min(map(len, by_split.values())) > 0
    for row in by_split["train"]:
        assert [message["role"] for message in row["messages"]] == ["system", "user", "assistant"]
    assert step.ref == f"{run}/dataset"


async def test_no_test_passage_is_shown_in_training_and_every_test_row_has_its_oracle() -> None:
    world = World()
    run, _ = await world.dataset(p=0.5)
    rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    tests = [row for row in rows if row["split"] == "test"]
    assert all(row["oracle"] >= 0 for row in tests)
    oracles = {row["documents"][row["oracle"]]["text"] for row in tests}
    others = [row for row in rows if row["split"] != "test"]
    assert not oracles & {document["text"] for row in others for document in row["documents"]}
    hidden = [row for row in others if row["oracle"] < 0]
    assert 0 < len(hidden) < len(others)
    assert all("##begin_quote##" not in row["label"] for row in hidden)


async def test_the_evaluations_rows_are_the_test_rows() -> None:
    world = World()
    run, step = await world.dataset()
    asked = await world.shards.all(f"{run}/evaluation/questions")
    rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    assert asked == [row for row in rows if row["split"] == "test"]
    assert len(asked) == step.counts["test"]


async def test_built_twice_and_by_another_process_it_is_the_same_bytes() -> None:
    world = World()
    run, step = await world.dataset()
    first = folder(world.blobs, run)
    again = World(containers=(world.uploads, world.blobs))
    assert await again.datasets.build(run) == step
    assert folder(world.blobs, run) == first
    other = World()
    run2, _ = await other.dataset()
    assert folder(other.blobs, run2) == first


async def test_another_seed_is_another_dataset() -> None:
    world = World()
    first, second = (await world.dataset())[0], (await world.dataset(seed=7))[0]
    name = "/dataset/train.jsonl"
    assert folder(world.blobs, first)[name] != folder(world.blobs, second)[name]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"bank/1.pdf": story(1, 1)}, "cannot fill"),
        ({"bank/1.pdf": story(1, 5)}, "fewer than the 10"),
    ],
)
async def test_too_little_to_train_on_is_refused_before_anything_is_written(
    files: dict[str, str], words: str
) -> None:
    world = World()
    run = await world.start(files)
    await world.ingest(run)
    await world.generate(run)
    with pytest.raises(QuorumNotReached, match=words) as caught:
        await world.datasets.build(run)
    assert caught.value.fatal
    assert folder(world.blobs, run) == {}


async def test_no_examples_at_all_are_refused() -> None:
    world = World(ScriptedChat(lambda _: ""))
    run = await world.start()
    await world.ingest(run)
    await world.generate(run)
    with pytest.raises(QuorumNotReached):
        await world.datasets.build(run)


async def test_chunks_whose_item_wrote_nothing_are_left_out() -> None:
    world = World()
    run = await world.start()
    await world.ingest(run)
    await world.generate(run)
    whole = await world.datasets.build(run)
    del world.blobs.blobs[f"{run}/examples/00003.json"]
    assert (await world.datasets.build(run)).count == whole.count - 2


async def test_drops_are_counted_by_code_and_kept_with_their_reason() -> None:
    def sloppy(prompt: str) -> Any:
        reply = teach(prompt)
        return "<ANSWER>: no quote" if "Who may visit with alder 1" in prompt else reply

    world = World(ScriptedChat(sloppy))
    run, step = await world.dataset()
    assert step.counts["drop_no_quote"] == 1
    (kept, *_) = lines(folder(world.blobs, run)["/dataset/dropped.jsonl"])
    assert (kept["code"], kept["reason"]) == ("no_quote", "the answer quotes nothing")


async def test_a_question_that_is_asked_twice_is_used_once() -> None:
    def three(prompt: str) -> Any:
        two = prompt.replace("Write 3 questions", "Write 2 questions")
        return f"{teach(two)}\nWhat is asked of everyone?" if two != prompt else teach(prompt)

    world = World(ScriptedChat(three))
    run, step = await world.dataset(questions=3)
    assert step.counts["drop_repeated_question"] == world.chunks - 1
    rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    assert sum(row["question"] == "What is asked of everyone?" for row in rows) <= 1
