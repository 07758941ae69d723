"""Examples of a report record: what the models said, and the documents they were shown."""

from __future__ import annotations

from typing import Any


def shown(name: str, *parts: dict[str, Any], **facts: Any) -> dict[str, Any]:
    defaults = {"pages": [1], "heading": "", "oracle": False, "cut": False, "quoted_by": []}
    return {"name": name, "parts": list(parts), **defaults, **facts}


def part(text: str, *by: str) -> dict[str, Any]:
    return {"text": text, "by": list(by)}


def text(words: str) -> dict[str, Any]:
    return {"kind": "text", "text": words}


def quote(words: str, *documents: int) -> dict[str, Any]:
    return {"kind": "quote", "text": words, "documents": list(documents)}


ANSWER = {"kind": "answer", "text": ""}


def fees() -> dict[str, Any]:
    """A document that everyone quotes."""
    return shown(
        "bank/fees-and-charges.pdf",
        part("## Returned payments\n\n"),
        part("A returned direct debit is ", "student"),
        part("charged at £5, up to a monthly limit", "reference", "student"),
        part(" of £15.", "student"),
        part(" "),
        part("A returned\nstanding order is not charged.", "baseline"),
        pages=[3, 4],
        heading="Fees > Returned payments",
        oracle=True,
        quoted_by=["reference", "baseline", "student"],
    )


def example(difference: float, question: str, **facts: Any) -> dict[str, Any]:
    said = {"baseline": [text("within 120 days")], "student": [ANSWER, text(" 13 months")]}
    defaults = {
        "kind": "table",
        "reference": "13 months",
        "baseline": "within 120 days",
        "student": "<ANSWER>: 13 months",
        "source": "bank/cards-and-payments.pdf#12",
        "said": said,
        "documents": [],
    }
    return {"difference": difference, "question": question, **defaults, **facts}


def examples() -> dict[str, Any]:
    """The keys won and lost."""
    charged = "A returned direct debit is charged at £5, up to a monthly limit of £15."
    won = example(
        0.87,
        "What does the bank charge for a returned direct debit?",
        reference="£5 per returned direct debit, at most £15 a month",
        said={
            "baseline": [quote("A returned standing order is not charged.", 1)],
            "student": [text("The fees name it: "), quote(charged, 1), ANSWER, text(" £5")],
        },
        documents=[shown("bank/cards-and-payments.pdf", part("Cards.")), fees()],
    )
    lost = example(
        -0.41,
        "Which accounts have no monthly fee?",
        said={
            "baseline": [ANSWER, text(" the Basic and the Student account")],
            "student": [
                quote("Every account is free for students"),
                {"kind": "half", "text": "##begin_quote##"},
                text("Basic"),
            ],
        },
        documents=[
            shown(
                "bank/accounts-guide.pdf",
                part("Basic.", "reference"),
                oracle=True,
                cut=True,
                quoted_by=["reference"],
            )
        ],
    )
    others = [example(0.5 - at / 10, f"Question {at}?") for at in range(3)]
    return {"won": [won, *others], "lost": [lost]}
