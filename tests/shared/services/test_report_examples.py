"""Examples of the report: order, and long documents."""

from __future__ import annotations

from typing import Any

from shared.raft.examples import Row, ShownDocument
from shared.services.report_examples import examples


def entry(number: int, baseline: float | None, student: float | None, text: str = "x") -> Any:
    shown = ShownDocument(f"a.pdf#{number}", text, "a.pdf", [1], "Fees")
    row = Row(str(number), "test", "g", f"q{number}", [shown], [0], "", "", "final", ["key"])
    quoting = "##begin_quote##key##end_quote## ##begin_quote##lost##end_quote##"

    def answer(score: float | None, said: str | None) -> dict[str, Any]:
        return {"answer": said, "scores": {} if score is None else {"token_f1": score}}

    return {
        "row": row,
        "baseline": answer(baseline, "no"),
        "student": answer(student, quoting if student is not None else None),
    }


def test_the_largest_differences_come_first() -> None:
    given = [entry(1, 0.5, 0.6), entry(2, 0.1, 0.9), entry(3, 0.9, 0.2), entry(4, 0.5, 0.5)]
    given.append(entry(5, 0.5, None))
    assert [one["question"] for one in examples(given, 1)] == ["q2", "q1"]
    assert [one["question"] for one in examples(given, -1)] == ["q3"]
    assert len(examples([entry(n, 0, 1) for n in range(9)], 1)) == 5


def test_a_quote_that_stands_nowhere_has_no_document() -> None:
    (example,) = examples([entry(1, 0.0, 1.0, "the key\nis here")], 1)
    key, lost = (one for one in example["said"]["student"] if one["kind"] == "quote")
    assert key == {"kind": "quote", "text": "key", "documents": [0]}
    assert lost == {"kind": "quote", "text": "lost", "documents": []}
    assert example["documents"] == [
        {
            "name": "a.pdf",
            "pages": [1],
            "heading": "Fees",
            "oracle": True,
            "quoted_by": ["reference", "student"],
            "parts": [
                {"text": "the ", "by": []},
                {"text": "key", "by": ["reference", "student"]},
                {"text": "\nis here", "by": []},
            ],
            "cut": False,
        }
    ]


def test_of_a_long_document_the_part_about_its_quote_is_kept() -> None:
    (example,) = examples([entry(1, 0.0, 1.0, "a " * 9_000 + "key" + " b" * 9_000)], 1)
    document = example["documents"][0]
    assert document["cut"]
    assert sum(len(part["text"]) for part in document["parts"]) == 6_000
    assert [part["text"] for part in document["parts"] if part["by"]] == ["key"]
    (example,) = examples([entry(1, 0.0, 1.0, "c" * 9_000)], 1)
    assert example["documents"][0]["parts"] == [{"text": "c" * 6_000, "by": []}]
