"""The report page: says what the record says, opens from disk, and runs nothing of its texts."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from shared.adapters.charts import bars, forest, loss_curve, loss_series, signed
from shared.adapters.report_html import HtmlReport, answer, change, count, moment, score, usd
from shared.spec import parse_spec_yaml
from tests.shared.adapters.reports import metric, realistic, spend

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=https://evil.example/x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></pre></svg><svg onload=alert(1)>",
    "##begin_quote##<script>alert(2)</script>##end_quote##\n<ANSWER>: <b onclick=alert(3)>x</b>",
    "{{ 7 * 7 }}{% raw %}",
    "a\x00b\ud800c\u202ed",
)
_VOID = {"meta", "link", "img", "br", "hr", "input"}


@pytest.fixture
def report() -> dict[str, Any]:
    return realistic()


@pytest.fixture
def empty() -> dict[str, Any]:
    """A record of a run that has next to nothing to tell."""
    metrics = [metric("token_f1", 0, 0, *[None] * 5), metric("faithfulness", 0, 0, *[None] * 5)]
    return {
        "run": "r",
        "domain": "d",
        "created": "",
        "headline": {
            "finding": "not measured",
            "sentence": "No test question was answered by both.",
        },
        "spec": {},
        "student": {},
        "documents": [],
        "dataset": {},
        "leakage": {},
        "scores": {
            "rows": 0,
            "judged_rows": 0,
            "confidence": 0.95,
            "draws": 100,
            "metrics": metrics,
        },
        "loss": [],
        "won": [],
        "lost": [],
        "stages": {},
        "spend": spend(0, 0, 0, 0),
    }


class _Page(HTMLParser):
    """Elements, attributes and text of a page, and whether its tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def _render(report: dict[str, Any]) -> tuple[str, _Page]:
    html = HtmlReport().render(report)
    html.encode()
    page = _Page(html)
    assert page.faults == []
    return html, page


def _assert_harmless(html: str, page: _Page) -> None:
    assert html.startswith("<!doctype html>")
    forbidden = {"script", "img", "iframe", "object", "embed", "link", "base", "form", "b", "image"}
    assert not forbidden & {tag for tag, _ in page.elements}
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "src", "xlink:href", "action", "data", "srcset", "style"):
            assert (attributes.get(name) or "#").startswith("#")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    assert "http://" not in style and "https://" not in style


def _svgs(html: str) -> Iterator[ElementTree.Element]:
    depth, begun = 0, 0
    for found in re.finditer(r"<svg\b|</svg>", html):
        if found.group() == "<svg":
            begun = found.start() if depth == 0 else begun
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield ElementTree.fromstring(html[begun : found.end()])


def _poisoned(value: Any, payload: str) -> Any:
    """The record with every text replaced but those that are our own words."""
    if isinstance(value, dict):
        own = ("finding", "metric", "started", "ended")
        return {k: v if k in own else _poisoned(v, payload) for k, v in value.items()}
    if isinstance(value, list):
        return [_poisoned(item, payload) for item in value]
    return f"{value} {payload}" if isinstance(value, str) else value


def test_a_page_says_what_the_record_says(report: dict[str, Any]) -> None:
    html, page = _render(report)
    _assert_harmless(html, page)
    for said in (
        report["headline"]["sentence"],
        "bank-4f1c09ab72",
        "20 November 2025, 09:14 UTC",
        "Computed from the text, on all 81 test questions",
        "Judged by a model, on a seeded sample of 50 of 81 test questions",
        "+0.172",
        "+0.121 to +0.224",
        "−0.052",
        "−0.089 to −0.017",
        "1,214",
        "88.4 %",
        "A quote does not stand word for word in the passage",
        "New reason of tomorrow",
        "of 34 such passages",
        "✗ should be 0",
        "1,115 of 1,374 rows show their source passage",
        "3, 7–9",
        "$24.91",
        "$0.0004",
        "5,214,900 trained tokens",
        "$1.70 an hour, $1,224.00 in 30 days",
        "1 h 31 min",
        "16 min 17 s",
        "The first 2 are listed.",
        "no question worth asking",
    ):
        assert said in page.text, said


def test_every_section_has_its_heading_and_every_table_its_caption(report: dict[str, Any]) -> None:
    _, page = _render(report)
    assert page.count("h1") == 1
    assert page.count("h2") == 8
    assert page.count("table") == page.count("caption") > 5
    heads = [attributes for tag, attributes in page.elements if tag == "th"]
    assert heads and all("scope" in attributes for attributes in heads)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("href", "aria-labelledby"):
            if target := attributes.get(name):
                assert target.removeprefix("#") in ids


def test_drawings_are_well_formed_and_named(report: dict[str, Any]) -> None:
    html, _ = _render(report)
    drawings = list(_svgs(html))
    assert [svg.get("class") for svg in drawings] == ["chart forest", "chart loss", "chart bars"]
    for svg in drawings:
        assert svg.get("role") == "img"
        assert len(svg.get("aria-label") or "") > 20
    whole, loss, positions = drawings
    assert len(whole.findall(".//circle")) == 7  # the eighth metric was not measured
    assert "not measured" in "".join(whole.itertext())
    assert len(loss.findall(".//polyline")) == 2
    assert len(positions.findall(".//rect")) == 5


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_the_record_becomes_markup(report: dict[str, Any], payload: str) -> None:
    clean = _render(report)[1]
    poisoned = _poisoned(copy.deepcopy(report), payload)
    for entry in poisoned["scores"]["metrics"]:
        entry["metric"] += payload
    poisoned["headline"]["finding"] += payload
    poisoned["stages"][payload] = poisoned["stages"]["ingest"]
    poisoned["dataset"][f"drop_{payload}"] = 3
    poisoned["spec"][payload] = {payload: [payload]}
    poisoned["notes"] = [payload]
    html, page = _render(poisoned)
    _assert_harmless(html, page)
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in clean.elements} | {"mark", "div"}
    for svg in _svgs(html):
        assert {child.tag for child in svg.iter()} <= {
            *("svg", "g", "line", "text", "tspan", "circle", "title", "polyline", "rect")
        }


def test_an_empty_record_makes_a_page(empty: dict[str, Any]) -> None:
    html, page = _render(empty)
    _assert_harmless(html, page)
    for said in (
        "not measured",
        "Judged by a model: no test question was sampled",
        "The training service left no loss figures.",
        "No test question has a higher token F1 from the student.",
        "The run had no documents.",
        "Nothing was deployed.",
        "No row shows its source passage.",
        "No item was rejected and none failed.",
    ):
        assert said in page.text, said
    assert not list(_svgs(html))
    assert "None" not in page.text.replace("None.", "")
    assert "nan" not in html.casefold()


def test_nothing_measured_at_all(empty: dict[str, Any]) -> None:
    empty["scores"]["metrics"] = []
    assert "Nothing was measured." in _render(empty)[1].text


def test_one_question_has_a_point_and_no_finding(empty: dict[str, Any]) -> None:
    empty["scores"]["metrics"] = [metric("token_f1", 1, 0, 0.5, 0.75, 0.25, 0.25, 0.25)]
    html, page = _render(empty)
    assert "+0.250 to +0.250" in page.text
    assert len(next(_svgs(html)).findall(".//circle")) == 1


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        ("better", "above zero"),
        ("worse", "below zero"),
        ("no difference shown", "does not show that they are equal"),
        ("not measured", "no figure here to decide on"),
        ("something new", "no figure here to decide on"),
    ],
)
def test_each_finding_is_put_in_plain_words(
    report: dict[str, Any], finding: str, said: str
) -> None:
    report["headline"]["finding"] = finding
    assert said in _render(report)[1].text


def test_notes_stand_under_the_headline(report: dict[str, Any]) -> None:
    assert "Read this first" not in _render(report)[1].text
    report["notes"] = ["Models were stand-ins on this computer: figures say nothing of quality."]
    text = _render(report)[1].text
    sentence, facts = text.index(report["headline"]["sentence"]), text.index("Dataset")
    assert sentence < text.index("Models were stand-ins") < facts


@pytest.mark.parametrize(
    ("sku", "price", "said"),
    [
        ("DeveloperTier", 0.0, "This SKU has no hourly hosting fee."),
        ("Standard", 0.0, "No hourly price is known for this model"),
        ("Standard", None, "No hourly price is known for this model"),
    ],
)
def test_hosting_says_what_is_known(
    report: dict[str, Any], sku: str, price: float | None, said: str
) -> None:
    report["student"] |= {"sku": sku, "usd_per_hour": price}
    assert said in _render(report)[1].text


@pytest.mark.parametrize(
    ("hosting", "said"),
    [
        ({"keep": "never", "ttl_hours": 5.0}, "removed as soon as this report is written"),
        ({"keep": "always", "ttl_hours": 48.0}, "removed by the daily sweep once 48 hours"),
        ({"keep": "always", "ttl_hours": None}, None),
        ({}, None),  # of a run before there was a choice
    ],
)
def test_a_deployment_that_ends_says_when(
    report: dict[str, Any], hosting: dict[str, Any], said: str | None
) -> None:
    report["spec"]["deployment"] = hosting
    text = _render(report)[1].text
    assert said in text if said else "is removed" not in text


def test_the_spec_shown_is_the_spec_that_was_run(report: dict[str, Any]) -> None:
    html, _ = _render(report)
    shown = html[html.index('<pre class="mono" tabindex="0">') : html.index("</pre>")]
    text = unescape(shown.partition(">")[2])
    assert parse_spec_yaml(text, "raft.yaml") == json.loads(json.dumps(report["spec"]))


def test_the_same_record_gives_the_same_page(report: dict[str, Any]) -> None:
    again = json.loads(json.dumps(report))
    assert HtmlReport().render(report) == HtmlReport().render(again)


def test_answers_show_quotes_and_final_answer() -> None:
    text = "Since ##begin_quote## 5 < 6 ##end_quote## & so\n<ANSWER>: five"
    shown = "Since <mark>5 &lt; 6</mark> &amp; so\n<strong>Answer:</strong> five"
    assert answer(text) == shown
    assert answer("<ANSWER> five") == "<strong>Answer:</strong> five"
    assert "never closed] </span>half" in answer("##begin_quote##half")
    assert 'half<span class="fault"> [a quote ends' in answer("half##end_quote##")
    assert answer("a##begin_quote## ##end_quote##b") == "ab"
    assert answer(None) == "–"
    assert answer(5) == "5"


def test_numbers_are_written_for_people() -> None:
    assert [count(v) for v in (0, 1_234_567, 3.0, None, "x")] == ["0", "1,234,567", "3", "–", "x"]
    assert [score(v) for v in (0.12345, 1, None, math.nan)] == ["0.123", "1.000", "–", "nan"]
    assert [change(v) for v in (0.1, -0.1, 0, -0.0001)] == ["+0.100", "−0.100", "0.000", "0.000"]
    assert signed(0.0004) == "0.000"
    assert [usd(v) for v in (0, 0.00001, 0.0123, 1.5, 1_234.5, None)] == [
        *("$0.00", "< $0.0001", "$0.0123", "$1.50", "$1,234.50", "–")
    ]
    assert moment("2025-01-02T03:04:05+02:00") == "2 January 2025, 01:04 UTC"
    assert moment("yesterday") == "yesterday"
    assert moment(None) == "–"


def test_loss_takes_what_is_there() -> None:
    rows = [
        {"step": 2, "train_loss": 1.0, "valid_loss": -1.0},
        {"step": 1, "train_loss": 2.0, "validation_loss": 1.5},
        {"train_loss": math.nan, "valid_loss": math.inf},
        {},
    ]
    assert loss_series(rows) == [
        ("train", "training", [(1.0, 2.0), (2.0, 1.0)]),
        ("valid", "validation", [(1.0, 1.5)]),
    ]
    assert len(ElementTree.fromstring(loss_curve(rows)).findall(".//circle")) == 1
    assert loss_curve([]) == loss_curve([{"step": 1.0}]) == ""
    for odd in ([{"train_loss": 0.0}], [{"step": 5, "train_loss": 3.0}] * 3):
        ElementTree.fromstring(loss_curve(odd))


def test_a_long_loss_curve_stays_small() -> None:
    rows = [{"step": float(step), "train_loss": 1 / step} for step in range(1, 20_001)]
    drawing = loss_curve(rows)
    assert len(drawing) < 20_000
    assert ' 100.00,100.00"' in drawing  # the last step is kept


def test_charts_of_nothing_are_empty() -> None:
    assert forest([]) == forest([[]]) == ""
    assert bars([], "Position") == bars([0, 0], "Position") == ""


def test_a_forest_without_any_difference_has_its_zero_line() -> None:
    row = {"label": "m", "tone": "same", "difference": 0.0, "low": 0.0, "high": 0.0}
    drawing = ElementTree.fromstring(forest([[row]]))
    assert len([line for line in drawing.iter("line") if line.get("class") == "zero"]) == 1
