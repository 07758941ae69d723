"""Paired comparison of two models over the same questions, and agreement of two judgements.

The interval is the bootstrap over questions (Efron and Tibshirani 1993, chapter 13): questions
are drawn with replacement, both models' scores together, so question difficulty cancels out. Its
percentiles are the expanded ones of Hesterberg (2015, section 5.3): plain ones are too narrow for
few questions. The test flips the signs of differences at random (Fisher 1935), since each would
be as likely if the models were alike. Missing scores are left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FEWEST_QUESTIONS = 10
CONFIDENCE = 0.95
_CHUNK = 2_000_000  # draws × questions held in memory at a time
_FLAT = 1e-9  # two sums that differ by less are equal

Scores = Sequence[float | None]


@dataclass(frozen=True)
class Comparison:
    """Means, their paired difference (student − baseline), its interval and p; NaN-free.

    With n = 0 all numbers are None; with n = 1 the interval is the point itself and p is 1.
    `better` is 1 where more of the metric is better, −1 where less is, 0 where neither is.
    """

    metric: str
    n: int
    missing: int
    baseline: float | None
    student: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None = None
    better: int = 1

    @property
    def finding(self) -> str:
        """better, worse (higher, lower where no way is better), no difference shown, or not
        measured: what interval and test both allow one to say. Below ten questions it is nothing.

        Where few questions differ at all, the interval alone would say too much.
        """
        if self.low is None or self.high is None or self.n < FEWEST_QUESTIONS:
            return "not measured"
        if self.low <= 0 <= self.high or (self.p or 0.0) > 1 - CONFIDENCE:
            return "no difference shown"
        if not self.better:
            return "higher" if self.low > 0 else "lower"
        return "better" if (self.low > 0) == (self.better > 0) else "worse"


@dataclass(frozen=True)
class Agreement:
    """How alike a judge's two judgements of the same answers are.

    `same` is the share of pairs that differ by a tenth of the scale at most, `difference` their
    mean absolute difference; both None with n = 0.
    """

    metric: str
    n: int
    missing: int
    same: float | None
    difference: float | None


def compare_paired(
    metric: str,
    baseline: Scores,
    student: Scores,
    *,
    draws: int,
    seed: int,
    better: int = 1,
) -> Comparison:
    """Compare scores of the same questions in the same order; None or NaN marks a missing one."""
    pairs, missing = _pairs(baseline, student)
    if not pairs:
        return Comparison(metric, 0, missing, None, None, None, None, None, None, better)
    first, second = np.array(pairs, dtype=float).T
    differences = second - first
    low, high = interval(differences, draws, seed)
    return Comparison(
        metric,
        len(pairs),
        missing,
        float(first.mean()),
        float(second.mean()),
        float(differences.mean()),
        low,
        high,
        sign_flip_p(differences, draws, seed),
        better,
    )


def interval(differences: NDArray[np.float64], draws: int, seed: int) -> tuple[float, float]:
    """Ends of the mean's interval, from at least one difference."""
    rng = np.random.default_rng(seed)
    n = len(differences)
    means = np.concatenate(
        [
            differences[rng.integers(0, n, size=(size, n))].mean(axis=1)
            for size in _portions(draws, n)
        ]
    )
    tail = _tail(n)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def sign_flip_p(differences: NDArray[np.float64], draws: int, seed: int) -> float:
    """Two-sided p of a mean so far from zero: over all flips where these are no more than
    `draws`, else over random ones with the one observed."""
    n = len(differences)
    limit = abs(float(differences.sum())) - _FLAT
    if 2**n <= draws:
        flips = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        return float((np.abs((1 - 2 * flips) @ differences) >= limit).mean())
    rng = np.random.default_rng(seed)
    reached = 0
    for size in _portions(draws, n):
        signs = 1.0 - 2.0 * rng.integers(0, 2, size=(size, n), dtype=np.int8)
        reached += int((np.abs(signs @ differences) >= limit).sum())
    return (reached + 1) / (draws + 1)


def mean_of(scores: Scores) -> tuple[float | None, int]:
    """Mean of the scores that are there, None without any, and how many these are."""
    there = [score for score in scores if score is not None and math.isfinite(score)]
    return (math.fsum(there) / len(there) if there else None), len(there)


def agreement(metric: str, first: Scores, second: Scores, scale: tuple[float, float]) -> Agreement:
    """Of two judgements of the same answers in the same order."""
    pairs, missing = _pairs(first, second)
    if not pairs:
        return Agreement(metric, 0, missing, None, None)
    apart = [abs(one - two) for one, two in pairs]
    near = (scale[1] - scale[0]) / 10 + _FLAT
    same = sum(each <= near for each in apart) / len(apart)
    return Agreement(metric, len(pairs), missing, same, math.fsum(apart) / len(apart))


def _pairs(first: Scores, second: Scores) -> tuple[list[tuple[float, float]], int]:
    """Pairs of which both scores are there, and how many are not."""
    if len(first) != len(second):
        raise ValueError("paired scores must have the same length")
    pairs = [
        (one, two)
        for one, two in zip(first, second, strict=True)
        if one is not None and two is not None and math.isfinite(one) and math.isfinite(two)
    ]
    return pairs, len(first) - len(pairs)


def _portions(draws: int, n: int) -> list[int]:
    """How many draws at a time, so that memory is bounded."""
    step = max(1, _CHUNK // n)
    return [min(step, draws - done) for done in range(0, draws, step)]


def _tail(n: int) -> float:
    """The lower percentile: as far out as Student's t is, and for the variance's n − 1."""
    if n < 2:
        return (1 - CONFIDENCE) / 2
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    free = n - 1
    # Cornish–Fisher expansion of t's quantile (Abramowitz and Stegun 26.7.5).
    t = (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
    return NormalDist().cdf(-t * math.sqrt(n / free))
