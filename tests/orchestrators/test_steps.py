"""How items are cut into lanes and batches, and what a lane tells about its progress."""

from __future__ import annotations

import pytest

from orchestrators.steps import _progress, lane_id, lanes_of
from shared.contracts import (
    BATCH_LIMIT,
    FanOut,
    Outcome,
    OutcomeStatus,
    Spend,
    Stage,
    Tally,
    to_wire,
)


def items(lane: FanOut) -> list[int]:
    """The items that a lane does, batch by batch."""
    found: list[int] = []
    for batch in range(lane.lane, lane.total, lane.lanes):
        start = batch * lane.batch_size
        found.extend(range(start, min(lane.total, start + lane.batch_size)))
    return found


@pytest.mark.parametrize("total", [0, 1, 7, 8, 9, 50, 51, 199, 200, 1_000, 10_001])
@pytest.mark.parametrize("lanes", [1, 4, 20])
def test_every_item_is_in_one_lane_once(total: int, lanes: int) -> None:
    made = lanes_of("run", total, lanes)
    assert sorted(item for lane in made for item in items(lane)) == list(range(total))
    assert len(made) <= lanes
    assert all(items(lane) for lane in made)
    assert all(1 <= lane.batch_size <= BATCH_LIMIT for lane in made)
    assert [lane.lane for lane in made] == list(range(len(made)))


def test_small_runs_have_batches_small_enough_to_show_progress() -> None:
    assert lanes_of("run", 240, 4)[0].batch_size == 10
    assert lanes_of("run", 1_000_000, 4)[0].batch_size == BATCH_LIMIT


@pytest.mark.parametrize("total", [1, 51, 237, 1_000])
def test_the_lanes_totals_add_up(total: int) -> None:
    now = "2026-01-01T00:00:00+00:00"
    made = lanes_of("run", total, 4)
    shown = [_progress(lane, now) for lane in made]
    assert [progress["total"] for progress in shown] == [len(items(lane)) for lane in made]
    assert {progress["seconds_left"] for progress in shown} == {None}


def test_progress_counts_what_is_done_and_estimates_the_rest_from_it() -> None:
    outcomes = [Outcome("a", spend=Spend(usd=0.5)), Outcome("b", OutcomeStatus.FAILED, "busy")]
    tally = Tally().add(outcomes[0]).add(outcomes[1])
    lane = FanOut("run", 40, 1, 2, 10, 3, "2026-01-01T00:00:00+00:00", tally)
    assert _progress(lane, "2026-01-01T00:00:10+00:00") == {
        "done": 2,
        "total": 20,
        "failed": 1,
        "usd": 0.5,
        "seconds_left": 90.0,
    }


def test_a_lanes_id_is_known_to_whoever_shows_progress() -> None:
    assert lane_id("bank-1", Stage.GENERATE, 3) == "bank-1-generate-3"


def test_a_lanes_input_stays_small_with_the_worst_of_outcomes() -> None:
    tally = Tally()
    for number in range(1_000):
        tally = tally.add(Outcome("é" * 300, OutcomeStatus.FAILED, f"{number} " + "ü" * 900))
    lane = FanOut("r" * 64, 10_001, 3, 4, 50, 199, "2026-01-01T00:00:00.000000+00:00", tally)
    to_wire(lane)
