"""Answers and documents in the pieces that the report marks."""

from __future__ import annotations

from shared.services.report_quotes import answer_parts, source_parts


def test_a_quote_is_found_whatever_its_white_space() -> None:
    text = "So ##begin_quote##a  fee##end_quote## ##begin_quote##no##end_quote##\n<ANSWER>: 5"
    parts = answer_parts(text, ["other", "is a\nfee of 5"])
    kinds = [part["kind"] for part in parts]
    assert kinds == ["text", "quote", "text", "quote", "text", "answer", "text"]
    assert [part["documents"] for part in parts if part["kind"] == "quote"] == [[1], []]
    assert "documents" not in answer_parts(text)[1]


def test_overlapping_quotes_are_told_apart() -> None:
    quotes = {"reference": ["fee is\n£5 a"], "student": ["£5 a month"], "baseline": ["gone"]}
    assert source_parts("The fee is £5 a month.", quotes) == [
        {"text": "The ", "by": []},
        {"text": "fee is ", "by": ["reference"]},
        {"text": "£5 a", "by": ["reference", "student"]},
        {"text": " month", "by": ["student"]},
        {"text": ".", "by": []},
    ]
    assert source_parts("a", {}) == [{"text": "a", "by": []}]
    assert source_parts("", {"student": ["x"]}) == []
