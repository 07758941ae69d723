"""What a lane tells about its progress."""

from __future__ import annotations

from dataclasses import replace

from orchestrators.lanes import lanes_of
from orchestrators.steps import _progress
from shared.contracts import FanOut, Outcome, OutcomeStatus, Spend, Stage, Tally, lane_id


def test_progress_counts_what_is_done_and_estimates_the_rest_from_it() -> None:
    outcomes = [Outcome("a", spend=Spend(usd=0.5)), Outcome("b", OutcomeStatus.FAILED, "busy")]
    tally = Tally().add(outcomes[0]).add(outcomes[1])
    lane = FanOut("run", 40, 1, 2, 10, "2026-01-01T00:00:00+00:00", tally)
    assert _progress(lane, "2026-01-01T00:00:10+00:00") == {
        "done": 2,
        "total": 20,
        "failed": 1,
        "usd": 0.5,
        "seconds_left": 90.0,
    }


def test_a_lane_that_has_done_nothing_yet_says_nothing_of_the_time_left() -> None:
    lane = replace(lanes_of("run", 40, 1)[0], started="2026-01-01T00:00:00+00:00")
    assert _progress(lane, "2026-01-01T00:00:10+00:00")["seconds_left"] is None


def test_a_lanes_id_is_known_to_whoever_shows_progress() -> None:
    assert lane_id("bank-1", Stage.GENERATE, 3) == "bank-1-generate-3"
    assert lane_id("bank-1", Stage.GENERATE, 3, 102) == "bank-1-generate-102-3"
