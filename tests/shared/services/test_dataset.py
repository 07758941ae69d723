"""The fan-in: enough to train on or a refusal, nothing of the test shown, the same bytes again."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared.contracts import CHOICES_PER_ITEM
from shared.errors import QuorumNotReached
from shared.raft.examples import ChoiceVerdict
from shared.services.choices import choice_from, choices_prefix, write_verdicts
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
    assert all(row["oracles"] for row in tests)
    oracles = {row["documents"][place]["text"] for row in tests for place in row["oracles"]}
    others = [row for row in rows if row["split"] != "test"]
    assert not oracles & {document["text"] for row in others for document in row["documents"]}
    hidden = [row for row in others if not row["oracles"]]
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
    assert await again.fan_in(run) == step
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
        await world.datasets.plan(run)
    assert caught.value.fatal
    assert folder(world.blobs, run) == {}


async def test_no_examples_at_all_are_refused() -> None:
    world = World(ScriptedChat(lambda _: ""))
    run = await world.start()
    await world.ingest(run)
    await world.generate(run)
    with pytest.raises(QuorumNotReached, match="no usable question came out of"):
        await world.datasets.plan(run)


async def test_chunks_whose_item_wrote_nothing_are_left_out() -> None:
    world = World()
    run = await world.start()
    await world.ingest(run)
    await world.generate(run)
    whole = await world.fan_in(run)
    del world.blobs.blobs[f"{run}/examples/00003.json"]
    assert (await world.fan_in(run)).count == whole.count - 2


async def test_drops_are_counted_by_code_and_kept_with_their_reason() -> None:
    def sloppy(prompt: str) -> Any:
        if "Who may visit with alder 1" in prompt:  # and when it is asked once more
            return "<ANSWER>: no quote"
        return teach(prompt)

    world = World(ScriptedChat(sloppy))
    run, step = await world.dataset()
    assert step.counts["drop_no_quote"] == 1
    (kept, *_) = lines(folder(world.blobs, run)["/dataset/dropped.jsonl"])
    assert (kept["code"], kept["reason"]) == ("no_quote", "the answer quotes nothing")
    assert kept["answer"] == "<ANSWER>: no quote"


async def test_a_checked_drop_is_left_out_counted_and_kept() -> None:
    world = World()
    run, whole = await world.dataset()
    rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    gone = rows[3]
    verdict = ChoiceVerdict(gone["id"], code="answered_elsewhere", reason="d#1 answers it")
    others = [ChoiceVerdict(row["id"]) for row in rows[:10] if row is not gone]
    await write_verdicts(world.blobs, run, 0, [verdict, *others])
    step = await world.datasets.build(run)
    assert step.count == whole.count - 1
    assert "drop_answered_elsewhere" not in step.counts  # checking has counted it
    files = folder(world.blobs, run)
    assert [row["id"] for row in lines(files["/dataset/rows.jsonl"])] == [
        row["id"] for row in rows if row != gone
    ]
    kept = lines(files["/dataset/dropped.jsonl"])[-1]
    assert kept == {
        "chunk": gone["id"].rpartition("/")[0],
        "question": gone["question"],
        "kind": "factual",
        "answer": gone["answer"],
        "code": "answered_elsewhere",
        "reason": "d#1 answers it",
    }
    assert "- answered_elsewhere: 1\n" in files["/dataset/card.md"].decode()


async def test_the_share_with_oracle_is_exact_among_what_checking_left() -> None:
    world = World()
    await world.upload({f"bank/{n}.pdf": story(n) for n in range(1, 4)})
    run, _ = await world.dataset(p=0.5)
    rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    shown = [row["id"] for row in rows if row["split"] == "train" and row["oracles"]]
    verdicts = [ChoiceVerdict(one, code="unsupported", reason="no") for one in shown[:11]]
    await write_verdicts(world.blobs, run, 0, verdicts)
    await world.datasets.build(run)
    left = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    for split, p in (("train", 0.5), ("valid", 0.5), ("test", 1)):
        own = [bool(row["oracles"]) for row in left if row["split"] == split]
        assert sum(own) == round(p * len(own))


async def test_distractors_that_answer_are_replaced_by_spares_in_order() -> None:
    world = World()
    run, _ = await world.dataset(p=1.0)
    choices = [choice_from(one) for one in await world.shards.all(choices_prefix(run))]
    choice = next(one for one in choices if len(one.distractors) == 5 and len(one.spares) == 3)
    names = [document.chunk for document in choice.distractors]
    spares = [document.chunk for document in choice.spares]

    async def shown(*replaced: str) -> set[str]:
        verdict = ChoiceVerdict(choice.example.id, list(replaced))
        await write_verdicts(world.blobs, run, 0, [verdict])
        await world.datasets.build(run)
        rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
        (row,) = [row for row in rows if row["id"] == choice.example.id]
        return {document["chunk"] for document in row["documents"]} - {choice.example.chunk}

    assert await shown() == set(names[:4])
    assert await shown(names[1]) == {names[0], spares[0], *names[2:4]}
    assert await shown(names[1], spares[0]) == {names[0], spares[1], *names[2:4]}
    assert await shown(*names[:4]) == {*spares, names[4]}
    assert await shown(*names) == set(spares)


async def test_checks_that_leave_too_little_are_refused_before_anything_is_written() -> None:
    world = World()
    run = await world.start()
    await world.ingest(run)
    await world.generate(run)
    await world.datasets.plan(run)
    choices = [choice_from(one) for one in await world.shards.all(choices_prefix(run))]

    async def drop(splits: tuple[str, ...], leave: int = 0) -> None:
        ids = [one.example.id for one in choices if one.split in splits][leave:]
        verdicts = [ChoiceVerdict(one, code="wrong", reason="no") for one in ids]
        passed = [ChoiceVerdict(one.example.id) for one in choices if one.example.id not in ids]
        await write_verdicts(world.blobs, run, 0, [*verdicts, *passed])

    for splits, leave, words in (
        (("train",), 9, "9 training rows are fewer than the 10"),
        (("test",), 0, "no question is left to test on"),
        (("train", "valid", "test"), 0, "no usable question .* dropped: .* wrong"),
    ):
        await drop(splits, leave)
        with pytest.raises(QuorumNotReached, match=words):
            await world.datasets.build(run)
    assert folder(world.blobs, run) == {}


async def test_every_file_has_its_rows() -> None:
    world = World()
    run, step = await world.dataset()
    files = folder(world.blobs, run)
    for split in ("train", "valid", "test"):
        for form in ("", "completion/", "eval/", "reinforcement/"):
            assert len(lines(files[f"/dataset/{form}{split}.jsonl"])) == step.counts[split]
    assert lines(files["/dataset/dpo/train.jsonl"])
    table = pq.read_table(io.BytesIO(files["/dataset/full.parquet"])).to_pylist()
    rows = lines(files["/dataset/rows.jsonl"])
    assert [one["id"] for one in table] == [row["id"] for row in rows]
    assert [json.loads(one["oracles"]) for one in table] == [row["oracles"] for row in rows]
    assert json.loads(files["/dataset/leakage.json"])["test_quotes_in_train_or_valid"] == 0


async def test_without_exports_only_what_training_reads_is_written() -> None:
    world = World()
    run, _ = await world.dataset(exports=[])
    names = {name for name in folder(world.blobs, run) if name.startswith("/dataset/")}
    assert {name.rpartition(".")[0].count("/") for name in names} == {2}
    assert "/dataset/full.parquet" not in names


async def test_a_question_that_is_asked_twice_is_used_once() -> None:
    def three(prompt: str) -> Any:
        two = prompt.replace("Write 3 questions", "Write 2 questions")
        return f"{teach(two)}\nWhat is asked of everyone?" if two != prompt else teach(prompt)

    world = World(ScriptedChat(three))
    run, step = await world.dataset(questions=3)
    assert step.counts["drop_repeated_question"] == world.chunks - 1
    rows = lines(folder(world.blobs, run)["/dataset/rows.jsonl"])
    assert sum(row["question"] == "What is asked of everyone?" for row in rows) <= 1


async def test_what_was_to_be_checked_and_was_not_is_dropped() -> None:
    world = World()
    run = await world.start(verification={"distractors": True})
    await world.ingest(run)
    await world.generate(run)
    planned = await world.datasets.plan(run)
    last = -(-planned.count // CHOICES_PER_ITEM) - 1
    for item in range(last):
        ids = [
            (await world.shards.item(choices_prefix(run), index))["example"]["id"]
            for index in range(item * CHOICES_PER_ITEM, (item + 1) * CHOICES_PER_ITEM)
        ]
        await write_verdicts(world.blobs, run, item, [ChoiceVerdict(one) for one in ids])
    built = await world.datasets.build(run)
    assert built.count == last * CHOICES_PER_ITEM
    assert built.counts["drop_unchecked"] == planned.count - built.count
