"""How items are dealt to lanes, what a lane takes next, and how need and money are shared out."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from orchestrators.lanes import allot, item_cost, lanes_of, left, next_items, own_total, spread
from shared.contracts import BATCH_LIMIT, FanOut, Outcome, OutcomeStatus, Spend, Tally, to_wire


def done(lane: FanOut, items: int, examples: int = 0, usd: float = 0.0) -> FanOut:
    """The lane after `items` more items that made so many examples and cost so much in all."""
    more = Tally(ok=items, counts={"examples": examples}, spend=Spend(usd=usd))
    return replace(lane, tally=lane.tally.merge(more))


def items(lane: FanOut) -> list[int]:
    """All items that a lane does, batch by batch."""
    found: list[int] = []
    while batch := next_items(lane):
        assert len(batch) <= BATCH_LIMIT
        found += batch
        lane = done(lane, len(batch))
    return found


@pytest.mark.parametrize("total", [0, 1, 7, 8, 9, 50, 51, 199, 200, 1_000, 10_001])
@pytest.mark.parametrize("lanes", [1, 4, 20])
def test_every_item_is_in_one_lane_once(total: int, lanes: int) -> None:
    made = lanes_of("run", total, lanes)
    assert sorted(item for lane in made for item in items(lane)) == list(range(total))
    assert len(made) <= lanes
    assert all(items(lane) for lane in made)
    assert [lane.lane for lane in made] == list(range(len(made)))


def test_small_runs_have_batches_small_enough_to_show_progress() -> None:
    assert lanes_of("run", 240, 4)[0].batch_size == 10
    assert lanes_of("run", 1_000_000, 4)[0].batch_size == BATCH_LIMIT


@pytest.mark.parametrize("total", [1, 51, 237, 1_000])
def test_the_lanes_totals_add_up(total: int) -> None:
    made = lanes_of("run", total, 4)
    assert [own_total(lane) for lane in made] == [len(items(lane)) for lane in made]
    assert sum(left(lane) for lane in made) == total


def test_a_later_round_goes_on_where_the_earlier_one_stopped() -> None:
    lane = lanes_of("run", 100, 2)[1]
    whole = items(lane)
    assert items(replace(lane, first=13)) == whole[13:]


@pytest.mark.parametrize("total", [1, 2, 3, 10, 97, 100, 1_000])
def test_spreading_is_a_permutation_whose_every_beginning_covers_all(total: int) -> None:
    order = [spread(index, total) for index in range(total)]
    assert sorted(order) == list(range(total))
    for count in (n for n in (10, 30, 60) if n < total):
        beginning = sorted(order[:count])
        gaps = [b - a for a, b in itertools.pairwise(beginning)]
        assert max(gaps) <= 4 * total / count


def test_a_lane_stops_at_what_is_wanted_and_never_begins_more_than_it_needs() -> None:
    lane = replace(lanes_of("run", 100, 1)[0], wanted=20, most=2)
    assert len(next_items(lane)) == 10
    lane = done(lane, 10, examples=15)
    assert len(next_items(lane)) == 3  # five are missing, two at most from each
    lane = done(lane, 3, examples=5)
    assert next_items(lane) == []


def test_only_the_further_questions_count_in_a_later_pass() -> None:
    lane = replace(lanes_of("run", 100, 1)[0], wanted=9, most=5, after=2)
    assert len(next_items(lane)) == 3


def test_a_lane_takes_only_what_its_money_pays_for() -> None:
    lane = replace(lanes_of("run", 100, 1)[0], usd=1.0, usd_per_item=0.125)
    assert len(next_items(lane)) == 8
    lane = done(lane, 4, usd=0.75)  # dearer than estimated
    assert item_cost(lane) == 0.1875
    assert len(next_items(lane)) == 1
    assert next_items(done(lane, 1, usd=0.2)) == []


def test_a_lane_without_prices_is_not_held_back() -> None:
    lane = replace(lanes_of("run", 100, 1)[0], usd=1.0)
    assert len(next_items(lane)) == lane.batch_size


def test_need_and_money_are_shared_out_by_what_is_left() -> None:
    lanes = lanes_of("run", 200, 4)
    lanes = [replace(lanes[0], first=30), lanes[1], replace(lanes[2], first=47), lanes[3]]
    dealt = allot(lanes, wanted=50, usd=12.3)
    assert [lane.lane for lane in dealt] == [0, 1, 3]  # the third has nothing left
    assert [lane.wanted for lane in dealt] == [10, 22, 18]
    assert [lane.usd for lane in dealt] == pytest.approx([2.4, 5.4, 4.5])


def test_fewer_wanted_than_lanes_leaves_lanes_out() -> None:
    dealt = allot(lanes_of("run", 200, 4), wanted=2, usd=None)
    assert sum(lane.wanted for lane in dealt) == 2
    assert all(lane.wanted for lane in dealt)


def test_nothing_more_is_taken_once_it_is_clear_that_nothing_works() -> None:
    lane = lanes_of("run", 100, 1)[0]
    failed = Tally().add(Outcome("a", OutcomeStatus.FAILED, "401", fatal=True))
    assert next_items(replace(lane, tally=failed)) == []


def test_a_lanes_input_stays_small_with_the_worst_of_outcomes() -> None:
    tally = Tally()
    for number in range(1_000):
        tally = tally.add(Outcome("é" * 300, OutcomeStatus.FAILED, f"{number} " + "ü" * 900))
    started = "2026-01-01T00:00:00.000000+00:00"
    lane = FanOut("r" * 64, 10_001, 3, 4, 50, started, tally, 5, 9_999, 20, 19, 0.333333, 0.01)
    to_wire(lane)
