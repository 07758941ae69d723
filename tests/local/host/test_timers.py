"""NCRONTAB schedules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.host.timers import ScheduleError, parse_schedule

NOW = datetime(2026, 1, 30, 23, 58, 30, 500_000, UTC)  # a Friday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * * *", "2026-01-30T23:58:31"),
        ("*/10 * * * * *", "2026-01-30T23:58:40"),
        ("0 */5 * * * *", "2026-01-31T00:00:00"),
        ("*/5 * * * *", "2026-01-31T00:00:00"),
        ("0 30 9 * * mon-fri", "2026-02-02T09:30:00"),
        ("0 0 0 * * 0", "2026-02-01T00:00:00"),
        ("0 0 0 * * 7", "2026-02-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 12 1,15 MAR *", "2026-03-01T12:00:00"),
        ("0 0/20 * * * *", "2026-01-31T00:00:00"),
    ],
)
def test_next_time(schedule, expected):
    assert parse_schedule(schedule).after(NOW) == datetime.fromisoformat(expected + "+00:00")


def test_interval():
    assert (parse_schedule("00:05:00").after(NOW) - NOW).total_seconds() == 300


@pytest.mark.parametrize(
    "schedule", ["", "* * *", "61 * * * * *", "x * * * * *", "00:00:00", "*/0 * * * * *"]
)
def test_unreadable(schedule):
    with pytest.raises(ScheduleError):
        parse_schedule(schedule)


def test_never():
    with pytest.raises(ScheduleError, match="never"):
        parse_schedule("0 0 0 31 2 *").after(NOW)
