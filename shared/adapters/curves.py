"""Curves of the report: loss or reward over training steps, and scores over distractors.

Without anything to draw the result is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from shared.adapters.svg import Points, dot, line, number, svg, text, ticks

Measure = Literal["loss", "reward"]

# Column names by service generation, with the class they are drawn with and the label.
_COLUMNS: Mapping[str, Sequence[tuple[str, str, Sequence[str]]]] = {
    "loss": (
        ("train", "training", ("train_loss", "training_loss")),
        ("valid", "validation", ("valid_loss", "validation_loss")),
        ("full", "validation, whole set", ("full_valid_loss", "full_validation_loss")),
    ),
    "reward": (
        ("train", "training", ("train_reward_mean", "train_mean_reward")),
        ("valid", "validation", ("valid_reward_mean", "valid_mean_reward")),
        ("full", "validation, whole set", ("full_valid_reward_mean", "full_valid_mean_reward")),
    ),
}
_HEIGHT = 220
_TOP = 24
_LEFT, _WIDTH = 10.0, 88.0  # percent: room for the axis labels at the left
_LINE_POINTS = 800  # more are thinned: no screen shows them
_DOTS = 40  # more measured points than this stand as a line only
_APART = {"baseline": -0.7, "student": 0.7}  # percent, so that intervals do not hide each other


@dataclass(frozen=True)
class _Plot:
    """Axes from `first` to `last` and from `low` to `high`; `edge`, percent kept free inside."""

    first: float
    last: float
    low: float
    high: float
    edge: float = 0.0

    def across(self, x: float) -> float:
        """Percent of the plot's own width."""
        share = (x - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return self.edge + (100 - 2 * self.edge) * share

    def outer(self, x: float, shift: float = 0.0) -> str:
        """Percent of the whole drawing's width."""
        return f"{_LEFT + self.across(x) * _WIDTH / 100 + shift:.2f}%"

    def down(self, y: float) -> float:
        """Pixels from the drawing's top."""
        return _TOP + _HEIGHT * (1 - (y - self.low) / (self.high - self.low))

    def axis(self, marks: Sequence[float], name: str) -> list[Markup]:
        """Grid, labels at the left and below, and what runs across."""
        right = f"{_LEFT + _WIDTH:g}%"
        parts = [
            line(f"{_LEFT:g}%", self.down(at), right, self.down(at), "grid" if at else "zero")
            + text(f"{_LEFT - 1.5:g}%", self.down(at) + 4, f"{at:g}", "tick stop")
            for at in ticks(self.low, self.high, 5)
        ]
        floor = self.down(self.low)
        parts += [text(self.outer(at), floor + 18, f"{at:,.0f}", "tick") for at in marks]
        return [*parts, text(f"{_LEFT + _WIDTH:g}%", floor + 36, name, "end stop")]

    def path(self, points: Points, kind: str) -> Markup:
        """A line through the points, for `inner`."""
        places = " ".join(
            f"{self.across(x):.2f},{100 * (self.high - y) / (self.high - self.low):.2f}"
            for x, y in points
        )
        return Markup('<polyline class="{}" points="{}"/>').format(kind, places)

    @staticmethod
    def inner(lines: Sequence[Markup]) -> Markup:
        """The lines, stretched to the plot."""
        return Markup(
            '<svg x="{}%" y="{}" width="{}%" height="{}" viewBox="0 0 100 100"'
            ' preserveAspectRatio="none" overflow="visible">{}</svg>'
        ).format(f"{_LEFT:g}", _TOP, f"{_WIDTH:g}", _HEIGHT, Markup("").join(lines))


def training_series(
    rows: Sequence[Mapping[str, Any]], measure: Measure = "loss"
) -> list[tuple[str, str, Points]]:
    """(class, label, points by step) of each curve that has values; of a loss −1 marks none."""
    series = []
    for kind, label, names in _COLUMNS[measure]:
        points = []
        for index, row in enumerate(rows, 1):
            step = number(row.get("step"))
            value = next((v for name in names if (v := number(row.get(name))) is not None), None)
            if value is not None and (value >= 0 or measure == "reward"):
                points.append((float(index) if step is None else step, value))
        if points:
            series.append((kind, label, sorted(points)))
    return series


def training_curve(rows: Sequence[Mapping[str, Any]], measure: Measure = "loss") -> Markup:
    """Training and validation over steps, from zero up."""
    series = training_series(rows, measure)
    if not series:
        return Markup("")
    steps = [x for _, _, points in series for x, _ in points]
    values = [y for _, _, points in series for _, y in points]
    low, high = min(0.0, *values) * 1.05, max(0.0, *values) * 1.05
    plot = _Plot(min(steps), max(steps), low, high if high > low else low + 1.0)
    marks = [tick for tick in ticks(plot.first, plot.last, 5) if tick == int(tick)] or [plot.first]
    lines, dots = [], []
    for kind, _, points in series:
        if kind != "full" and len(points) > 1:
            lines.append(plot.path(_thinned(points), kind))
        if kind == "full" or len(points) == 1 or (kind == "valid" and len(points) <= _DOTS):
            dots += [
                dot(plot.outer(x), plot.down(y), 3.5, kind, f"step {x:,.0f}: {y:.3f}")
                for x, y in points
            ]
    label = f"{measure.capitalize()} by training step: " + "; ".join(
        f"{name} {points[0][1]:.3f} at first, {points[-1][1]:.3f} at last"
        for _, name, points in series
    )
    legend = _legend([(kind, "○" if kind == "full" else "━", name) for kind, name, _ in series])
    axis = plot.axis(marks, "training step")
    return svg("curve", _TOP + _HEIGHT + 42, label, [*axis, legend, plot.inner(lines), *dots])


def robustness_curve(points: Sequence[Mapping[str, Any]]) -> Markup:
    """Mean scores of both models, with their intervals, over the number of distractors."""
    drawn = [
        (model, point["distractors"], *values)
        for model in _APART
        for point in points
        if (values := _three(point[model])) is not None
    ]
    if not drawn:
        return Markup("")
    counts = sorted({each[1] for each in drawn})
    top = max(each[4] for each in drawn)
    plot = _Plot(counts[0], counts[-1], 0.0, min(1.0, top * 1.1) or 1.0, edge=3.0)
    lines, marks = [], []
    for model, shift in _APART.items():
        own = [each[1:] for each in drawn if each[0] == model]
        if len(own) > 1:
            lines.append(plot.path([(x, mean) for x, mean, _, _ in own], model))
        for x, mean, low, high in own:
            said = f"{model}, {x} distractors: {mean:.3f} ({low:.3f} to {high:.3f})"
            marks.append(_whisker(plot, x, shift, low, high, model))
            marks.append(dot(plot.outer(x, shift), plot.down(mean), 4, model, said))
    label = "Mean score by number of distractors: " + "; ".join(
        f"{model} {mean:.3f} beside {x}" for model, x, mean, _, _ in drawn
    )
    legend = _legend([("student", "━●", "student"), ("baseline", "╌○", "baseline")])
    axis = plot.axis([float(count) for count in counts], "distractors beside the source passage")
    return svg("robust", _TOP + _HEIGHT + 42, label, [*axis, legend, plot.inner(lines), *marks])


def _three(value: Mapping[str, Any]) -> tuple[float, float, float] | None:
    mean, low, high = (number(value[key]) for key in ("mean", "low", "high"))
    return None if mean is None or low is None or high is None else (mean, low, high)


def _whisker(plot: _Plot, x: float, shift: float, low: float, high: float, kind: str) -> Markup:
    at = plot.outer(x, shift)
    ends = plot.outer(x, shift - 0.6), plot.outer(x, shift + 0.6)
    parts = [line(at, plot.down(low), at, plot.down(high), f"whisker {kind}")]
    for value in (low, high):
        y = plot.down(value)
        parts.append(line(ends[0], y, ends[1], y, f"whisker {kind}"))
    return Markup("").join(parts)


def _legend(entries: Sequence[tuple[str, str, str]]) -> Markup:
    parts = [
        Markup('<tspan class="key {}">{}</tspan> {}').format(kind, sign, label)
        for kind, sign, label in entries
    ]
    return Markup('<text x="{}%" y="12" class="end start">{}</text>').format(
        f"{_LEFT:g}", Markup('<tspan class="gap">   </tspan>').join(parts)
    )


def _thinned(points: Points) -> Points:
    stride = -(-len(points) // _LINE_POINTS)
    return points if stride == 1 else [*points[:-1:stride], points[-1]]
