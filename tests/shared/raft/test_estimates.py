"""Estimates: each parameter moves what it should, by hand where that is short, and prices count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.contracts import Estimate
from shared.raft.costs import PriceTable
from shared.raft.estimates import Workload, estimate_run

MODELS = {
    "teacher": "gpt-4o",
    "judge": "gpt-4o",
    "baseline": "gpt-4o-mini",
    "student": "gpt-4o-mini",
    "embedding": "text-embedding-3-small",
}
WORK = Workload(
    questions=5,
    qa_threshold=None,
    distractors=4,
    support=True,
    round_trip=True,
    check_distractors=True,
    train_share=0.8,
    test_share=0.1,
    settings=("open_book", "no_oracle", "retrieved", "closed_book"),
    sweep=(0, 9),
    top_k=5,
    sample=20,
    judge_sample=100,
    judge_repeats=0.1,
    judge_metrics=("faithfulness", "context_precision"),
    student="gpt-4o-mini",
    epochs=2,
)


def of(work: Workload = WORK, sizes: tuple[int, ...] = (400,) * 100) -> Estimate:
    return estimate_run(work, sizes, MODELS, PriceTable())


def test_the_bare_minimum_by_hand() -> None:
    bare = replace(WORK, questions=1, support=False, round_trip=False, check_distractors=False)
    stage = of(bare, (400,) * 10).stages["generate"]
    assert (stage.items, stage.calls) == (10, 20)
    assert stage.prompt_tokens == 10 * (400 + 280) + 10 * (400 + 160)
    assert stage.completion_tokens == 10 * 28 + 10 * 110
    usd = (stage.prompt_tokens * 2.5 + stage.completion_tokens * 10) / 1e6
    assert stage.usd == pytest.approx(usd)


def test_evaluation_by_hand() -> None:
    plain = replace(WORK, settings=("open_book", "closed_book"), sweep=(1,), judge_repeats=0.5)
    stage = of(plain).stages["evaluate"]
    rows, sampled, judged = 38, 20, 38
    answers = rows + 2 * sampled
    calls = round(2 * judged * 1.5 * 2)  # two of faithfulness
    assert stage.calls == 2 * answers + calls
    shown = rows * 5 * 400 + sampled * 2 * 400
    assert stage.prompt_tokens == pytest.approx(2 * (shown + answers * 170) + calls * 1_000, abs=2)


def test_stages_are_counted_in_the_items_of_their_fan_out() -> None:
    stages = of().stages
    assert {name: stage.items for name, stage in stages.items()} == {
        "generate": 100,
        "dataset": 38,  # 375 examples, ten an item
        "train": 1,
        "deploy": 1,
        "evaluate": 276,  # 38 test rows, and five further settings of 20, two answers each
    }


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        ({"questions": 10}, "generate"),
        ({"questions": 10}, "dataset"),
        ({"distractors": 8}, "dataset"),
        ({"distractors": 8}, "train"),
        ({"distractors": 8}, "evaluate"),
        ({"epochs": 4}, "train"),
        ({"test_share": 0.2}, "evaluate"),
        ({"sample": 30}, "evaluate"),
        ({"sweep": (0, 1, 9)}, "evaluate"),
        ({"top_k": 9}, "evaluate"),
        ({"judge_repeats": 0.5}, "evaluate"),
        ({"judge_metrics": ("faithfulness", "context_precision", "similarity")}, "evaluate"),
    ],
)
def test_more_of_it_costs_more(change: dict[str, float], stage: str) -> None:
    assert of(replace(WORK, **change)).stages[stage].usd > of().stages[stage].usd  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        ({"support": False}, "generate"),
        ({"round_trip": False}, "generate"),
        ({"check_distractors": False}, "dataset"),
        ({"distractors": 0}, "dataset"),
        ({"judge_sample": 0}, "evaluate"),
        ({"settings": ("open_book", "no_oracle", "retrieved")}, "evaluate"),
        ({"sample": 0}, "evaluate"),
        ({"qa_threshold": 50}, "generate"),
    ],
)
def test_less_of_it_costs_less(change: dict[str, float], stage: str) -> None:
    assert of(replace(WORK, **change)).stages[stage].usd < of().stages[stage].usd  # type: ignore[arg-type]


def test_a_threshold_over_what_there_is_changes_nothing() -> None:
    assert of(replace(WORK, qa_threshold=10_000)) == of()


def test_no_chunks_and_unknown_models_cost_nothing() -> None:
    assert sum(stage.usd for stage in of(sizes=()).stages.values()) == 0
    unknown = estimate_run(replace(WORK, student="x"), (400,), {}, PriceTable())
    assert all(stage.usd == 0 for stage in unknown.stages.values())
    assert unknown.stages["generate"].prompt_tokens > 0


def test_the_baseline_answers_what_is_trained_on_where_preferences_are_its_mistakes() -> None:
    without, asked = of().stages["dataset"], of(replace(WORK, own_answers=True)).stages["dataset"]
    assert asked.calls - without.calls == 337  # 375 examples, less 38 test rows


def test_a_student_is_hosted_for_its_time() -> None:
    hosted = of(replace(WORK, sku="Standard", hosted_hours=10.0)).stages["deploy"]
    assert hosted.usd == pytest.approx(
        10 * of(replace(WORK, sku="Standard", hosted_hours=1.0)).stages["deploy"].usd
    )
    assert hosted.usd > 0
    assert of(replace(WORK, sku="DeveloperTier", hosted_hours=10.0)).stages["deploy"].usd == 0
