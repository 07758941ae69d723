"""Charts of the report as inline SVG: forest plot, loss curve, bars.

Positions across are percentages of the drawing and positions down are pixels, so a chart takes
the width it is given and its text keeps its size on a phone. Colours are left to the page's
classes, for light and dark. Every text goes through `escape`; a value that is no finite number
is treated as missing. Without anything to draw the result is empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

# Column names by service generation, with the label and the class they are drawn with.
LOSSES = (
    ("train", "training", ("train_loss", "training_loss")),
    ("valid", "validation", ("valid_loss", "validation_loss")),
    ("full", "validation, whole set", ("full_valid_loss", "full_validation_loss")),
)
_FOREST_ROW = 42
_BAR_ROW = 22
_LOSS_HEIGHT = 220
_LOSS_LEFT, _LOSS_WIDTH = 10.0, 88.0  # percent: room for the axis labels at the left
_LINE_POINTS = 800  # more are thinned: no screen shows them
_DOTS = 40  # more measured points than this stand as a line only

Points = list[tuple[float, float]]


def number(value: Any) -> float | None:
    """The value as a finite float, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def signed(value: float) -> str:
    """Three decimals with a sign, a true minus, and no sign on a rounded zero."""
    text = f"{value:+.3f}".replace("-", "−")
    return text[1:] if text[1:] == "0.000" else text


def forest(groups: Sequence[Sequence[Mapping[str, Any]]]) -> Markup:
    """Differences with intervals around a zero line, one row per metric, groups set apart.

    A row has label, difference, low, high (numbers or None) and tone, a CSS class.
    """
    rows = [row for group in groups for row in group]
    drawn = [v for row in rows for key in ("difference", "low", "high") if _is(v := row[key])]
    if not drawn:
        return Markup("")
    low, high = min(0.0, *drawn), max(0.0, *drawn)
    pad = (high - low) * 0.08 or 0.1
    low, high = low - pad, high + pad

    def across(value: float) -> str:
        return f"{2 + 96 * (value - low) / (high - low):.2f}%"

    marks: list[Markup] = []
    y = 34
    for group in groups:
        for row in group:
            marks.append(_forest_row(row, y, across))
            y += _FOREST_ROW
        y += 10
    bottom = y - 14
    axis = [
        _line(across(tick), 22, across(tick), bottom, "zero" if tick == 0 else "grid")
        + _text(across(tick), bottom + 16, f"{tick:+g}".replace("-", "−") if tick else "0", "tick")
        for tick in _ticks(low, high, 5)
    ]
    ends = _text("0", 12, "← baseline better", "end start") + _text(
        "100%", 12, "student better →", "end stop"
    )
    label = "Difference student minus baseline by metric, with intervals: " + "; ".join(
        f"{row['label']} {_spoken(row)}" for row in rows
    )
    return _svg("forest", bottom + 24, label, [ends, *axis, *marks])


def _forest_row(row: Mapping[str, Any], y: int, across: Any) -> Markup:
    difference, low, high = row["difference"], row["low"], row["high"]
    said = signed(difference) if _is(difference) else "not measured"
    parts = [_text("0", y + 2, row["label"], "name"), _text("100%", y + 2, said, "value stop")]
    if _is(low) and _is(high):
        parts.append(_line(across(low), y + 15, across(high), y + 15, "interval"))
        parts += [_line(across(v), y + 11, across(v), y + 19, "cap") for v in (low, high)]
    if _is(difference):
        parts.append(_dot(across(difference), y + 15, 4.5, "point", _spoken(row)))
    return Markup('<g class="{}">{}</g>').format(row["tone"], Markup("").join(parts))


def _spoken(row: Mapping[str, Any]) -> str:
    if not _is(row["difference"]):
        return "not measured"
    said = signed(row["difference"])
    if _is(row["low"]) and _is(row["high"]):
        said += f" ({signed(row['low'])} to {signed(row['high'])})"
    return said


def loss_series(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, Points]]:
    """(class, label, points by step) of each loss that has values; −1 marks a missing one."""
    series = []
    for kind, label, names in LOSSES:
        points = []
        for index, row in enumerate(rows, 1):
            step = number(row.get("step"))
            loss = next((v for name in names if (v := number(row.get(name))) is not None), None)
            if loss is not None and loss >= 0:
                points.append((float(index) if step is None else step, loss))
        if points:
            series.append((kind, label, sorted(points)))
    return series


def loss_curve(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Training and validation loss over steps, from zero up."""
    series = loss_series(rows)
    if not series:
        return Markup("")
    steps = [x for _, _, points in series for x, _ in points]
    first, last = min(steps), max(steps)
    top = max(y for _, _, points in series for _, y in points) * 1.05 or 1.0

    def across(step: float) -> float:
        return 100 * (step - first) / (last - first) if last > first else 50.0

    def down(loss: float) -> float:
        return 24 + _LOSS_HEIGHT * (1 - loss / top)

    right = f"{_LOSS_LEFT + _LOSS_WIDTH:g}%"
    axis = [
        _line(f"{_LOSS_LEFT:g}%", down(tick), right, down(tick), "grid" if tick else "zero")
        + _text(f"{_LOSS_LEFT - 1.5:g}%", down(tick) + 4, f"{tick:g}", "tick stop")
        for tick in _ticks(0, top, 5)
    ]
    steps_shown = [tick for tick in _ticks(first, last, 5) if tick == int(tick)] or [first]
    axis += [
        _text(_outer(across(tick)), down(0) + 18, f"{tick:,.0f}", "tick") for tick in steps_shown
    ]
    axis.append(_text("100%", down(0) + 36, "training step", "end stop"))
    legend = Markup('<text x="{}%" y="12" class="end start">{}</text>').format(
        f"{_LOSS_LEFT:g}",
        Markup('<tspan class="gap">   </tspan>').join(
            Markup('<tspan class="key {}">{}</tspan> {}').format(
                kind, "○" if kind == "full" else "━", label
            )
            for kind, label, _ in series
        ),
    )
    lines, dots = [], []
    for kind, _, points in series:
        if kind != "full" and len(points) > 1:
            path = " ".join(
                f"{across(x):.2f},{100 * (1 - y / top):.2f}" for x, y in _thinned(points)
            )
            lines.append(Markup('<polyline class="{}" points="{}"/>').format(kind, path))
        if kind == "full" or len(points) == 1 or (kind == "valid" and len(points) <= _DOTS):
            dots += [
                _dot(_outer(across(x)), down(y), 3.5, kind, f"step {x:,.0f}: {y:.3f}")
                for x, y in points
            ]
    plot = Markup(
        '<svg x="{}%" y="24" width="{}%" height="{}" viewBox="0 0 100 100"'
        ' preserveAspectRatio="none" overflow="visible">{}</svg>'
    ).format(f"{_LOSS_LEFT:g}", f"{_LOSS_WIDTH:g}", _LOSS_HEIGHT, Markup("").join(lines))
    label = "Loss by training step: " + "; ".join(
        f"{name} {points[0][1]:.3f} at first, {points[-1][1]:.3f} at last"
        for _, name, points in series
    )
    return _svg("loss", 24 + _LOSS_HEIGHT + 42, label, [*axis, legend, plot, *dots])


def bars(counts: Sequence[Any], name: str) -> Markup:
    """Horizontal bars of counts, numbered from 1, with a line where an even spread would end."""
    values = [number(count) or 0.0 for count in counts]
    if not values or max(values) <= 0:
        return Markup("")
    even, scale = sum(values) / len(values), 60 / max(values)
    parts = []
    for index, value in enumerate(values):
        y = index * _BAR_ROW + 4
        parts.append(_text("0", y + 12, f"{name} {index + 1}", "name"))
        parts.append(
            Markup('<rect class="bar" x="24%" y="{}" width="{}%" height="15"/>').format(
                y, f"{value * scale:.2f}"
            )
        )
        parts.append(_text("100%", y + 12, f"{value:,.0f}", "value stop"))
    x = f"{24 + even * scale:.2f}%"
    parts.append(_line(x, 0, x, len(values) * _BAR_ROW + 2, "even"))
    label = f"Rows by {name.lower()}: " + ", ".join(
        f"{index}: {value:,.0f}" for index, value in enumerate(values, 1)
    )
    return _svg("bars", len(values) * _BAR_ROW + 4, label, parts)


def _is(value: Any) -> bool:
    return value is not None


def _outer(percent: float) -> str:
    return f"{_LOSS_LEFT + percent * _LOSS_WIDTH / 100:.2f}%"


def _thinned(points: Points) -> Points:
    stride = -(-len(points) // _LINE_POINTS)
    return points if stride == 1 else [*points[:-1:stride], points[-1]]


def _ticks(low: float, high: float, about: int) -> list[float]:
    """Round values within [low, high], some `about` of them."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next((m for m in (1, 2, 5, 10) if m * size >= rough), 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) + 0.0 for index in range(first, last + 1)]


def _svg(kind: str, height: float, label: str, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart {}" role="img" aria-label="{}" width="100%" height="{}">{}</svg>'
    ).format(kind, label, f"{height:g}", Markup("").join(parts))


def _line(x1: str, y1: float, x2: str, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        kind, x1, f"{y1:.1f}", x2, f"{y2:.1f}"
    )


def _text(x: str, y: float, text: Any, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(
        kind, x, f"{y:.1f}", escape(text)
    )


def _dot(x: str, y: float, radius: float, kind: str, title: str) -> Markup:
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        kind, x, f"{y:.1f}", radius, title
    )
