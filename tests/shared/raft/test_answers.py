"""Answers are read tolerantly and verified strictly: every quote stands verbatim in its chunk."""

from __future__ import annotations

import random

import pytest

from shared.raft.answers import (
    abstention,
    is_verbatim,
    parse_answer,
    squash,
    verify_answer,
    without_source,
)
from shared.raft.prompts import ABSTAIN, ANSWER, BEGIN_QUOTE, END_QUOTE

CHUNK = "The Meadow account has\na monthly fee of 5 pounds.  It is taken on the first working day."


def answer(*quotes: str, final: str = "5 pounds") -> str:
    marked = " ".join(f"{BEGIN_QUOTE}{quote}{END_QUOTE}" for quote in quotes)
    return f"The document says so: {marked} So that is it.\n{ANSWER} {final}"


def code(text: str) -> str | None:
    found = verify_answer(parse_answer(text), CHUNK)
    return found[0] if found else None


def test_parts_of_an_answer() -> None:
    parsed = parse_answer(answer("a monthly fee of 5 pounds", "first working day"))
    assert parsed.quotes == ["a monthly fee of 5 pounds", "first working day"]
    assert parsed.final == "5 pounds"
    assert not parsed.abstains


@pytest.mark.parametrize(
    "end",
    [
        "<ANSWER>: 5 pounds",
        "<ANSWER> 5 pounds",
        "<ANSWER>:5\n pounds\n",
        "<ANSWER> :  5 pounds",
        "**<ANSWER>:** 5 pounds",
        "**<ANSWER>**: 5 pounds",
        "**<ANSWER>: 5 pounds**",
        "<ANSWER>: **5 pounds**",
        "<ANSWER>: 5 pounds</ANSWER>",
        "<ANSWER>: five\n<ANSWER>: 5 pounds",
    ],
)
def test_the_final_answer_is_read_whatever_its_dress(end: str) -> None:
    assert parse_answer(f"Reasoning.\n{end}").final == "5 pounds"


def test_a_marker_inside_a_quote_does_not_become_the_answer() -> None:
    assert parse_answer(answer("write <ANSWER>: free", final="5 pounds")).final == "5 pounds"


def test_the_final_answer_never_carries_quote_marks() -> None:
    text = f"Reasoning.\n{ANSWER} {BEGIN_QUOTE}5 pounds{END_QUOTE}"
    assert parse_answer(text).final == "5 pounds"
    assert parse_answer(without_source(parse_answer(text).final)).quotes == []


@pytest.mark.parametrize("text", ["", "no form at all", "Answer: 5 pounds", "<ANSWER>:  \n"])
def test_no_marker_or_nothing_behind_it_is_no_final_answer(text: str) -> None:
    assert parse_answer(text).final == ""
    assert code(text) == "no_final_answer"


def test_a_verbatim_quote_passes_whatever_its_white_space() -> None:
    assert code(answer("has a\n monthly   fee of 5 pounds. It is")) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (answer(), "no_quote"),
        (answer(" "), "no_quote"),
        (answer("a monthly fee of 6 pounds"), "quote_not_verbatim"),
        (answer("A MONTHLY FEE"), "quote_not_verbatim"),
        (answer("a monthly fee", "a yearly fee"), "quote_not_verbatim"),
        (answer("monthly … pounds"), "quote_not_verbatim"),
        (answer("a monthly fee") + f" {BEGIN_QUOTE}again", "broken_quote"),
        (f"{END_QUOTE}a monthly fee{BEGIN_QUOTE}\n{ANSWER} 5", "no_quote"),
        (answer(f"a {BEGIN_QUOTE}monthly{END_QUOTE}"), "quote_not_verbatim"),
        (abstention(), "not_answerable"),
        (answer("a monthly fee", final=ABSTAIN.upper()), "not_answerable"),
    ],
)  # fmt: skip
def test_each_defect_has_its_code_and_a_reason(text: str, expected: str) -> None:
    found = verify_answer(parse_answer(text), CHUNK)
    assert found is not None
    assert found[0] == expected
    assert 0 < len(found[1]) <= 200


def test_every_span_of_a_source_is_verbatim_and_a_changed_one_is_not() -> None:
    rng = random.Random(1)
    words = CHUNK.split()
    for _ in range(300):
        start = rng.randrange(len(words) - 2)
        span = words[start : start + rng.randint(2, 8)]
        assert is_verbatim(rng.choice(["  ", "\n", " "]).join(span), CHUNK)
        span[rng.randrange(len(span))] += "x"
        assert not is_verbatim(" ".join([*span, "."]), CHUNK)


@pytest.mark.parametrize("final", [ABSTAIN, ABSTAIN.lower(), ABSTAIN.rstrip("."), f" {ABSTAIN}\n"])
def test_abstention_is_recognised_in_any_form(final: str) -> None:
    assert parse_answer(f"{ANSWER} {final}").abstains


def test_an_answer_that_mentions_the_abstention_does_not_abstain() -> None:
    assert not parse_answer(f"{ANSWER} Not '{ABSTAIN}' but 5 pounds").abstains


def test_labels_without_oracle_quote_nothing_and_read_back() -> None:
    assert parse_answer(without_source("5 pounds")).final == "5 pounds"
    assert parse_answer(without_source("5 pounds")).quotes == []
    assert parse_answer(abstention()).abstains


def test_squash_leaves_single_spaces() -> None:
    assert squash(" a\n\tb\u00a0 c ") == "a b c"
