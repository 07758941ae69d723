"""Orchestration time: the wall clock, or a clock that runs `speed` times faster.

The mapping is kept in the store, so time never runs backwards over a restart, not even when the
host restarts at another speed. At speed 1 in a fresh store it is the wall clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    real_anchor: float
    virtual_anchor: float
    speed: float

    @classmethod
    def start(cls, speed: float, previous: Clock | None = None) -> Clock:
        """A clock of the given speed that continues where `previous` stands now."""
        if previous is not None and previous.speed == speed:
            return previous
        now = time.time()
        return cls(now, previous.now() if previous else now, speed)

    def now(self) -> float:
        return self.virtual_anchor + (time.time() - self.real_anchor) * self.speed

    def now_datetime(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def seconds_until(self, moment: float) -> float:
        """Real seconds until orchestration time reaches `moment`."""
        return max(0.0, (moment - self.now()) / self.speed)
