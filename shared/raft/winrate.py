"""How often people preferred the student, with the interval that their number allows.

Wilson's score interval (1927; recommended by Brown, Cai and DasGupta 2001): unlike the usual one it
is right for few comparisons and never leaves 0…1. A tie is half a win for each, which makes the
interval wider than it has to be, never narrower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from shared.raft.statistics import CONFIDENCE, FEWEST_QUESTIONS


@dataclass(frozen=True)
class WinRate:
    """Of `n` comparisons; `rate`, `low` and `high` are in 0…1, all None with n = 0."""

    n: int
    wins: int
    ties: int
    losses: int
    rate: float | None
    low: float | None
    high: float | None

    @property
    def finding(self) -> str:
        """What the interval allows one to say; below ten comparisons it is nothing."""
        if self.low is None or self.high is None or self.n < FEWEST_QUESTIONS:
            return "not measured"
        if self.low <= 0.5 <= self.high:
            return "no difference shown"
        return "student preferred" if self.low > 0.5 else "baseline preferred"


def win_rate(wins: int, ties: int, losses: int) -> WinRate:
    """The student's rate of wins and its interval."""
    n = wins + ties + losses
    if not n:
        return WinRate(0, wins, ties, losses, None, None, None)
    rate = (wins + ties / 2) / n
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return WinRate(n, wins, ties, losses, rate, max(0.0, centre - half), min(1.0, centre + half))
