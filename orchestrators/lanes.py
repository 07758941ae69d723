"""How items are dealt to lanes, and what a lane takes next: arithmetic, no calls.

A lane's own items are blocks lane, lane + lanes, … of `batch_size`; it works on them in order, so
the number of outcomes in its tally says where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor, gcd

from shared.contracts import BATCH_LIMIT, FanOut

_TICKS = 6  # batches a lane is cut into, so that progress moves and lanes end together
_SMALLEST_BATCH = 8
_GOLDEN = 618_033_988_749_895  # of 10 ** 15: steps of this share fill a circle most evenly


def lanes_of(run: str, total: int, lanes: int) -> list[FanOut]:
    """The lanes' first inputs: batches of at most 50, smaller ones for small runs."""
    if total == 0:
        return []
    size = min(BATCH_LIMIT, max(_SMALLEST_BATCH, ceil(total / (lanes * _TICKS))))
    used = min(lanes, ceil(total / size))
    return [FanOut(run, total, lane, used, size) for lane in range(used)]


def own_total(lane: FanOut) -> int:
    """How many items are the lane's."""
    blocks = range(lane.lane, ceil(lane.total / lane.batch_size), lane.lanes)
    return sum(min(lane.batch_size, lane.total - block * lane.batch_size) for block in blocks)


def left(lane: FanOut) -> int:
    """How many of the lane's items are not done."""
    return own_total(lane) - lane.first - lane.tally.done


def next_items(lane: FanOut) -> list[int]:
    """The indexes to do now: the rest of the block at hand, as far as `wanted` and `usd` allow;
    [] when the lane is through, or has made or spent what it was allotted."""
    if lane.tally.fatal:
        return []
    done = lane.first + lane.tally.done
    block, within = divmod(done, lane.batch_size)
    start = (lane.lane + block * lane.lanes) * lane.batch_size
    count = min(lane.batch_size - within, left(lane), _needed(lane), _affordable(lane))
    indexes = range(start + within, start + within + max(0, count))
    return [spread(index, lane.total) for index in indexes] if lane.wanted else list(indexes)


def spread(index: int, total: int) -> int:
    """The `index`-th of all `total` items in an order whose every beginning covers them evenly."""
    step = max(1, total * _GOLDEN // 10**15)
    while gcd(step, total) != 1:
        step += 1
    return index * step % total


def allot(lanes: Sequence[FanOut], wanted: int, usd: float | None) -> list[FanOut]:
    """The lanes with what is wanted and what may be spent shared out by the items they have left.

    Lanes with nothing left, or for which nothing is wanted, are left out.
    """
    waiting = [lane for lane in lanes if left(lane)]
    whole = sum(left(lane) for lane in waiting)
    dealt = 0
    allotted = []
    for lane in waiting:
        share = ceil(wanted * left(lane) / whole)
        share = min(share, wanted - dealt)
        dealt += share
        if wanted and not share:
            continue
        money = None if usd is None else usd * left(lane) / whole
        allotted.append(replace(lane, wanted=share, usd=money))
    return allotted


def item_cost(lane: FanOut) -> float:
    """Dollars that the next item is taken to cost: the estimate, or more if items did cost more."""
    done = lane.tally.done
    return max(lane.usd_per_item, lane.tally.spend.usd / done if done else 0.0)


def _needed(lane: FanOut) -> int:
    """Items that make what is still wanted if every one of their questions succeeds."""
    if not lane.wanted:
        return lane.batch_size
    missing = lane.wanted - lane.tally.counts.get("examples", 0)
    return ceil(max(0, missing) / max(1, lane.most - lane.after))


def _affordable(lane: FanOut) -> int:
    cost = item_cost(lane)
    if lane.usd is None or not cost:
        return lane.batch_size
    return floor(max(0.0, lane.usd - lane.tally.spend.usd) / cost + 1e-9)
