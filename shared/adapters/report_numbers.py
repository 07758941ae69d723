"""How the report writes values for people: numbers, dollars, times, page numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from shared.adapters.svg import number, signed

NOTHING = "–"


def shown(value: Any) -> str:
    """The value as text, a dash for nothing; markup stays markup."""
    if isinstance(value, Markup):
        return value
    return NOTHING if value is None or value == "" else str(value)


def count(value: Any) -> str:
    """A whole number with thousands separators."""
    found = number(value)
    return shown(value) if found is None else f"{found:,.0f}"


def score(value: Any) -> str:
    """A score with three decimals."""
    found = number(value)
    return shown(value) if found is None else f"{found:.3f}"


def change(value: Any) -> str:
    """A difference with its sign."""
    found = number(value)
    return shown(value) if found is None else signed(found)


def end(value: Any) -> str:
    """An end of an interval: its sign stays on a rounded zero, since it tells on which side it
    lies."""
    found = number(value)
    if found is None:
        return shown(value)
    return f"{found:+.3f}".replace("-", "−") if found else "0.000"


def share(value: Any) -> str:
    """A part of one in percent."""
    found = number(value)
    return shown(value) if found is None else f"{100 * found:.1f} %"


def usd(value: Any) -> str:
    """Dollars: cents, or four decimals under one dollar."""
    found = number(value)
    if found is None:
        return shown(value)
    if 0 < found < 0.0001:
        return "< $0.0001"
    return f"${found:,.4f}" if 0 < found < 1 else f"${found:,.2f}"


def moment(value: Any) -> str:
    """An ISO time as a person writes it, in UTC."""
    when = time_of(value)
    if when is None:
        return shown(value)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def time_of(value: Any) -> datetime | None:
    """An ISO time, in UTC; None for anything else."""
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def duration(seconds: float) -> str:
    """A length of time in its two largest units."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def ranges(pages: Sequence[int]) -> str:
    """Page numbers as people write them: 3, 7–9."""
    spans: list[list[int]] = []
    for page in sorted(set(pages)):
        if spans and page == spans[-1][1] + 1:
            spans[-1][1] = page
        else:
            spans.append([page, page])
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in spans)


def words_of(name: str) -> str:
    """A name of the record as words."""
    return name.replace("_", " ").capitalize()
