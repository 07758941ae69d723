"""The paired bootstrap: right coverage, seeded, and sane on few, tied or missing scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shared.raft.statistics import Comparison, compare_paired


def compare(
    baseline: list[float | None], student: list[float | None], draws: int = 400, seed: int = 1
) -> Comparison:
    return compare_paired("token_f1", baseline, student, draws=draws, seed=seed)


def covered(differences: np.ndarray, truth: float) -> float:
    """Share of simulated evaluations whose interval holds the true difference."""
    base = np.zeros(differences.shape[1])
    hits = 0
    for number, sample in enumerate(differences):
        result = compare(base, sample, seed=number)  # type: ignore[arg-type]
        assert result.low is not None
        assert result.high is not None
        hits += result.low <= truth <= result.high
    return hits / len(differences)


def test_the_interval_covers_the_true_difference_95_times_in_100() -> None:
    rng = np.random.default_rng(7)
    scores = 0.1 + 0.3 * rng.standard_normal((2_000, 60))
    assert covered(scores, 0.1) == pytest.approx(0.95, abs=0.02)


def test_the_interval_covers_for_wins_ties_and_losses_too() -> None:
    rng = np.random.default_rng(8)
    scores = rng.choice([-1.0, 0.0, 1.0], p=[0.2, 0.4, 0.4], size=(2_000, 60))
    assert covered(scores, 0.2) == pytest.approx(0.95, abs=0.02)


def test_the_interval_agrees_with_the_normal_one_on_many_scores() -> None:
    rng = np.random.default_rng(9)
    base, gain = rng.random(2_000), 0.05 + 0.2 * rng.standard_normal(2_000)
    result = compare(list(base), list(base + gain), draws=2_000)
    half = 1.96 * gain.std() / math.sqrt(2_000)
    assert result.low == pytest.approx(gain.mean() - half, abs=half / 8)
    assert result.high == pytest.approx(gain.mean() + half, abs=half / 8)


def test_pairing_takes_the_difficulty_of_questions_out() -> None:
    rng = np.random.default_rng(10)
    difficulty = rng.random(40)
    result = compare(list(difficulty), list(difficulty + 0.01))
    assert result.finding == "better"
    assert result.low == pytest.approx(0.01)
    assert result.high == pytest.approx(0.01)


def test_means_and_difference_by_hand() -> None:
    result = compare([0.0, 0.5, 1.0, 0.5], [1.0, 0.5, 1.0, 1.0])
    assert (result.n, result.missing) == (4, 0)
    assert (result.baseline, result.student, result.difference) == (0.5, 0.875, 0.375)


def test_missing_scores_leave_their_pair_out_and_are_counted() -> None:
    nan, inf = float("nan"), float("inf")
    result = compare([None, 0.2, nan, 0.4, inf], [0.9, None, 0.9, 0.6, 0.1])
    assert (result.n, result.missing) == (1, 4)
    assert (result.baseline, result.student) == (0.4, 0.6)


@pytest.mark.parametrize("scores", [[], [None, None], [float("nan")]])
def test_without_pairs_nothing_is_claimed(scores: list[float | None]) -> None:
    result = compare(scores, scores)
    assert (result.n, result.missing) == (0, len(scores))
    assert result.difference is result.low is result.high is result.baseline is None
    assert result.finding == "not measured"


def test_one_pair_is_a_point_and_no_finding() -> None:
    result = compare([0.0], [1.0])
    assert (result.low, result.difference, result.high) == (1.0, 1.0, 1.0)
    assert result.finding == "not measured"


@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_ties_show_no_difference(score: float) -> None:
    result = compare([score] * 30, [score] * 30)
    assert (result.low, result.high) == (0.0, 0.0)
    assert result.finding == "no difference shown"


@pytest.mark.parametrize(
    ("gain", "finding"), [(0.5, "better"), (-0.5, "worse"), (0.0, "no difference shown")]
)
def test_findings_follow_the_interval(gain: float, finding: str) -> None:
    noise = np.random.default_rng(11).standard_normal(50) * 0.2
    noise -= noise.mean()
    assert compare([0.5] * 50, list(0.5 + gain + noise)).finding == finding


def test_swapping_the_models_turns_the_comparison_round() -> None:
    rng = np.random.default_rng(12)
    one, two = list(rng.random(80)), list(rng.random(80))
    there, back = compare(one, two), compare(two, one)
    assert there.difference == pytest.approx(-back.difference)  # type: ignore[operator]
    assert there.low == pytest.approx(-back.high)  # type: ignore[operator]


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    rng = np.random.default_rng(13)
    one, two = list(rng.random(50)), list(rng.random(50))
    assert compare(one, two, seed=5) == compare(one, two, seed=5)
    assert compare(one, two, seed=5).low != compare(one, two, seed=6).low


def test_the_global_random_state_changes_nothing() -> None:
    np.random.seed(1)
    first = compare([0.1, 0.9, 0.3], [0.4, 0.2, 0.8])
    np.random.seed(2)
    assert compare([0.1, 0.9, 0.3], [0.4, 0.2, 0.8]) == first


def test_unpaired_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="same length"):
        compare([0.1], [0.1, 0.2])
