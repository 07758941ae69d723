"""report.json: verdict, curve, examples, prices and what else is gathered, over a run in memory."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from shared.raft.costs import PriceTable
from shared.services.reporting import Reporting
from tests.shared.services.fakes import JsonReport, MemoryBlobs, ScriptedChat
from tests.shared.services.world import World, story

FILES = {f"bank/{number}.pdf": story(number) for number in range(1, 6)}
SWEEP = {
    "bootstrap_draws": 100,
    "settings": ["open_book"],
    "distractor_sweep": [0, 2],
    "judge_sample": 0,
    "judge_repeats": 0,
}


async def compared(world: World, **spec: Any) -> str:
    """A run whose student gives the reference answers; its baseline quotes nothing."""
    await world.upload(FILES)
    splits = {"train": 0.6, "valid": 0.1, "test": 0.3}
    run = await world.trained(**{"splits": splits, "evaluation": SWEEP, **spec})
    rows = await world.shards.all(f"{run}/evaluation/questions")
    answers = {row["question"]: row["answer"] for row in rows}
    world.student = ScriptedChat(lambda prompt: answers[prompt.splitlines()[-1]], "student")
    await world.records.note(
        run, models={"baseline": world.baseline.deployment, "teacher": "gpt-4o"}
    )
    await world.evaluated(run)
    await world.evaluation.score(run)
    return run


async def written(world: World, run: str) -> dict[str, Any]:
    await world.reporting.write(run)
    report: dict[str, Any] = json.loads(await world.blobs.read(f"{run}/report.json"))
    return report


Told = tuple[World, str, dict[str, Any]]


@pytest.fixture(scope="module")
def finished() -> tuple[tuple[MemoryBlobs, MemoryBlobs], str, dict[str, Any]]:
    """The containers of a finished run, the run, and its report."""

    async def finish() -> Told:
        world = World()
        run = await compared(world)
        return world, run, await written(world, run)

    world, run, report = asyncio.run(finish())
    return (world.uploads, world.blobs), run, report


@pytest.fixture
def told(finished: tuple[tuple[MemoryBlobs, MemoryBlobs], str, dict[str, Any]]) -> Told:
    """A world of its own over the finished run."""
    (uploads, runs), run, report = finished
    blobs = MemoryBlobs()
    blobs.blobs = dict(runs.blobs)
    return World(containers=(uploads, blobs)), run, report


async def test_the_headline_is_the_verdicts_own_figure(told: Told) -> None:
    report = told[2]
    assert report["verdict"]["promoted"] is True
    assert report["decisive"]["setting"] == "open_book"
    assert report["decisive"]["metric"] == report["verdict"]["metric"] == "token_f1"
    assert report["headline"]["sentence"].startswith(
        "The student answers better than its baseline: token F1 "
    )


async def test_a_verdict_by_another_metric_has_its_headline() -> None:
    world = World()
    rule = {"metric": "quote_accuracy", "setting": "retrieved", "not_worse": []}
    evaluation = {**SWEEP, "settings": ["open_book", "retrieved"], "top_k": 3}
    run = await compared(world, promote_if=rule, evaluation=evaluation)
    report = await written(world, run)
    assert report["decisive"]["setting"] == "retrieved"
    assert "quote accuracy (retrieved) " in report["headline"]["sentence"]


async def test_a_verdict_without_its_setting_says_that_nothing_was_measured() -> None:
    world = World()
    evaluation = {**SWEEP, "settings": ["open_book", "closed_book"], "sample": 0}
    rule = {"setting": "closed_book", "not_worse": []}
    run = await compared(world, promote_if=rule, evaluation=evaluation)
    report = await written(world, run)
    assert report["decisive"] is None
    assert report["headline"]["finding"] == "not measured"
    assert report["verdict"]["promoted"] is False


async def test_the_curve_has_the_means_of_the_sweep(told: Told) -> None:
    report = told[2]
    assert [point["distractors"] for point in report["robustness"]] == [0, 2]
    for point, swept in zip(report["robustness"], report["scores"]["sweep"], strict=True):
        (paired,) = (one for one in swept["metrics"] if one["metric"] == "token_f1")
        assert point["n"] == paired["n"] > 0
        for model in ("baseline", "student"):
            own = point[model]
            assert own["mean"] == pytest.approx(paired[model])
            assert own["low"] <= own["mean"] <= own["high"]


async def test_a_point_rests_on_rows_that_both_answered(told: Told) -> None:
    world, run, before = told
    del world.blobs.blobs[f"{run}/evaluation/student/distractors_0/00000.json"]
    points = (await written(world, run))["robustness"]
    assert points[0]["n"] == before["robustness"][0]["n"] - 1
    assert points[1] == before["robustness"][1]


async def test_examples_name_where_their_quotes_stand(told: Told) -> None:
    report = told[2]
    assert 0 < len(report["won"]) <= 5
    assert report["lost"] == []
    for example in report["won"]:
        oracles = [at for at, one in enumerate(example["documents"]) if one["oracle"]]
        quotes = [part for part in example["said"]["student"] if part["kind"] == "quote"]
        assert quotes
        for quote in quotes:
            assert set(oracles) & set(quote["documents"])
            for at in quote["documents"]:
                text = "".join(part["text"] for part in example["documents"][at]["parts"])
                assert " ".join(quote["text"].split()) in " ".join(text.split())
        source = example["documents"][oracles[0]]
        assert "student" in source["quoted_by"]
        assert source["name"] in FILES and source["pages"] == [1]
        assert example["source"].startswith(source["name"])


async def test_prices_come_from_the_tokens_that_were_billed(told: Told) -> None:
    world, run, report = told
    teacher, baseline, student = report["answer_prices"]
    rows = len(await world.shards.all(f"{run}/evaluation/questions"))
    for one in (baseline, student):
        assert (one["n"], one["prompt_tokens"], one["completion_tokens"]) == (rows, 100, 10)
        assert one["usd"] == pytest.approx(1_000 * (100 * 2.5 + 10 * 10) / 1e6)  # gpt-4o
    assert (teacher["model"], teacher["n"], teacher["prompt_tokens"]) == ("gpt-4o", 0, 100)
    assert teacher["completion_tokens"] > 10  # it says more than the baseline's short answer
    assert teacher["usd"] > baseline["usd"]


async def test_prices_ask_no_model(told: Told) -> None:
    world, run, report = told
    before = set(world.blobs.blobs)
    assert (await written(world, run))["answer_prices"] == report["answer_prices"]
    assert isinstance(world.baseline, ScriptedChat) and isinstance(world.student, ScriptedChat)
    assert world.baseline.requests == world.student.requests == []
    assert set(world.blobs.blobs) == before


async def test_answers_that_are_not_found_have_no_price(told: Told) -> None:
    world, run, _ = told
    for name in [name for name in world.blobs.blobs if name.startswith("work/")]:
        del world.blobs.blobs[name]
    for price in (await written(world, run))["answer_prices"]:
        assert (price["usd"], price["prompt_tokens"], price["n"]) == (None, None, 0)


async def test_a_model_without_a_price_has_its_tokens(told: Told) -> None:
    world, run, _ = told
    services = world.blobs, world.records, world.evaluation, JsonReport()
    await Reporting(*services, [], PriceTable(), "a model of our own").write(run)
    teacher = json.loads(await world.blobs.read(f"{run}/report.json"))["answer_prices"][0]
    assert (teacher["model"], teacher["usd"]) == ("a model of our own", None)
    assert teacher["prompt_tokens"] == 100


async def test_card_inputs_and_versions_are_there(told: Told) -> None:
    report = told[2]
    splits, kinds = report["card"]["tables"]
    assert splits[0] == ["split", "rows", "with oracle", "documents a row"]
    assert {row[0]: int(row[1]) for row in splits[1:]}["test"] == report["scores"]["rows"]
    assert kinds[0][0] == "kind of question"
    assert report["card"]["chunks"].startswith("Chunks: ")
    assert [one["name"] for one in report["inputs"]] == list(FILES)
    assert report["versions"]["python"].startswith("3.")
    assert "numpy" in report["versions"]


async def test_each_training_job_has_its_rows() -> None:
    world = World()
    run = await compared(world)
    (job,) = (await written(world, run))["training"]
    assert job["method"] == "supervised"
    assert job["rows"] == [{"step": 1.0, "train_loss": 2.5}, {"step": 2.0, "valid_loss": 1.5}]
    assert job["model"] == "gpt-4o-mini.ft-1"
    assert job["asked"]["model"] == "gpt-4o-mini-2024-07-18"
