"""The report page: says what the record says, opens from disk, and runs nothing of its texts."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest

from shared.adapters.report_html import HtmlReport
from shared.spec import parse_spec_yaml
from tests.console.payloads import PAYLOADS
from tests.shared.adapters.pages import assert_harmless, rendered, svgs
from tests.shared.adapters.reports import (
    metric,
    poisoned,
    realistic,
    reinforced,
    spend,
    two_jobs,
)

HOSTILE = (*PAYLOADS, "##begin_quote##<script>x</script>##end_quote## <ANSWER>: <b>", "a\x00\ud800")


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
            "settings": {"open_book": {"rows": 0, "metrics": metrics}},
        },
        "training": [{"method": "supervised", "rows": []}],
        "won": [],
        "lost": [],
        "stages": {},
        "spend": spend(0, 0, 0, 0),
    }


def test_a_page_says_what_the_record_says(report: dict[str, Any]) -> None:
    html, page = rendered(report)
    assert_harmless(html, page)
    for said in (
        report["headline"]["sentence"],
        "✓ Promoted",
        "Why: The gain in token F1 (open book) is +0.172",
        "bank-4f1c09ab72",
        "20 November 2025, 09:14 UTC",
        "Computed from the text, on all 81 questions",
        "Judged by a model, on a seeded sample of 50 of 81 test questions",
        "40 questions, a seeded sample of 81",
        "finds the source passage for 92.5 % of the questions; context precision 0.810",
        "−0.089 to −0.017",
        "lower is better",
        "2 with fewer questions are left out",
        "○ too few to say",
        "asked for 400 scores and failed to give 4 (1.0 %)",
        "90.0 %",
        "88.4 %",
        "A quote does not stand word for word in the passage",
        "New reason of tomorrow",
        "of 34 such passages",
        "✗ should be 0",
        "1,115 of 1,374 rows show their source passage",
        "median 301 (counted with o200k_base)",
        "3, 7–9",
        "$24.91",
        "$31.50 expected",
        "$10.25",
        "counts nothing for judge",
        "5,214,900 trained tokens",
        "the teacher costs 18.1 times what the student costs",
        "$1.70 an hour, $1,224.00 in 30 days",
        "1 h 31 min",
        "The first 2 are listed.",
        "no question worth asking",
        "n_epochs 3",
        "0x8DC1",
        "2.9.0",
    ):
        assert said in page.text, said


def test_every_section_has_its_heading_and_every_table_its_caption(report: dict[str, Any]) -> None:
    _, page = rendered(report)
    assert page.count("h1") == 1
    assert page.count("h2") == page.count("section") == 11
    assert page.count("table") == page.count("caption") > 10
    assert page.count("details") == page.count("summary") > 5
    heads = [attributes for tag, attributes in page.elements if tag == "th"]
    assert heads and all("scope" in attributes for attributes in heads)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("href", "aria-labelledby"):
            if target := attributes.get(name):
                assert target.removeprefix("#") in ids


def test_drawings_are_well_formed_and_named(report: dict[str, Any]) -> None:
    html, _ = rendered(report)
    drawings = list(svgs(html))
    kinds = [(svg.get("class") or "").removeprefix("chart ") for svg in drawings]
    assert kinds == [*["forest"] * 5, "robust", "forest", "forest", "curve", "bars"]
    for svg in drawings:
        assert svg.get("role") == "img"
        assert len(svg.get("aria-label") or "") > 20


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_text_of_the_record_becomes_markup(report: dict[str, Any], payload: str) -> None:
    """File names, questions, answers, errors, model names, and every other text."""
    clean = rendered(report)[1]
    html, page = rendered(poisoned(report, payload))
    assert_harmless(html, page)
    if payload.isprintable():
        assert " ".join(payload.split()) in page.text
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in clean.elements} | {"div"}
    drawn = {"svg", "g", "line", "text", "tspan", "circle", "title", "polyline", "rect"}
    assert {child.tag for svg in svgs(html) for child in svg.iter()} <= drawn


def test_an_empty_record_makes_a_page(empty: dict[str, Any]) -> None:
    html, page = rendered(empty)
    assert_harmless(html, page)
    for said in (
        "not measured",
        "Judged by a model: no test question was sampled",
        "The training service left no loss figures.",
        "The run did not ask beside different numbers of distractors.",
        "No score came from a judge.",
        "No test question has a higher token F1 from the student.",
        "The run had no documents.",
        "Nothing was deployed.",
        "No answers were measured.",
        "No row shows its source passage.",
        "No item was rejected and none failed.",
    ):
        assert said in page.text, said
    assert not list(svgs(html))
    assert "None" not in page.text.replace("None.", "")
    assert "romoted" not in page.text
    assert "nan" not in html.casefold()


def test_nothing_measured_at_all(empty: dict[str, Any]) -> None:
    empty["scores"]["settings"] = {}
    assert "Nothing was measured." in rendered(empty)[1].text


def test_rewards_are_never_called_losses() -> None:
    html, page = rendered(reinforced())
    assert "Reward by training step" in page.text
    assert "Highest" in page.text
    assert "loss" not in page.text.casefold()
    (curve,) = (svg for svg in svgs(html) if svg.get("class") == "chart curve")
    assert "Reward by training step" in (curve.get("aria-label") or "")
    assert "billed by the hour, not known here" in page.text
    assert "Total, training not counted" in page.text


def test_two_jobs_have_a_curve_each() -> None:
    html, page = rendered(two_jobs())
    assert "Job 1 of 2: Supervised" in page.text
    assert "Job 2 of 2: Direct preference optimisation" in page.text
    assert [svg.get("class") for svg in svgs(html)].count("chart curve") == 2


def test_a_student_that_is_not_promoted(report: dict[str, Any]) -> None:
    report["verdict"]["promoted"] = False
    assert "✗ Not promoted" in rendered(report)[1].text


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        ("better", "on the student's side"),
        ("worse", "on the baseline's side"),
        ("no difference shown", "does not show that they are equal"),
        ("not measured", "no figure here to decide on"),
        ("something new", "no figure here to decide on"),
    ],
)
def test_each_finding_is_put_in_plain_words(
    report: dict[str, Any], finding: str, said: str
) -> None:
    report["headline"]["finding"] = finding
    assert said in rendered(report)[1].text


def test_notes_stand_under_the_verdict(report: dict[str, Any]) -> None:
    assert "Read this first" not in rendered(report)[1].text
    report["notes"] = ["Models were stand-ins on this computer: figures say nothing of quality."]
    text = rendered(report)[1].text
    sentence, facts = text.index(report["headline"]["sentence"]), text.index("Test questions")
    assert sentence < text.index("Models were stand-ins") < facts


def test_the_spec_shown_is_the_spec_that_was_run(report: dict[str, Any]) -> None:
    html, _ = rendered(report)
    shown = html[html.index('<pre class="mono" tabindex="0">') : html.index("</pre>")]
    text = unescape(shown.partition(">")[2])
    assert parse_spec_yaml(text, "raft.yaml") == json.loads(json.dumps(report["spec"]))


def test_the_same_record_gives_the_same_page(report: dict[str, Any]) -> None:
    again = json.loads(json.dumps(report))
    assert rendered(report)[0] == HtmlReport().render(again)
