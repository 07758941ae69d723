"""What the report's charts are drawn with: lines, texts and dots of inline SVG, axes and numbers.

Positions across are percentages of the drawing and positions down are pixels, so a chart takes
the width it is given and its text keeps its size on a phone. Colours are left to the page's
classes, for light and dark. Every text goes through `escape`; a value that is no finite number
is treated as missing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup, escape

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


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values within [low, high], some `about` of them."""
    span = high - low
    if span <= 0:
        return [low]
    rough = span / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next((m for m in (1, 2, 5, 10) if m * size >= rough), 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 10) + 0.0 for index in range(first, last + 1)]


def svg(kind: str, height: float, label: str, parts: Sequence[Markup]) -> Markup:
    """A drawing as wide as its place, named for those who do not see it."""
    return Markup(
        '<svg class="chart {}" role="img" aria-label="{}" width="100%" height="{}">{}</svg>'
    ).format(kind, label, f"{height:g}", Markup("").join(parts))


def line(x1: str, y1: float, x2: str, y2: float, kind: str) -> Markup:
    """A straight line."""
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(
        kind, x1, f"{y1:.1f}", x2, f"{y2:.1f}"
    )


def text(x: str, y: float, words: Any, kind: str) -> Markup:
    """A line of text."""
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(
        kind, x, f"{y:.1f}", escape(words)
    )


def dot(x: str, y: float, radius: float, kind: str, title: str) -> Markup:
    """A round mark that says its value when pointed at."""
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        kind, x, f"{y:.1f}", radius, title
    )
