"""Settings, sweep, judge and verdict of an evaluation: what is asked, paid, compared, decided."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from shared.contracts import OutcomeStatus, Spend
from shared.errors import ContentFiltered
from shared.raft.prompts import ABSTAIN
from shared.services.deployment import student_request
from shared.services.sheets import Sheets
from tests.shared.services.fakes import ScriptedChat, ScriptedJudge
from tests.shared.services.test_evaluation import FILES, perfect, rows_of
from tests.shared.services.world import World

SAMPLE = 4
ALL = {"sample": SAMPLE, "judge_sample": 2, "judge_repeats": 0.5, "bootstrap_draws": 100}
SPLITS = {"train": 0.4, "valid": 0.1, "test": 0.5}
SWEEP = (0, 1, 3, 5, 9)
OPEN = {"settings": ["open_book"], "distractor_sweep": [], "judge_sample": 0}


async def ready(world: World, asked: Mapping[str, Any] = ALL, **spec: Any) -> str:
    """A run whose student is trained, with a test split of some thirty rows."""
    await world.upload(FILES)
    return await world.trained(splits=SPLITS, evaluation=dict(asked), **spec)


async def scored(world: World, run: str) -> dict[str, Any]:
    """scores.json of an evaluated run."""
    await world.evaluation.score(run)
    return dict(json.loads(await world.blobs.read(f"{run}/evaluation/scores.json")))


def by_metric(part: Mapping[str, Any]) -> dict[str, Any]:
    return {metric["metric"]: metric for metric in part["metrics"]}


def asked_of(chat: Any) -> Counter[str]:
    """How often each prompt was sent."""
    assert isinstance(chat, ScriptedChat)
    return Counter(json.dumps(request.messages) for request in chat.requests)


async def test_the_plan_is_the_same_each_time_and_open_book_comes_first() -> None:
    world = World()
    run = await ready(world)
    count = (await world.evaluation.plan(run)).count
    before = dict(world.blobs.blobs)
    assert (await world.evaluation.plan(run)).count == count
    assert {name: data for name, (data, _) in before.items()} == {
        name: data for name, (data, _) in world.blobs.blobs.items()
    }
    rows = len(await rows_of(world, run))
    assert count == 2 * rows + 2 * SAMPLE * (3 + len(SWEEP))
    items = await Sheets(world.blobs, world.records, world.shards).items(run)
    assert [(item.setting, item.row, item.model) for item in items[: 2 * rows]] == [
        ("open_book", row, model) for row in range(rows) for model in ("baseline", "student")
    ]
    sampled = {item.row for item in items[2 * rows :]}
    judged = {item.row for item in items[: 2 * rows] if item.judgements}
    assert (len(sampled), len(judged)) == (SAMPLE, 2)
    assert judged < sampled
    assert sum(item.judgements == 2 for item in items) == 2  # one row, both models


async def test_both_models_are_asked_the_same_in_every_setting_and_nothing_twice() -> None:
    world = World()
    run = await ready(world)
    outcomes = await world.evaluated(run)
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.OK}
    baseline, student = asked_of(world.baseline), asked_of(world.student)
    assert baseline == student
    assert set(baseline.values()) == {1}
    rows = await rows_of(world, run)
    # The sweep has a point where it shows as many distractors as the rows do only by chance.
    assert len(baseline) <= len(rows) + SAMPLE * (3 + len(SWEEP))
    reused = sum(outcome.spend.reused for outcome in outcomes)
    calls = sum(outcome.spend.calls for outcome in outcomes)
    assert calls + reused >= len(outcomes)


async def test_a_point_of_the_sweep_that_is_the_row_itself_costs_nothing() -> None:
    world = World()
    asked = {**OPEN, "distractor_sweep": [4], "sample": SAMPLE, "bootstrap_draws": 100}
    run = await ready(world, asked, distractors=4)
    outcomes = await world.evaluated(run)
    again = [outcome for outcome in outcomes if "4 distractors" in outcome.item]
    assert len(again) == 2 * SAMPLE
    assert {outcome.spend for outcome in again} == {Spend(reused=1)}


async def test_what_open_book_paid_before_is_found_again() -> None:
    world = World()
    run = await ready(world, {**OPEN, "bootstrap_draws": 100})
    await world.evaluation.plan(run)
    _, shown = await Sheets(world.blobs, world.records, world.shards).item(run, 0)
    calls = world.work.item("another", "evaluate/0")
    given = student_request(shown)
    shape = {
        "deployment": "baseline",
        "request": {
            "messages": given.messages,
            "max_tokens": 1024,
            "temperature": 0.0,
            "seed": 0,
        },
    }
    await calls.once("evaluation", shape, lambda permit: world.baseline.complete(given, permit))
    outcome = await world.evaluation.evaluate(run, 0)
    assert outcome.spend == Spend(reused=1)


async def test_settings_show_what_they_say() -> None:
    world = World()
    run = await ready(world)
    sheets = Sheets(world.blobs, world.records, world.shards)
    count = (await world.evaluation.plan(run)).count
    questions = await rows_of(world, run)
    seen: Counter[str] = Counter()
    for index in range(0, count, 2):
        item, shown = await sheets.item(run, index)
        own = questions[item.row]
        oracles = {own["documents"][place]["chunk"] for place in own["oracles"]}
        chunks = [document.chunk for document in shown.documents]
        assert len(set(chunks)) == len(chunks)
        assert item.shows_oracle is bool(oracles & set(chunks)) is shown.shows_oracle
        seen[item.setting] += 1
        if item.setting == "no_oracle":
            assert len(chunks) == len(own["documents"])
            assert not oracles & set(chunks)
        elif item.setting == "retrieved":
            assert len(chunks) == 5
        elif item.setting == "closed_book":
            assert chunks == []
        elif item.setting == "distractors":
            assert len(chunks) == item.distractors + len(oracles)
            assert oracles <= set(chunks)
    assert seen == {
        "open_book": len(questions),
        "no_oracle": SAMPLE,
        "retrieved": SAMPLE,
        "closed_book": SAMPLE,
        "distractors": SAMPLE * len(SWEEP),
    }


async def test_too_few_chunks_leave_points_out_and_are_counted() -> None:
    world = World()
    asked = {**OPEN, "distractor_sweep": [0, 30], "sample": 1, "bootstrap_draws": 100}
    await world.upload({"bank/1.pdf": next(iter(FILES.values()))})
    run = await world.trained(evaluation=asked)
    await world.evaluated(run)
    found = await scored(world, run)
    assert [(point["distractors"], point["rows"]) for point in found["sweep"]] == [(0, 1)]


async def test_the_record_has_every_setting_with_its_own_metrics() -> None:
    world = World(judge=ScriptedJudge({"faithfulness": 0.5, "context_precision": 0.25}))
    asked = {**ALL, "metrics": ["faithfulness", "context_precision"]}
    run = await ready(world, asked)
    await world.evaluated(run)
    found = await scored(world, run)
    settings = found["settings"]
    assert (found["sampled_rows"], found["judged_rows"]) == (SAMPLE, 2)
    assert {name: part["rows"] for name, part in settings.items()} == {
        "open_book": found["rows"],
        "no_oracle": SAMPLE,
        "retrieved": SAMPLE,
        "closed_book": SAMPLE,
    }
    assert list(by_metric(settings["no_oracle"])) == ["abstention", "unsupported_answer"]
    assert by_metric(settings["retrieved"])["faithfulness"]["n"] == 2
    assert "faithfulness" not in by_metric(settings["closed_book"])
    retrieval = settings["retrieved"]["retrieval"]
    assert retrieval["top_k"] == 5
    assert retrieval["oracle_shown"]["n"] == SAMPLE
    assert retrieval["context_precision"] == {"mean": 0.25, "n": 2, "missing": 0}
    assert [point["distractors"] for point in found["sweep"]] == list(SWEEP)
    for part in (*settings.values(), *found["sweep"]):
        for metric in part["metrics"]:
            assert metric["missing"] == 0
            assert metric["p"] is None or 0 < metric["p"] <= 1
    json.loads(json.dumps(found), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


async def test_the_judge_is_asked_for_what_the_setting_needs_and_for_contexts_once() -> None:
    world = World(judge=ScriptedJudge({}))
    run = await ready(world)
    await world.evaluated(run)
    assert isinstance(world.judge, ScriptedJudge)
    precision = [item for item in world.judge.judged if "context_precision" in item.metrics]
    assert len(precision) == 2  # of two judged rows, for one model
    assert {len(item.contexts) for item in precision} == {5}
    assert all(len(item.metrics) >= 7 for item in world.judge.judged)
    assert sorted(item.attempt for item in world.judge.judged) == [0] * 8 + [1] * 2


async def test_a_student_that_abstains_without_the_oracle_is_better_there() -> None:
    world = World()
    asked = {**ALL, "sample": 12, "judge_sample": 0, "distractor_sweep": []}
    run = await ready(world, asked)
    answers = {row["question"]: row for row in await rows_of(world, run)}

    def careful(prompt: str) -> str:
        row = answers[prompt.splitlines()[-1]]
        return row["answer"] if row["quotes"][0] in prompt else f"<ANSWER>: {ABSTAIN}"

    world.student = ScriptedChat(careful, "student")
    await world.evaluated(run)
    found = await scored(world, run)
    apart = by_metric(found["settings"]["no_oracle"])
    assert (apart["abstention"]["student"], apart["abstention"]["finding"]) == (1.0, "better")
    assert apart["unsupported_answer"]["finding"] == "better"
    assert apart["unsupported_answer"]["difference"] == -1.0
    beside = by_metric(found["settings"]["open_book"])
    assert beside["abstention"]["finding"] == "no difference shown"
    assert beside["oracle_picked"]["student"] == 1.0


async def test_slices_add_up_and_say_nothing_of_few_questions() -> None:
    world = World()
    run = await ready(world, {**OPEN, "bootstrap_draws": 100})
    await perfect(world, run)
    await world.evaluated(run)
    found = await scored(world, run)
    for name, values in (("document", set(FILES)), ("kind", None)):
        parts = found["slices"][name]["parts"]
        sizes = [part["metrics"][0]["n"] for part in parts]
        assert sum(sizes) == found["rows"]
        assert sizes == sorted(sizes, reverse=True)
        assert {
            part["metrics"][0]["finding"] for part in parts if part["metrics"][0]["n"] < 10
        } <= {"not measured"}
        if values:
            assert {part["value"] for part in parts} <= values


@pytest.mark.parametrize(
    ("first", "again", "same"),
    [(0.5, 0.5, 1.0), (0.5, 0.9, 0.0), (0.5, None, None), (None, None, None)],
)
async def test_a_judge_that_contradicts_itself_is_seen(
    first: float | None, again: float | None, same: float | None
) -> None:
    world = World(judge=ScriptedJudge({"faithfulness": first}, {"faithfulness": again}))
    run = await ready(world, {**ALL, "metrics": ["faithfulness"]})
    outcomes = await world.evaluated(run)
    judge = (await scored(world, run))["judge"]
    (agreement,) = judge["agreement"]
    assert (agreement["same"], agreement["n"]) == (same, 0 if same is None else 2)
    assert agreement["missing"] == (2 if same is None else 0)
    failed = 8 * (first is None) + 2 * (again is None)
    assert (judge["scores"], judge["failed"]) == (10, failed)
    assert judge["failed_share"] == failed / 10
    assert sum(outcome.counts.get("scores_missing", 0) for outcome in outcomes) == failed


async def test_a_refused_answer_is_missing_in_its_setting_only() -> None:
    world = World()
    run = await ready(world, {**ALL, "distractor_sweep": []})
    closed = "You answer a question from what you know"

    class Refusing(ScriptedChat):
        async def complete(self, request: Any, permit: Any) -> Any:
            if request.messages[0]["content"].startswith(closed):
                raise ContentFiltered("refused")
            return await super().complete(request, permit)

    world.student = Refusing(lambda _: "<ANSWER>: x", "student")
    outcomes = await world.evaluated(run)
    assert Counter(outcome.status for outcome in outcomes)[OutcomeStatus.REJECTED] == SAMPLE
    found = await scored(world, run)
    missing = {
        name: by_metric(part)["abstention"]["missing"] for name, part in found["settings"].items()
    }
    assert missing == {"open_book": 0, "no_oracle": 0, "retrieved": 0, "closed_book": SAMPLE}
    closed_book = by_metric(found["settings"]["closed_book"])["token_f1"]
    assert (closed_book["n"], closed_book["finding"]) == (0, "not measured")


@pytest.mark.parametrize(
    ("rule", "promoted", "words"),
    [
        ({}, True, "exceeds 0; not measured: answer correctness (open book)"),
        ({"metric": "exact_match", "at_least": 0.99}, True, "exceeds 0.99"),
        ({"metric": "exact_match", "at_least": 1.0}, False, "does not exceed 1"),
        ({"setting": "retrieved", "not_worse": []}, False, "10 are needed"),
    ],
)
async def test_the_verdict_is_written_down_and_noted(
    rule: dict[str, Any], promoted: bool, words: str
) -> None:
    world = World()
    asked = {**ALL, "judge_sample": 0, "distractor_sweep": []}
    run = await ready(world, asked, promote_if=rule)
    await perfect(world, run)
    await world.evaluated(run)
    verdict = (await scored(world, run))["verdict"]
    assert verdict["promoted"] is promoted
    assert words in verdict["reason"]
    noted = (await world.records.read(run))["verdict"]
    assert noted == {"promoted": promoted, "reason": verdict["reason"]}


async def test_a_student_like_its_baseline_is_not_promoted() -> None:
    world = World()
    run = await ready(world, {**OPEN, "bootstrap_draws": 100})
    world.student = ScriptedChat(lambda _: "<ANSWER>: baseline", "student")
    await world.evaluated(run)
    assert (await scored(world, run))["verdict"]["promoted"] is False


async def test_the_report_shows_shares_and_keeps_the_rest_beside_them() -> None:
    world = World(judge=ScriptedJudge({"faithfulness": 0.5, "groundedness": 4.0}))
    run = await ready(world, {**ALL, "metrics": ["faithfulness", "groundedness"]})
    await world.evaluated(run)
    await world.evaluation.score(run)
    await world.reporting.write(run)
    report = json.loads(await world.blobs.read(f"{run}/report.json"))
    drawn = [metric["metric"] for metric in report["scores"]["metrics"]]
    assert "faithfulness" in drawn
    assert {"groundedness", "abstention"} & set(drawn) == set()
    rated = by_metric(report["scores"]["settings"]["open_book"])["groundedness"]
    assert (rated["scale"], rated["baseline"]) == ([1.0, 5.0], 4.0)
    assert report["verdict"] == report["scores"]["verdict"]


async def test_without_open_book_a_run_is_evaluated_and_reported_all_the_same() -> None:
    world = World()
    asked = {**ALL, "settings": ["retrieved"], "distractor_sweep": []}
    run = await ready(world, asked, promote_if={"setting": "retrieved"})
    await world.evaluated(run)
    await world.evaluation.score(run)
    await world.reporting.write(run)
    report = json.loads(await world.blobs.read(f"{run}/report.json"))
    assert report["headline"]["finding"] == "not measured"
    assert (report["scores"]["metrics"], report["won"]) == ([], [])
