"""Pacing with a clock of its own: windows held, 429s learned from, Retry-After weighed."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable

import pytest

from shared.adapters.pacing import Pace, TokenEstimate

LATENCY = 0.3


class Server:
    """A sliding window of requests, as the service holds it."""

    def __init__(self, limit: int, window: float = 60) -> None:
        self.limit, self.window = limit, window
        self.taken: deque[float] = deque()
        self.refused = 0

    def take(self, now: float) -> float | None:
        """None when the call is taken, else the seconds until the next would be."""
        while self.taken and self.taken[0] <= now - self.window:
            self.taken.popleft()
        if len(self.taken) < self.limit:
            self.taken.append(now)
            return None
        self.refused += 1
        return self.taken[0] + self.window - now


def drive(
    paces: list[Pace], server: Server, calls: int, after: Callable[[float], float | None]
) -> float:
    """Send so many calls, by the paces in turn; the time when all were taken."""
    now = 0.0
    for number in range(calls):
        pace = paces[number % len(paces)]
        while True:
            at = pace.ready_at(now, 1)
            assert at >= now and math.isfinite(at)
            now = at
            sent = pace.begin(now, 1)
            wait = server.take(now)
            now += 0.01
            if wait is None:
                pace.succeeded(sent, now, 1)
                break
            pace.throttled(sent, now, after(wait))
    return now


def pace(**options: int) -> Pace:
    return Pace(dice=random.Random(1), **options)


def test_a_limit_that_is_known_is_never_run_into() -> None:
    server = Server(300)
    ended = drive([pace(requests=300)], server, 1_200, lambda wait: wait)
    assert server.refused == 0
    assert ended < 1.02 * (180 + 3)


@pytest.mark.parametrize("limit", [1, 7, 60])
def test_no_window_ever_holds_more_than_the_limit(limit: int) -> None:
    dice, book, now = random.Random(limit), pace(requests=limit), 0.0
    sent: list[float] = []
    for _ in range(6 * limit):
        now = max(now + dice.random() / 10, book.ready_at(now, 1))
        assert book.ready_at(now, 1) <= now
        call = book.begin(now, 1)
        sent.append(now)
        book.succeeded(call, now + LATENCY + dice.random(), 1)
    for first, later in zip(sent, sent[limit:], strict=False):
        assert later - first > 60


def test_tokens_are_held_by_estimate_and_corrected_by_usage() -> None:
    book = pace(tokens=100)
    first = book.begin(0, 60)
    assert book.ready_at(1, 60) > 59
    book.succeeded(first, 1, 30)
    assert book.ready_at(1, 60) == 1
    second = book.begin(1, 60)
    book.succeeded(second, 2, 90)
    assert 60 < book.ready_at(2, 60) < 62.1
    assert book.ready_at(70, 5_000) == 70, (
        "a call over the whole limit goes when the window is empty"
    )


def test_a_call_that_the_server_never_had_takes_no_room() -> None:
    book = pace(requests=1)
    book.failed(book.begin(0, 1), counted=False)
    assert book.ready_at(1, 1) == 1
    book.failed(book.begin(1, 1), counted=True)
    assert book.ready_at(2, 1) > 60


@pytest.mark.parametrize("after", [lambda _: None, lambda _: 90.0, lambda _: 150.0])
def test_an_unknown_limit_is_learned_whatever_the_header_says(
    after: Callable[[float], float | None],
) -> None:
    server = Server(300)
    ended = drive([pace()], server, 346, after)
    assert ended < 1.05 * 60.5
    assert server.refused < 10


def test_a_header_that_counts_down_is_kept() -> None:
    server = Server(300)
    server.taken.extend([0.0] * 300)  # by someone else
    ended = drive([pace()], server, 20, lambda wait: wait)
    assert 60 < ended < 61
    assert server.refused <= 3


def test_a_short_header_is_kept() -> None:
    book = pace()
    book.throttled(book.begin(0, 1), 0.1, 2.0)
    assert 2.1 <= book.ready_at(0.1, 1) < 2.2


def test_a_quota_that_others_use_too_is_shared_with_few_refusals() -> None:
    server = Server(300)
    ended = drive([pace(requests=300), pace(requests=300)], server, 1_200, lambda wait: wait)
    assert server.refused < 0.03 * 1_200
    assert ended < 1.05 * (180 + 3)


def test_what_was_learned_is_forgotten_when_the_others_are_gone() -> None:
    server, book = Server(300), pace(requests=300)
    server.taken.extend([0.0] * 250)
    drive([book], server, 60, lambda wait: wait)
    assert book.learned is not None and book.learned < 300
    now = 200.0
    for _ in range(300):
        now = max(now, book.ready_at(now, 1))
        book.succeeded(book.begin(now, 1), now + 0.01, 1)
        now += 0.01
    assert now < 204, "all 300 went in one window"


def test_after_a_429_one_call_at_a_time_until_one_succeeds() -> None:
    book = pace()
    early = [book.begin(0, 1) for _ in range(5)]
    assert book.throttled(early[0], 0.3, None)
    assert not any(book.throttled(call, 0.31, None) for call in early[1:3])
    at = book.ready_at(0.31, 1)
    assert 0.3 + 0.375 <= at <= 0.3 + 0.625
    for call in early[3:]:
        book.succeeded(call, 0.4, 1)
    assert book.ready_at(0.4, 1) == at, "those were sent before the 429"
    probe = book.begin(at, 1)
    assert book.ready_at(at, 1) == math.inf
    book.throttled(probe, at + 0.1, None)
    assert book.ready_at(at + 0.1, 1) - (at + 0.1) >= 0.75, "the step has doubled"
    probe = book.begin(at + 2, 1)
    book.succeeded(probe, at + 2.3, 1)
    assert book.ready_at(at + 2.3, 1) == at + 2.3


def test_beyond_what_was_learned_each_success_lets_one_more_go_at_once() -> None:
    book = pace()
    done = [book.begin(0, 1) for _ in range(4)]
    book.throttled(done.pop(), 0.3, None)
    for call in done:
        book.succeeded(call, 0.3, 1)
    now, widths = 2.0, []
    for _ in range(4):
        flight = []
        while book.ready_at(now, 1) <= now:
            flight.append(book.begin(now, 1))
        widths.append(len(flight))
        now += LATENCY
        for call in flight:
            book.succeeded(call, now, 1)
    assert widths == sorted(widths) and widths[0] == 1 and widths[-1] > 4


def test_room_is_that_of_the_tightest_limit() -> None:
    book = pace(requests=10, tokens=100)
    assert book.room(0) == 1
    book.begin(0, 50)
    assert book.room(0) == pytest.approx(0.5)
    assert pace().room(0) == 1


def test_the_estimate_follows_what_is_billed() -> None:
    estimate = TokenEstimate()
    assert estimate.of(300, 100) == pytest.approx(200)
    for _ in range(100):
        estimate.learn(400, 100, 200, 10)
    assert estimate.of(400, 100) == pytest.approx(210, rel=0.01)
