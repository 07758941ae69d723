"""Baseline against student, and the report: who is judged, what is missing, what is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.contracts import OutcomeStatus, Spend, Stage, StageRecord, Tally
from shared.errors import ContentFiltered, ModelRefusesUs, ModelUnavailable
from shared.services.runs import spend_of
from tests.shared.services.fakes import ScriptedChat, ScriptedJudge
from tests.shared.services.world import World, story

FILES = {f"bank/{number}.pdf": story(number) for number in range(1, 6)}
OPEN = {"settings": ["open_book"], "distractor_sweep": [], "judge_repeats": 0}


async def ready(world: World, **spec: Any) -> str:
    """A run whose student is trained, over all files."""
    await world.upload(FILES)
    return await world.trained(splits={"train": 0.6, "valid": 0.1, "test": 0.3}, **spec)


async def rows_of(world: World, run: str) -> list[dict[str, Any]]:
    return await world.shards.all(f"{run}/evaluation/questions")


async def scores(world: World, run: str) -> dict[str, Any]:
    """The comparisons of open_book by metric, and the record around them."""
    await world.evaluation.score(run)
    record: dict[str, Any] = json.loads(await world.blobs.read(f"{run}/evaluation/scores.json"))
    found = record["settings"]["open_book"]["metrics"]
    return {**record, **{metric["metric"]: metric for metric in found}}


async def perfect(world: World, run: str) -> None:
    """From now on the student gives the reference answers."""
    answers = {row["question"]: row["answer"] for row in await rows_of(world, run)}
    world.student = ScriptedChat(lambda prompt: answers[prompt.splitlines()[-1]], "student")


async def test_both_models_get_the_same_prompt_for_each_row() -> None:
    world = World()
    run = await ready(world)
    outcomes = await world.evaluated(run)
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.OK}
    assert isinstance(world.baseline, ScriptedChat) and isinstance(world.student, ScriptedChat)
    assert world.baseline.requests == world.student.requests
    assert len(outcomes) == 2 * len(world.baseline.requests) == 2 * len(await rows_of(world, run))
    assert [outcome.item.split()[0] for outcome in outcomes[:2]] == ["baseline", "student"]


async def test_a_better_student_is_found_better() -> None:
    world = World()
    run = await ready(world, evaluation={**OPEN, "judge_sample": 0, "bootstrap_draws": 200})
    await perfect(world, run)
    await world.evaluated(run)
    found = await scores(world, run)
    assert found["rows"] == len(await rows_of(world, run))
    assert found["exact_match"]["student"] == 1
    assert found["token_f1"]["finding"] == "better"
    assert found["token_f1"]["missing"] == 0


@pytest.mark.parametrize("sample", [0, 1, 5, 10_000])
async def test_exactly_the_sample_is_judged_for_both_models(sample: int) -> None:
    world = World()
    run = await ready(world, evaluation={**OPEN, "judge_sample": sample, "bootstrap_draws": 100})
    await world.evaluated(run)
    assert isinstance(world.judge, ScriptedJudge)
    rows = await rows_of(world, run)
    expected = min(sample, len(rows))
    questions = [item.question for item in world.judge.judged]
    assert len(questions) == 2 * expected
    assert len(set(questions)) == expected
    found = await scores(world, run)
    assert found["judged_rows"] == expected
    assert (found["faithfulness"]["n"], found["faithfulness"]["missing"]) == (expected, 0)
    assert found["token_f1"]["n"] == len(rows)


async def test_the_sample_hangs_on_the_seed_and_not_on_the_process() -> None:
    judged = []
    for seed in (42, 42, 7):
        world = World()
        asked = {**OPEN, "judge_sample": 3, "bootstrap_draws": 100}
        run = await ready(world, evaluation=asked, seed=seed)
        await world.evaluated(run)
        assert isinstance(world.judge, ScriptedJudge)
        judged.append({item.question for item in world.judge.judged})
    assert judged[0] == judged[1] != judged[2]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ModelUnavailable("busy"), OutcomeStatus.FAILED),
        (ContentFiltered("refused"), OutcomeStatus.REJECTED),
    ],
)
async def test_answers_that_are_missing_are_counted_and_not_scored_as_wrong(
    error: Exception, status: OutcomeStatus
) -> None:
    world = World()
    run = await ready(world)
    rows = await rows_of(world, run)
    lost = rows[0]["question"]
    world.student = ScriptedChat(lambda p: error if lost in p else "<ANSWER>: x", "student")
    world.baseline._reply = lambda p: error if lost in p else "<ANSWER>: x"  # type: ignore[union-attr,attr-defined]
    outcomes = await world.evaluated(run)
    assert [outcome.status for outcome in outcomes].count(status) == 2
    assert not any(outcome.fatal for outcome in outcomes)
    found = await scores(world, run)
    for metric in ("token_f1", "faithfulness"):
        assert (found[metric]["n"], found[metric]["missing"]) == (len(rows) - 1, 1)


async def test_answers_whose_item_wrote_nothing_are_missing() -> None:
    world = World()
    run = await ready(world)
    await world.evaluated(run)
    del world.blobs.blobs[f"{run}/evaluation/student/00002.json"]
    assert (await scores(world, run))["token_f1"]["missing"] == 1


async def test_a_score_that_the_judge_cannot_give_is_counted_as_missing() -> None:
    world = World(judge=ScriptedJudge({"faithfulness": None, "answer_relevancy": 0.5}))
    run = await ready(world, evaluation={**OPEN, "bootstrap_draws": 100})
    outcomes = await world.evaluated(run)
    assert {outcome.counts["scores_missing"] for outcome in outcomes} == {1}
    found = await scores(world, run)
    assert (found["faithfulness"]["n"], found["faithfulness"]["difference"]) == (0, None)
    assert found["faithfulness"]["missing"] == found["answer_relevancy"]["n"]


async def test_a_model_that_refuses_us_stops_the_run() -> None:
    world = World(baseline=ScriptedChat(lambda _: ModelRefusesUs("baseline answered 401")))
    run = await ready(world)
    await world.evaluation.plan(run)
    baseline, student = [await world.evaluation.evaluate(run, index) for index in range(2)]
    assert baseline.fatal and student.fatal
    assert isinstance(world.student, ScriptedChat)
    assert world.student.requests == []


async def test_evaluating_again_pays_nothing_and_counts_the_same() -> None:
    world = World()
    run = await ready(world)
    first = await world.evaluated(run)
    found = await scores(world, run)
    again = World(containers=(world.uploads, world.blobs))
    assert await again.evaluated(run) == first
    assert isinstance(again.baseline, ScriptedChat)
    assert again.baseline.requests == []
    assert await scores(again, run) == found


async def test_the_report_says_what_the_scores_allow() -> None:
    world = World()
    run = await ready(world)
    await perfect(world, run)
    paid = Tally(ok=1, counts={"train": 9}, spend=Spend(3, 30, 3, 0.25))
    await world.records.record_stage(StageRecord(run, Stage.DATASET, ended=True, tally=paid))
    await world.evaluated(run)
    await world.evaluation.score(run)
    step = await world.reporting.write(run)
    text = (await world.blobs.read(f"{run}/report.json")).decode()
    assert await world.reporting.write(run) == step
    assert (await world.blobs.read(f"{run}/report.json")).decode() == text
    report = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert report["headline"]["finding"] == "better"
    assert "The student answers better than its baseline" in report["headline"]["sentence"]
    assert 0 < len(report["won"]) <= 5
    assert report["lost"] == []
    assert all(example["difference"] > 0 for example in report["won"])
    (job,) = report["training"]
    assert job["rows"] == [{"step": 1.0, "train_loss": 2.5}, {"step": 2.0, "valid_loss": 1.5}]
    assert report["spend"]["usd"] == spend_of(await world.records.read(run)).usd == 0.25
    assert [document["name"] for document in report["documents"]] == list(FILES)
    assert run.encode() in await world.records.report(run)
    links = (await world.records.read(run))["links"]
    assert all([await world.blobs.listing(blob) for blob in links.values()])


async def test_a_report_without_a_comparison_or_loss_is_written_all_the_same() -> None:
    broken = ScriptedChat(lambda _: ModelUnavailable("busy"), "broken")
    world = World(student=broken)
    run = await ready(world)
    del world.blobs.blobs[f"{run}/training/metrics.csv"]
    await world.evaluated(run)
    await world.evaluation.score(run)
    await world.reporting.write(run)
    report = json.loads(await world.blobs.read(f"{run}/report.json"))
    assert report["headline"]["finding"] == "not measured"
    assert [job["rows"] for job in report["training"]] == [[]]
    assert report["won"] == []
