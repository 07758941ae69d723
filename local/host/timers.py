"""Timer triggers: NCRONTAB schedules (`{second} {minute} {hour} {day} {month} {day-of-week}`).

Five fields mean second 0; `hh:mm:ss` is an interval. Times are UTC and real: the orchestration
clock's speed does not touch them. One function never runs twice at once.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest

from local.host.function import Function
from local.host.invoke import Invoker
from local.host.refusals import AppError
from local.host.settings import SettingsError, resolve

log = logging.getLogger("local.host")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LIMITS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_INTERVAL = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")
_HORIZON = timedelta(days=366 * 8)


class ScheduleError(ValueError):
    """A schedule that cannot be read or never comes."""


@dataclass(frozen=True, slots=True)
class Cron:
    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, moment: datetime) -> datetime:
        """The first time that is later than `moment`."""
        at = moment.replace(microsecond=0) + timedelta(seconds=1)
        end = moment + _HORIZON
        while at < end:
            weekday = (at.weekday() + 1) % 7
            on_day = at.day in self.days and weekday in self.weekdays
            if at.month not in self.months or not on_day:
                at = at.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0, second=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at = at.replace(second=0) + timedelta(minutes=1)
            elif at.second not in self.seconds:
                at += timedelta(seconds=1)
            else:
                return at
        raise ScheduleError("the schedule never comes")


@dataclass(frozen=True, slots=True)
class Interval:
    period: timedelta

    def after(self, moment: datetime) -> datetime:
        return moment + self.period


Schedule = Cron | Interval


def parse_schedule(text: str) -> Schedule:
    text = text.strip()
    if found := _INTERVAL.fullmatch(text):
        days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
        period = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if not period:
            raise ScheduleError(f"schedule {text!r}: the interval is empty")
        return Interval(period)
    fields = text.split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6:
        raise ScheduleError(f"schedule {text!r}: six fields are needed")
    try:
        return Cron(*(_field(each, index) for index, each in enumerate(fields)))
    except ValueError as error:
        raise ScheduleError(f"schedule {text!r}: {error}") from error


def _field(text: str, index: int) -> frozenset[int]:
    low, high = _LIMITS[index]
    values: set[int] = set()
    for part in text.lower().split(","):
        span, slash, step_text = part.partition("/")
        step = int(step_text) if slash else 1
        first_text, dash, last_text = span.partition("-")
        if span in ("*", "?"):
            first, last = low, high
        else:
            first = _number(first_text, index)
            last = _number(last_text, index) if dash else high if slash else first
        if index == 5 and first == 7:
            first = last = 0
        if not (low <= first <= last <= high) or step < 1:
            raise ValueError(f"field {text!r} is out of range")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(text: str, index: int) -> int:
    names = {4: _MONTHS, 5: _DAYS}.get(index, ())
    if text[:3] in names:
        return names.index(text[:3]) + (index == 4)
    return int(text)


class TimerTrigger:
    """One function and its schedule."""

    def __init__(
        self, function: Function, invoker: Invoker, environment: Mapping[str, str]
    ) -> None:
        self._function = function
        self._invoker = invoker
        try:
            self._schedule = parse_schedule(resolve(function.trigger["schedule"], environment))
        except (ScheduleError, SettingsError) as error:
            raise AppError(f"function '{function.name}' is refused: {error}") from error

    async def run(self) -> None:
        if self._function.trigger.get("runOnStartup"):
            await self._fire()
        while True:
            now = datetime.now(UTC)
            due = self._schedule.after(now)
            await asyncio.sleep((due - now).total_seconds())
            await self._fire()

    async def _fire(self) -> None:
        try:
            await self._invoker.call(self._function, TimerRequest(past_due=False))
        except Exception as error:
            log.error("function %s failed", self._function.name, exc_info=error)
