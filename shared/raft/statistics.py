"""Paired comparison of two models over the same questions.

The interval is the percentile bootstrap over questions (Efron and Tibshirani 1993, chapter 13):
questions are drawn with replacement, both models' scores together, so question difficulty
cancels out. Rows where either score is missing are left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST_QUESTIONS = 10
_CHUNK = 2_000_000  # draws × questions held in memory at a time


@dataclass(frozen=True)
class Comparison:
    """Means, their paired difference (student − baseline) and its interval; NaN-free.

    With n = 0 all numbers are None; with n = 1 the interval is the point itself.
    """

    metric: str
    n: int
    missing: int
    baseline: float | None
    student: float | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def finding(self) -> str:
        """better, worse, no difference shown, or not measured: what the interval allows one to
        say. Below ten questions a bootstrap interval is too narrow to say anything."""
        if self.low is None or self.high is None or self.n < FEWEST_QUESTIONS:
            return "not measured"
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no difference shown"


def compare_paired(
    metric: str,
    baseline: Sequence[float | None],
    student: Sequence[float | None],
    *,
    draws: int,
    seed: int,
    confidence: float = 0.95,
) -> Comparison:
    """Compare scores of the same questions in the same order; None or NaN marks a missing one."""
    if len(baseline) != len(student):
        raise ValueError("paired scores must have the same length")
    pairs = [
        (b, s)
        for b, s in zip(baseline, student, strict=True)
        if b is not None and s is not None and math.isfinite(b) and math.isfinite(s)
    ]
    n, missing = len(pairs), len(baseline) - len(pairs)
    if n == 0:
        return Comparison(metric, 0, missing, None, None, None, None, None)
    first, second = np.array(pairs, dtype=float).T
    low, high = _interval(second - first, draws, seed, confidence)
    return Comparison(
        metric,
        n,
        missing,
        float(first.mean()),
        float(second.mean()),
        float((second - first).mean()),
        low,
        high,
    )


def _interval(
    differences: np.ndarray, draws: int, seed: int, confidence: float
) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    n = len(differences)
    step = max(1, _CHUNK // n)
    means = np.concatenate(
        [
            differences[rng.integers(0, n, size=(min(step, draws - done), n))].mean(axis=1)
            for done in range(0, draws, step)
        ]
    )
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
