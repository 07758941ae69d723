"""Scores against values worked out by hand, and F1 against an independent computation."""

from __future__ import annotations

import random
from itertools import permutations

import pytest

from shared.raft.answers import parse_answer
from shared.raft.metrics import (
    CLOSED_BOOK,
    NO_ORACLE,
    OF_ORACLE,
    OPEN_BOOK,
    RETRIEVED,
    local_metrics,
)
from shared.raft.prompts import ABSTAIN, BEGIN_QUOTE, END_QUOTE
from shared.raft.scoring import (
    abstains,
    exact_match,
    normalise_answer,
    oracle_picked,
    oracle_quoted,
    quote_accuracy,
    score_answer,
    token_f1,
)

ORACLE = "The Meadow account has a monthly fee of 5 pounds."
OTHER = "The Harbour account has no fee."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Cat, sat.", "cat sat"),
        ("an apple a day", "apple day"),
        ("theatre and another", "theatre and another"),
        ("£5.00", "£500"),
        ("ÉTÉ", "été"),
        ("", ""),
    ],
)
def test_normalisation_is_squads(text: str, expected: str) -> None:
    assert normalise_answer(text) == expected


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("5 pounds", "5 pounds", 1.0),
        ("The 5 pounds.", "5 POUNDS", 1.0),
        ("6 pounds", "5 pounds", 0.0),
        ("5 pounds a month", "5 pounds", 0.0),
        ("", "5 pounds", 0.0),
    ],
)
def test_exact_match_by_hand(answer: str, reference: str, expected: float) -> None:
    assert exact_match(answer, reference) == expected


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("5 pounds", "5 pounds", 1.0),
        ("5 pounds each month", "5 pounds", 2 * (2 / 4) * 1 / (2 / 4 + 1)),
        ("fee fee", "fee", 2 / 3),
        ("red green", "blue", 0.0),
        ("", "blue", 0.0),
        ("", "", 1.0),
        ("the", "a", 1.0),
    ],
)
def test_token_f1_by_hand(answer: str, reference: str, expected: float) -> None:
    assert token_f1(answer, reference) == pytest.approx(expected)


def best_overlap(ours: list[str], theirs: list[str]) -> int:
    """Common words, by trying every pairing of the two lists."""
    short, long = sorted((ours, theirs), key=len)
    return max(sum(a == b for a, b in zip(short, p, strict=False)) for p in permutations(long))


def test_token_f1_equals_an_independent_computation() -> None:
    rng = random.Random(1)
    for _ in range(200):
        ours, theirs = ([rng.choice("xyzw") for _ in range(rng.randint(1, 5))] for _ in range(2))
        common = best_overlap(ours, theirs)
        precision, recall = common / len(ours), common / len(theirs)
        f1 = 2 * precision * recall / (precision + recall) if common else 0.0
        assert token_f1(" ".join(ours), " ".join(theirs)) == pytest.approx(f1)


def test_quote_accuracy_is_the_share_of_quotes_that_some_document_holds() -> None:
    quotes = ["monthly  fee", "no fee", "weekly fee", "The Meadow"]
    assert quote_accuracy(quotes, [ORACLE, OTHER]) == 0.75
    assert quote_accuracy(quotes, []) == 0.0
    assert quote_accuracy([], [ORACLE]) == 0.0


@pytest.mark.parametrize(
    ("quotes", "expected"),
    [
        (["monthly fee of 5 pounds"], 1.0),
        (["fee of 5"], 1.0),
        (["has a monthly fee of 5 pounds."], 1.0),
        (["no fee", "monthly fee of 5 pounds"], 1.0),
        (["The Meadow account"], 0.0),  # in the oracle, but not what answers the question
        (["no fee"], 0.0),
        (["monthly fee of 6 pounds"], 0.0),
        ([], 0.0),
    ],
)
def test_oracle_quoted_asks_for_the_passage_that_answers(
    quotes: list[str], expected: float
) -> None:
    assert oracle_quoted(quotes, ORACLE, ["monthly fee of 5 pounds"]) == expected


@pytest.mark.parametrize(
    ("quotes", "oracles", "expected"),
    [
        (["monthly fee"], [1], 1.0),
        (["no fee"], [1], 0.0),
        (["monthly fee", "no fee"], [1], 1.0),  # as many from each: the oracle is among them
        (["monthly fee", "no fee", "has no"], [1], 0.0),
        (["account has"], [0], 1.0),  # both documents hold it
        (["weekly fee"], [1], 0.0),
        (["monthly fee", "no fee"], [0, 1], 1.0),
        ([], [1], 0.0),
        (["monthly fee"], [], 0.0),
    ],
)
def test_the_document_picked_is_the_one_that_most_quotes_stand_in(
    quotes: list[str], oracles: list[int], expected: float
) -> None:
    assert oracle_picked(quotes, [OTHER, ORACLE], oracles) == expected


@pytest.mark.parametrize(
    "answer",
    [
        f"<ANSWER>: {ABSTAIN}",
        "<ANSWER>: I cannot answer this.",
        "<ANSWER>: I do not know.",
        "The documents do not contain this information.",
        "The provided context doesn't mention a fee.",
        "None of the documents shown states the fee.",
        "The fee is not mentioned in the documents.",
        "It can't be determined.",
        "There is not enough information to say.",
    ],
)
def test_refusals_are_abstentions_in_any_words(answer: str) -> None:
    assert abstains(parse_answer(answer))


@pytest.mark.parametrize(
    "answer",
    [
        "<ANSWER>: 5 pounds",
        "<ANSWER>: No documents are needed.",
        "<ANSWER>: You cannot withdraw cash at a weekend.",
        "<ANSWER>: No",
        "None of the documents shown holds the answer; it is known otherwise.\n<ANSWER>: 5 pounds",
        f"{BEGIN_QUOTE}The form does not state a date.{END_QUOTE}\n<ANSWER>: it does not state one",
        "",
    ],
)
def test_answers_are_no_abstentions(answer: str) -> None:
    assert not abstains(parse_answer(answer))


def score(
    answer: str, setting: str = OPEN_BOOK, oracles: tuple[int, ...] = (1,)
) -> dict[str, float]:
    return score_answer(
        answer,
        setting=setting,
        final="5 pounds",
        documents=[OTHER, ORACLE],
        oracles=oracles,
        reference_quotes=["monthly fee of 5 pounds"],
    )


def test_a_perfect_answer_scores_one_everywhere_and_does_not_abstain() -> None:
    quote = f"{BEGIN_QUOTE}a monthly fee of 5 pounds{END_QUOTE}"
    scores = score(f"It says {quote}.\n<ANSWER>: 5 pounds.")
    assert scores.pop("abstention") == 0.0
    assert set(scores.values()) == {1.0}


def test_a_quote_of_a_distractor_is_verbatim_and_not_from_the_oracle() -> None:
    scores = score(f"{BEGIN_QUOTE}has no fee{END_QUOTE}\n<ANSWER>: nothing")
    assert (scores["quote_accuracy"], scores["quotes_from_oracle"]) == (1.0, 0.0)
    assert (scores["oracle_quoted"], scores["oracle_picked"]) == (0.0, 0.0)


def test_an_answer_without_form_is_scored_as_a_whole() -> None:
    assert score("5 pounds")["exact_match"] == 1.0
    assert score("It is 5 pounds")["token_f1"] == pytest.approx(2 * 2 / (4 + 2))
    assert score("5 pounds")["quote_accuracy"] == 0.0


@pytest.mark.parametrize(
    ("answer", "abstained", "unsupported"),
    [
        (f"<ANSWER>: {ABSTAIN}", 1.0, 0.0),
        ("<ANSWER>: nothing", 0.0, 1.0),
        ("<ANSWER>: 5 pounds", 0.0, 0.0),  # known otherwise
    ],
)
def test_without_the_oracle_only_abstaining_and_making_up_is_scored(
    answer: str, abstained: float, unsupported: float
) -> None:
    scores = score(answer, NO_ORACLE, ())
    assert scores == {"abstention": abstained, "unsupported_answer": unsupported}


def test_what_a_retriever_missed_is_not_scored_as_not_quoted() -> None:
    missed, found = score("5 pounds", RETRIEVED, ()), score("5 pounds", RETRIEVED)
    assert set(found) - set(missed) == set(OF_ORACLE)


@pytest.mark.parametrize("answer", ["", "<ANSWER>:", "## broken ##begin_quote##", "🙂" * 5_000])
@pytest.mark.parametrize("setting", [OPEN_BOOK, NO_ORACLE, RETRIEVED, CLOSED_BOOK])
def test_any_text_has_every_score_between_zero_and_one(answer: str, setting: str) -> None:
    scores = score(answer, setting)
    assert tuple(scores) == local_metrics(setting)
    assert all(0.0 <= value <= 1.0 for value in scores.values())
