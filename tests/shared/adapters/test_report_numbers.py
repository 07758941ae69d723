"""Values as people read them."""

from __future__ import annotations

import math

from shared.adapters.report_numbers import (
    change,
    count,
    duration,
    end,
    moment,
    ranges,
    score,
    share,
    usd,
)
from shared.adapters.svg import signed


def test_numbers_are_written_for_people() -> None:
    assert [count(v) for v in (0, 1_234_567, 3.0, None, "x")] == ["0", "1,234,567", "3", "–", "x"]
    assert [score(v) for v in (0.12345, 1, None, math.nan)] == ["0.123", "1.000", "–", "nan"]
    assert [change(v) for v in (0.1, -0.1, 0, -0.0001)] == ["+0.100", "−0.100", "0.000", "0.000"]
    assert [end(v) for v in (0.1, -0.0001, 0, None)] == ["+0.100", "−0.000", "0.000", "–"]
    assert [share(v) for v in (0.925, 0, None)] == ["92.5 %", "0.0 %", "–"]
    assert signed(0.0004) == "0.000"
    assert [usd(v) for v in (0, 0.00001, 0.0123, 1.5, 1_234.5, None)] == [
        *("$0.00", "< $0.0001", "$0.0123", "$1.50", "$1,234.50", "–")
    ]


def test_times_are_written_for_people() -> None:
    assert moment("2025-01-02T03:04:05+02:00") == "2 January 2025, 01:04 UTC"
    assert moment("yesterday") == "yesterday"
    assert moment(None) == "–"
    assert [duration(s) for s in (-1, 59.4, 61, 3_599, 7_260)] == [
        *("0 s", "59 s", "1 min 1 s", "59 min 59 s", "2 h 1 min")
    ]


def test_pages_are_written_as_ranges() -> None:
    assert ranges([9, 3, 7, 8, 8]) == "3, 7–9"
    assert ranges([]) == ""
