"""A student is promoted by a gain that is shown, and held back by a loss that is shown."""

from __future__ import annotations

import math

import pytest

from shared.raft.statistics import Comparison
from shared.raft.verdict import decide

F1, GUARD = ("open_book", "token_f1"), ("no_oracle", "unsupported_answer")


def compared(low: float, high: float, n: int = 40, better: int = 1) -> Comparison:
    middle = (low + high) / 2
    return Comparison("metric", n, 0, 0.5, 0.5 + middle, middle, low, high, 0.01, better)


@pytest.mark.parametrize(
    ("low", "high", "at_least", "promoted"),
    [
        (0.1, 0.3, 0.0, True),
        (0.1, 0.3, 0.1, False),
        (0.1, 0.3, math.nextafter(0.1, 0), True),
        (0.0, 0.3, 0.0, False),
        (-0.3, -0.1, 0.0, False),
        (-0.01, 0.3, -0.02, True),  # not much worse is enough
    ],
)
def test_the_lower_end_must_exceed_what_is_asked(
    low: float, high: float, at_least: float, promoted: bool
) -> None:
    verdict = decide({F1: compared(low, high)}, F1, at_least, [])
    assert verdict.promoted is promoted
    assert ("does not exceed" in verdict.reason) is not promoted
    assert verdict.reason.startswith("the gain in token f1 (open book) is ")
    assert "40 questions" in verdict.reason


def test_less_of_what_is_bad_is_a_gain() -> None:
    found = {GUARD: compared(-0.3, -0.1, better=-1)}
    verdict = decide(found, GUARD, 0.0, [])
    assert verdict.promoted
    assert "+0.200 (+0.100 to +0.300" in verdict.reason


@pytest.mark.parametrize(
    ("guard", "promoted"),
    [
        (compared(0.1, 0.2, better=-1), False),  # more of what is bad
        (compared(-0.1, 0.2, better=-1), True),
        (compared(-0.2, -0.1, better=-1), True),
        (compared(0.1, 0.2, n=9, better=-1), True),
    ],
)
def test_a_shown_loss_holds_back(guard: Comparison, promoted: bool) -> None:
    verdict = decide({F1: compared(0.1, 0.3), GUARD: guard}, F1, 0.0, [GUARD])
    assert verdict.promoted is promoted
    assert ("worse is unsupported answer (no oracle)" in verdict.reason) is not promoted


def test_a_guard_that_was_not_measured_is_named_and_does_not_hold_back() -> None:
    verdict = decide({F1: compared(0.1, 0.3)}, F1, 0.0, [GUARD])
    assert verdict.promoted
    assert verdict.reason.endswith("not measured: unsupported answer (no oracle)")


@pytest.mark.parametrize(
    "found",
    [
        {},
        {F1: Comparison("token_f1", 0, 5, None, None, None, None, None)},
        {F1: compared(0.5, 0.6, n=9)},
    ],
)
def test_nobody_is_promoted_on_too_few_questions(found: dict[tuple[str, str], Comparison]) -> None:
    verdict = decide(found, F1, 0.0, [])
    assert not verdict.promoted
    assert "10 are needed" in verdict.reason
