"""The comparison as the terminal shows it."""

from __future__ import annotations

from typing import Any

from local.session import comparison_lines


def metric(name: str, difference: float | None = 0.2, finding: str = "better") -> dict[str, Any]:
    """A comparison as scores.json has it."""
    numbers: dict[str, Any] = dict.fromkeys(("baseline", "student", "low", "high"))
    if difference is not None:
        numbers = {"baseline": 0.4, "student": 0.4 + difference, "low": 0.1, "high": 0.3}
    return {"metric": name, "n": 12, "difference": difference, "finding": finding, **numbers}


def lines(**scores: Any) -> list[str]:
    return [line.strip() for line in comparison_lines({"scores": scores})]


def test_open_book_is_shown_in_full_and_what_matters_of_other_settings() -> None:
    found = lines(
        settings={
            "open_book": {"metrics": [metric("token_f1"), metric("groundedness")]},
            "no_oracle": {"metrics": [metric("abstention"), metric("bleu")]},
        },
        sweep=[{"distractors": 9, "metrics": [metric("token_f1"), metric("bleu")]}],
        verdict={"promoted": False, "reason": "it is no better"},
    )
    assert [line.split("  ")[0] for line in found[1:]] == [
        "token f1",
        "groundedness",
        "no oracle:",
        "abstention",
        "token f1 beside so many distractors:",
        "9",
        "rejected: it is no better",
    ]
    assert found[1].split() == "token f1 0.400 0.600 +0.200 [+0.100, +0.300] 12 better".split()


def test_what_was_not_measured_says_so() -> None:
    found = lines(settings={"open_book": {"metrics": [metric("token_f1", None)]}})
    assert "not measured" in found[1]


def test_an_older_report_has_open_book_alone() -> None:
    assert [line.split("  ")[0] for line in lines(metrics=[metric("token_f1")])[1:]] == ["token f1"]
