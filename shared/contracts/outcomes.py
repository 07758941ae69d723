"""What fan-out items did and cost: spend, outcome of one, tally of many, each of bounded size."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from shared.contracts.names import OutcomeStatus
from shared.errors import REASON_CHARACTERS

ITEM_CHARACTERS = 200
PROBLEM_BYTES = 240  # of one problem named in a tally
PROBLEMS_BYTES = 1_500  # of all problems on the wire: a tally must fit into a StageRecord


@dataclass(frozen=True)
class Spend:
    """Model calls paid by one item or stage. `usd` is None-free: unknown prices count as 0.

    `reused` counts answers taken from earlier paid work, which cost nothing now.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    reused: int = 0

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            round(self.usd + other.usd, 9),
            self.reused + other.reused,
        )


@dataclass(frozen=True)
class Outcome:
    """Result of one fan-out item; `fatal` asks the parent to stop the whole fan-out."""

    item: str
    status: OutcomeStatus = OutcomeStatus.OK
    reason: str = ""
    ref: str = ""
    fatal: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    spend: Spend = field(default_factory=Spend)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", self.reason[:REASON_CHARACTERS])
        object.__setattr__(self, "item", self.item[:ITEM_CHARACTERS])


@dataclass(frozen=True)
class Tally:
    """Sum of outcomes: what a stage did, what it dropped and why, what it cost."""

    ok: int = 0
    rejected: int = 0
    failed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    spend: Spend = field(default_factory=Spend)
    fatal: str = ""

    @property
    def done(self) -> int:
        """Items looked at."""
        return self.ok + self.rejected + self.failed

    def add(self, outcome: Outcome) -> Tally:
        """This tally with one more outcome."""
        problem = []
        if outcome.status is not OutcomeStatus.OK:
            problem = [_cut(f"{outcome.item}: {outcome.reason}", PROBLEM_BYTES)]
        return self.merge(
            Tally(
                ok=int(outcome.status is OutcomeStatus.OK),
                rejected=int(outcome.status is OutcomeStatus.REJECTED),
                failed=int(outcome.status is OutcomeStatus.FAILED),
                counts=outcome.counts,
                problems=problem,
                spend=outcome.spend,
                fatal=outcome.reason if outcome.fatal else "",
            )
        )

    def merge(self, other: Tally) -> Tally:
        """The sum of two tallies; the first fatal reason wins."""
        counts = dict(self.counts)
        for name, count in other.counts.items():
            counts[name] = counts.get(name, 0) + count
        return Tally(
            self.ok + other.ok,
            self.rejected + other.rejected,
            self.failed + other.failed,
            counts,
            _first_problems(self.problems + other.problems) if other.problems else self.problems,
            self.spend + other.spend,
            self.fatal or other.fatal,
        )


def _first_problems(problems: list[str]) -> list[str]:
    kept: list[str] = []
    room = PROBLEMS_BYTES
    for problem in problems:
        room -= len(json.dumps(problem, ensure_ascii=False).encode()) + len(", ")
        if room < 0:
            break
        kept.append(problem)
    return kept


def _cut(text: str, size: int) -> str:
    """The text's first `size` bytes, whole characters only."""
    return text.encode()[:size].decode(errors="ignore")
