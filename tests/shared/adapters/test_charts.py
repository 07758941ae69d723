"""Charts of differences and counts: what is drawn, and that nothing gives no drawing."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from shared.adapters.charts import bars, forest, span_of


def row(gain: float | None, low: float | None, high: float | None, **more: Any) -> dict[str, Any]:
    return {"label": "m", "tone": "same", "gain": gain, "low": low, "high": high, **more}


def drawn(svg: str, kind: str) -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(svg).iter() if one.get("class") == kind]


def test_charts_of_nothing_are_empty() -> None:
    assert forest([]) == forest([row(None, None, None)]) == ""
    assert bars([], "Position") == bars([0, 0], "Position") == ""
    assert span_of([]) is None


def test_a_forest_without_any_difference_has_its_zero_line() -> None:
    assert len(drawn(forest([row(0.0, 0.0, 0.0)]), "zero")) == 1


def test_a_row_that_was_not_measured_has_no_point() -> None:
    svg = forest([row(0.1, 0.0, 0.2), row(None, None, None)])
    assert len(drawn(svg, "point")) == 1
    assert "not measured" in svg


def test_charts_of_one_span_can_be_compared() -> None:
    one, other = row(0.1, 0.05, 0.2), row(0.5, 0.2, 0.8)
    span = span_of([one, other])
    places = [drawn(forest([each], span), "zero")[0].get("x1") for each in (one, other)]
    assert places[0] == places[1]
    alone = drawn(forest([one]), "point")[0].get("cx")
    assert alone != drawn(forest([one], span), "point")[0].get("cx")


def test_what_is_needed_has_a_line_that_always_fits() -> None:
    svg = forest([row(0.1, 0.05, 0.2)], needed=0.4)
    (line,) = drawn(svg, "even")
    assert 0 < float((line.get("x1") or "").rstrip("%")) < 100


def test_a_point_says_its_figures() -> None:
    assert "m +0.100 (−0.050 to +0.200)" in forest([row(0.1, -0.05, 0.2)])


def test_bars_are_as_long_as_their_counts() -> None:
    widths = [
        float((bar.get("width") or "").rstrip("%")) for bar in drawn(bars([2, 4], "Place"), "bar")
    ]
    assert widths[1] == 2 * widths[0]
