"""The paired bootstrap and the sign-flip test: right coverage and rate of false alarms, seeded,
and sane on few, tied or missing scores; checked against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from shared.raft.statistics import (
    Comparison,
    agreement,
    compare_paired,
    interval,
    mean_of,
    sign_flip_p,
)


def compare(
    baseline: list[float | None], student: list[float | None], draws: int = 400, seed: int = 1
) -> Comparison:
    return compare_paired("token_f1", baseline, student, draws=draws, seed=seed)


def covered(differences: np.ndarray, truth: float) -> float:
    """Share of simulated evaluations whose interval holds the true difference."""
    ends = [interval(sample, 400, number) for number, sample in enumerate(differences)]
    return float(np.mean([low <= truth <= high for low, high in ends]))


@pytest.mark.parametrize("questions", [20, 60])
def test_the_interval_covers_the_true_difference_95_times_in_100(questions: int) -> None:
    rng = np.random.default_rng(7)
    scores = 0.1 + 0.3 * rng.standard_normal((2_000, questions))
    assert covered(scores, 0.1) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("questions", [20, 60])
def test_the_interval_covers_for_wins_ties_and_losses_too(questions: int) -> None:
    rng = np.random.default_rng(8)
    scores = rng.choice([-1.0, 0.0, 1.0], p=[0.2, 0.4, 0.4], size=(2_000, questions))
    assert covered(scores, 0.2) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize("questions", [12, 40])
def test_the_test_raises_five_false_alarms_in_100(questions: int) -> None:
    rng = np.random.default_rng(14)
    scores = 0.3 * rng.standard_normal((2_000, questions))
    alarms = [sign_flip_p(sample, 400, number) <= 0.05 for number, sample in enumerate(scores)]
    assert float(np.mean(alarms)) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("size", [2, 5, 9])
def test_p_over_all_flips_is_scipys(size: int) -> None:
    rng = np.random.default_rng(size)
    for _ in range(20):
        one, two = rng.integers(0, 3, size) / 2, rng.integers(0, 3, size) / 2
        theirs = stats.permutation_test(
            (two, one),
            lambda x, y, axis: np.mean(x - y, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=math.inf,
        )
        assert sign_flip_p(two - one, 1_000, 1) == pytest.approx(theirs.pvalue)


def test_p_over_random_flips_is_near_the_one_over_all() -> None:
    sample = np.random.default_rng(3).standard_normal(12) + 0.4
    assert sign_flip_p(sample, 3_000, 1) == pytest.approx(sign_flip_p(sample, 5_000, 1), abs=0.02)


@pytest.mark.parametrize("n", [10, 40, 200])
def test_the_interval_is_students_on_normal_scores(n: int) -> None:
    sample = np.random.default_rng(n).standard_normal(n)
    low, high = interval(sample, 100_000 // n * 10, 1)
    half = stats.t.ppf(0.975, n - 1) * sample.std(ddof=1) / math.sqrt(n)
    assert (high - low) / 2 == pytest.approx(half, rel=0.08)


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
    assert result.difference is result.low is result.high is result.baseline is result.p is None
    assert result.finding == "not measured"


def test_one_pair_is_a_point_and_no_finding() -> None:
    result = compare([0.0], [1.0])
    assert (result.low, result.difference, result.high, result.p) == (1.0, 1.0, 1.0, 1.0)
    assert result.finding == "not measured"


@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_ties_show_no_difference(score: float) -> None:
    result = compare([score] * 30, [score] * 30)
    assert (result.low, result.high, result.p) == (0.0, 0.0, 1.0)
    assert result.finding == "no difference shown"


@pytest.mark.parametrize(
    ("gain", "finding"), [(0.5, "better"), (-0.5, "worse"), (0.0, "no difference shown")]
)
def test_findings_follow_the_interval(gain: float, finding: str) -> None:
    noise = np.random.default_rng(11).standard_normal(50) * 0.2
    noise -= noise.mean()
    result = compare([0.5] * 50, list(0.5 + gain + noise))
    assert result.finding == finding
    assert result.p is not None
    assert (result.p < 0.05) is bool(gain)


@pytest.mark.parametrize(
    ("gain", "better", "finding"),
    [(0.5, -1, "worse"), (-0.5, -1, "better"), (0.5, 0, "higher"), (-0.5, 0, "lower")],
)
def test_findings_follow_the_metrics_better_way(gain: float, better: int, finding: str) -> None:
    scores = [0.5 + gain] * 20
    result = compare_paired("x", [0.5] * 20, scores, draws=100, seed=1, better=better)
    assert result.finding == finding


def test_four_wins_and_no_loss_among_forty_questions_are_no_finding() -> None:
    result = compare([0.0] * 40, [0.0] * 36 + [1.0] * 4)
    assert result.low is not None
    assert result.p is not None
    assert result.low >= 0
    assert result.p > 0.05
    assert result.finding == "no difference shown"


@pytest.mark.parametrize(("n", "finding"), [(9, "not measured"), (10, "better")])
def test_no_finding_rests_on_fewer_than_ten_questions(n: int, finding: str) -> None:
    assert compare([0.0] * n, [1.0] * n).finding == finding


def test_swapping_the_models_turns_the_comparison_round() -> None:
    rng = np.random.default_rng(12)
    one, two = list(rng.random(80)), list(rng.random(80))
    there, back = compare(one, two), compare(two, one)
    assert there.difference == pytest.approx(-back.difference)  # type: ignore[operator]
    assert there.low == pytest.approx(-back.high)  # type: ignore[operator]
    assert there.p == back.p


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


def test_a_mean_leaves_out_what_is_not_there() -> None:
    assert mean_of([0.25, None, float("nan"), 0.75]) == (0.5, 2)
    assert mean_of([None]) == mean_of([]) == (None, 0)


def test_agreement_counts_pairs_within_a_tenth_of_the_scale() -> None:
    found = agreement("x", [0.5, 0.5, 0.5, None, 0.5], [0.5, 0.6, 0.8, 0.5, float("nan")], (0, 1))
    assert (found.n, found.missing) == (3, 2)
    assert found.same == pytest.approx(2 / 3)
    assert found.difference == pytest.approx(0.4 / 3)


@pytest.mark.parametrize(("second", "same"), [(4.0, 1.0), (3.0, 0.0)])
def test_ratings_agree_when_they_are_equal(second: float, same: float) -> None:
    assert agreement("x", [4.0], [second], (1, 5)).same == same


def test_without_repeated_judgements_no_agreement_is_claimed() -> None:
    found = agreement("x", [], [], (0, 1))
    assert (found.n, found.same, found.difference) == (0, None, None)
