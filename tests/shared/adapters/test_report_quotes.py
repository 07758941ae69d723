"""Quotes in answers, and in the documents that they come from."""

from __future__ import annotations

from shared.adapters.report_quotes import answer, example_view, highlighted
from tests.shared.adapters.pages import rendered
from tests.shared.adapters.report_examples import ANSWER, examples, part, quote, text
from tests.shared.adapters.reports import realistic


def test_answers_show_quotes_and_final_answer() -> None:
    parts = [text("Since "), {"kind": "quote", "text": "5 < 6"}, text(" & so\n"), ANSWER]
    shown = "Since <mark>5 &lt; 6</mark> &amp; so\n<strong>Answer:</strong>"
    assert answer(parts) == shown
    halves = [{"kind": "half", "text": f"##{end}_quote##"} for end in ("begin", "end")]
    opened, closed = (answer([half]) for half in halves)
    assert "is never closed" in opened and "was never opened" in closed
    assert answer([]) == ""


def test_a_quote_leads_to_its_document_and_one_of_nowhere_is_marked() -> None:
    found = answer([quote("A  fee", 1, 3), quote("None")], "won-0", "student")
    assert (
        '<mark class="student">A  fee</mark><a class="where" href="#won-0-1">document 2<' in found
    )
    assert '<mark class="unverified">None</mark><span class="fault"> ✗ in none of' in found


def test_everyone_is_named_behind_what_they_quote() -> None:
    parts = [
        part("The <"),
        part("fee is ", "reference"),
        part("£5 a", "reference", "student"),
        part(" month", "student"),
    ]
    assert highlighted(parts) == (
        'The &lt;<mark class="reference">fee is </mark> <span class="by">reference</span>'
        '<mark class="both">£5 a</mark> <span class="by">reference + student</span>'
        '<mark class="student"> month</mark> <span class="by">student</span>'
    )
    assert highlighted([part("a < b")]) == "a &lt; b"


def test_documents_that_matter_come_first_and_keep_their_number() -> None:
    view = example_view(examples()["won"][0], "won-0")
    (fees,), (cards,) = view["documents"], view["others"]
    assert (fees["number"], fees["where"], fees["oracle"]) == (2, "3–4", True)
    assert (
        '<mark class="baseline">A returned\nstanding order is not charged.</mark>' in fees["text"]
    )
    assert cards["number"] == 1


def test_the_page_names_document_page_and_heading() -> None:
    html, page = rendered(realistic())
    for said in (
        "Document 2: bank/fees-and-charges.pdf, page 3–4 ★ holds the answer Fees > Returned "
        "payments · quoted by reference, baseline, student",
        "1 more document shown, quoted by nobody",
        "Every account is free for students ✗ in none of the documents shown",
        "An excerpt: the passage is longer.",
        "1 more",
    ):
        assert said in page.text, said
    assert 'id="won-0-1" open' in html
