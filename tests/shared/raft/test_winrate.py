"""The win rate's interval: published values, the ends, and how often it holds the truth."""

from __future__ import annotations

import numpy as np
import pytest

from shared.raft.winrate import win_rate


def test_nothing_compared_says_nothing() -> None:
    rate = win_rate(0, 0, 0)
    assert (rate.n, rate.rate, rate.low, rate.high) == (0, None, None, None)
    assert rate.finding == "not measured"


@pytest.mark.parametrize(
    ("wins", "losses", "low", "high"),
    # 81 of 263: Newcombe (1998), table I, method 3; the others are worked out by hand.
    [
        (15, 5, 0.5313, 0.8881),
        (0, 10, 0.0, 0.2775),
        (10, 0, 0.7225, 1.0),
        (81, 182, 0.2553, 0.3662),
    ],
)
def test_the_interval_is_wilsons(wins: int, losses: int, low: float, high: float) -> None:
    rate = win_rate(wins, 0, losses)
    assert rate.low == pytest.approx(low, abs=5e-5)
    assert rate.high == pytest.approx(high, abs=5e-5)


def test_ties_are_half_a_win_for_each() -> None:
    assert win_rate(3, 4, 3).rate == 0.5
    assert win_rate(0, 12, 0).finding == "no difference shown"


def test_findings_need_ten_comparisons_and_an_interval_beside_one_half() -> None:
    assert win_rate(9, 0, 0).finding == "not measured"
    assert win_rate(10, 0, 0).finding == "student preferred"
    assert win_rate(0, 0, 10).finding == "baseline preferred"
    assert win_rate(6, 0, 5).finding == "no difference shown"


@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9])
def test_the_interval_holds_the_truth_as_often_as_it_says(truth: float) -> None:
    drawn = np.random.default_rng(1).binomial(40, truth, size=2_000).tolist()
    rates = {wins: win_rate(wins, 0, 40 - wins) for wins in set(drawn)}
    held = [(rates[wins].low or 0) <= truth <= (rates[wins].high or 0) for wins in drawn]
    assert 0.925 <= sum(held) / len(held) <= 0.985
