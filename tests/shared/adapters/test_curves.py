"""Curves: loss or reward by step, and scores by distractors."""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

from shared.adapters.curves import robustness_curve, training_curve, training_series


def test_loss_takes_what_is_there() -> None:
    rows = [
        {"step": 2, "train_loss": 1.0, "valid_loss": -1.0},
        {"step": 1, "train_loss": 2.0, "validation_loss": 1.5},
        {"train_loss": math.nan, "valid_loss": math.inf},
        {},
    ]
    assert training_series(rows) == [
        ("train", "training", [(1.0, 2.0), (2.0, 1.0)]),
        ("valid", "validation", [(1.0, 1.5)]),
    ]
    assert len(ElementTree.fromstring(training_curve(rows)).findall(".//circle")) == 1
    assert training_curve([]) == training_curve([{"step": 1.0}]) == ""
    for odd in ([{"train_loss": 0.0}], [{"step": 5, "train_loss": 3.0}] * 3):
        ElementTree.fromstring(training_curve(odd))


def test_rewards_have_columns_of_their_own_and_may_be_negative() -> None:
    rows = [
        {"step": 1, "train_reward_mean": -0.5, "train_loss": 3.0},
        {"step": 2, "train_reward_mean": 0.5, "valid_reward_mean": 0.25},
    ]
    assert training_series(rows, "reward") == [
        ("train", "training", [(1.0, -0.5), (2.0, 0.5)]),
        ("valid", "validation", [(2.0, 0.25)]),
    ]
    label = ElementTree.fromstring(training_curve(rows, "reward")).get("aria-label") or ""
    assert label.startswith("Reward by training step: training -0.500 at first, 0.500 at last")
    below = [{"step": step, "train_reward_mean": -1.0} for step in (1, 2)]
    ElementTree.fromstring(training_curve(below, "reward"))


def test_a_long_curve_stays_small() -> None:
    rows = [{"step": float(step), "train_loss": 1 / step} for step in range(1, 20_001)]
    drawing = training_curve(rows)
    assert len(drawing) < 20_000
    assert ' 100.00,100.00"' in drawing  # the last step is kept


def point(distractors: int, *means: float | None) -> dict[str, Any]:
    models = {
        model: {"mean": mean, "low": mean and mean - 0.1, "high": mean and mean + 0.1}
        for model, mean in zip(("baseline", "student"), means, strict=True)
    }
    return {"distractors": distractors, "metric": "token_f1", "n": 9, **models}


def test_both_models_have_a_line_and_an_interval_at_each_point() -> None:
    drawing = robustness_curve([point(0, 0.5, 0.7), point(3, 0.4, 0.7), point(9, 0.3, 0.6)])
    svg = ElementTree.fromstring(drawing)
    lines = {each.get("class"): each for each in svg.iter("polyline")}
    assert set(lines) == {"baseline", "student"}
    assert len((lines["student"].get("points") or "").split()) == 3
    whiskers = [each for each in svg.iter("line") if "whisker" in (each.get("class") or "")]
    assert len(whiskers) == 2 * 3 * 3  # a stroke and two ends
    assert "student, 9 distractors: 0.600 (0.500 to 0.700)" in drawing


def test_a_model_without_scores_is_left_out() -> None:
    svg = ElementTree.fromstring(robustness_curve([point(0, None, 0.7)]))
    assert len(svg.findall(".//circle")) == 1
    assert robustness_curve([]) == robustness_curve([point(0, None, None)]) == ""
    ElementTree.fromstring(robustness_curve([point(5, 0.1, 0.1)]))
