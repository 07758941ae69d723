"""Charts of amounts in the report: differences with their intervals, and bars.

Without anything to draw the result is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from shared.adapters.svg import dot, line, number, signed, svg, text, ticks

_ROW = 42
_BAR_ROW = 22

Span = tuple[float, float]


def span_of(rows: Sequence[Mapping[str, Any]], *also: float) -> Span | None:
    """From where to where an axis goes that shows all the rows, zero and `also`."""
    drawn = [v for row in rows for key in ("gain", "low", "high") if (v := row[key]) is not None]
    if not drawn:
        return None
    low, high = min(0.0, *also, *drawn), max(0.0, *also, *drawn)
    pad = (high - low) * 0.08 or 0.1
    return low - pad, high + pad


def forest(
    rows: Sequence[Mapping[str, Any]], span: Span | None = None, needed: float | None = None
) -> Markup:
    """Gains with intervals around a zero line, one row each; charts with one `span` can be
    compared by eye. `needed` is a further line: what the lower end has to exceed.

    A row has label, gain, low, high (numbers or None) and tone, a CSS class.
    """
    span = span or span_of(rows, needed or 0.0)
    if span is None or not any(row["gain"] is not None for row in rows):
        return Markup("")
    low, high = span

    def across(value: float) -> str:
        return f"{2 + 96 * (value - low) / (high - low):.2f}%"

    bottom = 34 + len(rows) * _ROW - 14
    axis = [
        line(across(tick), 22, across(tick), bottom, "grid" if tick else "zero")
        + text(across(tick), bottom + 16, f"{tick:+g}".replace("-", "−") if tick else "0", "tick")
        for tick in ticks(low, high, 5)
    ]
    if needed:
        axis.append(line(across(needed), 22, across(needed), bottom, "even"))
    ends = [
        text("0", 12, "← baseline better", "end start"),
        text("100%", 12, "student better →", "end stop"),
    ]
    marks = [_row(row, 34 + place * _ROW, across) for place, row in enumerate(rows)]
    label = "Gain of the student over the baseline, with intervals: " + "; ".join(
        f"{row['label']} {_spoken(row)}".strip() for row in rows
    )
    return svg("forest", bottom + 24, label, [*ends, *axis, *marks])


def _row(row: Mapping[str, Any], y: int, across: Any) -> Markup:
    gain, low, high = row["gain"], row["low"], row["high"]
    said = "not measured" if gain is None else signed(gain)
    parts = []
    if row["label"]:
        parts = [text("0", y + 2, row["label"], "name"), text("100%", y + 2, said, "value stop")]
    if low is not None and high is not None:
        parts.append(line(across(low), y + 15, across(high), y + 15, "interval"))
        parts += [line(across(v), y + 11, across(v), y + 19, "cap") for v in (low, high)]
    if gain is not None:
        parts.append(dot(across(gain), y + 15, 4.5, "point", _spoken(row)))
    return Markup('<g class="{}">{}</g>').format(row["tone"], Markup("").join(parts))


def _spoken(row: Mapping[str, Any]) -> str:
    if row["gain"] is None:
        return "not measured"
    said = signed(row["gain"])
    if row["low"] is not None and row["high"] is not None:
        said += f" ({signed(row['low'])} to {signed(row['high'])})"
    return said


def bars(counts: Sequence[Any], name: str) -> Markup:
    """Horizontal bars of counts, numbered from 1, with a line where an even spread would end."""
    values = [number(count) or 0.0 for count in counts]
    if not values or max(values) <= 0:
        return Markup("")
    even, scale = sum(values) / len(values), 60 / max(values)
    parts = []
    for index, value in enumerate(values):
        y = index * _BAR_ROW + 4
        parts.append(text("0", y + 12, f"{name} {index + 1}", "name"))
        parts.append(
            Markup('<rect class="bar" x="24%" y="{}" width="{}%" height="15"/>').format(
                y, f"{value * scale:.2f}"
            )
        )
        parts.append(text("100%", y + 12, f"{value:,.0f}", "value stop"))
    x = f"{24 + even * scale:.2f}%"
    parts.append(line(x, 0, x, len(values) * _BAR_ROW + 2, "even"))
    label = f"Rows by {name.lower()}: " + ", ".join(
        f"{index}: {value:,.0f}" for index, value in enumerate(values, 1)
    )
    return svg("bars", len(values) * _BAR_ROW + 4, label, parts)
