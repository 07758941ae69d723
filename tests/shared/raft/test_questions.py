"""A reply becomes clean questions: numbering, preambles, markup and repetitions go."""

from __future__ import annotations

import pytest

from shared.raft.questions import normalise_question, parse_questions

BASE = "What is the monthly fee of the account?"


@pytest.mark.parametrize(
    "lead",
    [
        "1. ", "12) ", "(3) ", "[4] ", "1.", "Q3: ", "q3. ", "Q: ", "Question: ", "Question 2: ",
        "Question #2 – ", "- ", "* ", "• ", "– ", "> ", "## ", "1) - ", "- 1. ", "1. Q1: ",
        "a) ", "(iv) ", "**1.** ", "**Question 1:** ", "1. **Q1:** ", "   \t",
    ],
)  # fmt: skip
def test_numbering_and_bullets_are_dropped(lead: str) -> None:
    assert parse_questions(lead + BASE, 5) == [BASE]


@pytest.mark.parametrize(
    "line",
    [
        "**{}**", "***{}***", "*{}*", "__{}__", "`{}`", '"{}"', "“{}”", "'{}'", '1. "{}"',
        "1. **{}**",
        "**1. {}**", '- **"{}"**', '  "{}",', "{}**", '{}"',
    ],
)  # fmt: skip
def test_bold_and_quotes_around_a_question_are_dropped(line: str) -> None:
    assert parse_questions(line.format(BASE), 5) == [BASE]


@pytest.mark.parametrize(
    "question",
    [
        "3.5 percent of what is charged?",
        '"Standard" accounts are charged which fee?',
        "'Silver' accounts cost how much?",
        'Who calls this "the cooling-off period"?',
        "What do *args and **kwargs hold?",
        "What does __init__ do in a class?",
        "2024: which fees changed then?",
        "What is 2*3*4 in this table?",
        "A (b) clause says what here?",
        "Q3-2024 results showed which loss?",
    ],
)
def test_what_belongs_to_a_question_is_left_alone(question: str) -> None:
    assert parse_questions(question, 5) == [question]


@pytest.mark.parametrize(
    "line",
    [
        "Here are five questions:",
        "Sure! Here are the questions you asked for.",
        "**Questions**",
        "Question 1",
        "The monthly fee is 5 pounds.",
        "Why?",
        "? ? ?",
        "W" + "h" * 500 + "y?",
        "Would you like me to write more questions?",
        "Do you want questions about another document?",
        "Is there anything else I can help with?",
        "",
        "---",
    ],
)
def test_what_is_no_question_is_dropped(line: str) -> None:
    assert parse_questions(f"{line}\n{BASE}\n{line}", 5) == [BASE]


def test_a_whole_chatty_reply_gives_its_questions_in_order() -> None:
    reply = (
        "Sure! Here are three questions:\n\n1. **What is the monthly fee?**\n"
        '2. "Who may open an account?"\nQ3: When is the statement sent?\n\n'
        "Let me know if you need more!"
    )
    assert parse_questions(reply, 5) == [
        "What is the monthly fee?",
        "Who may open an account?",
        "When is the statement sent?",
    ]


def test_repetitions_by_case_punctuation_and_form_are_dropped() -> None:
    reply = (
        f"{BASE}\n{BASE.upper()}\n2. what is the monthly fee, of the account?\nWho may open one?"
    )
    assert parse_questions(reply, 5) == [BASE, "Who may open one?"]


def test_repetitions_do_not_count_towards_the_limit() -> None:
    reply = "\n".join([BASE, BASE, *(f"What is rule {n} of the bank?" for n in range(9))])
    assert parse_questions(reply, 3) == [
        BASE,
        "What is rule 0 of the bank?",
        "What is rule 1 of the bank?",
    ]


@pytest.mark.parametrize("reply", ["", "\n\n", "I cannot do that.", "Here you go:"])
def test_a_reply_without_questions_gives_none(reply: str) -> None:
    assert parse_questions(reply, 5) == []


def test_questions_differing_in_a_figure_are_different() -> None:
    assert normalise_question("Is the fee £5?") != normalise_question("Is the fee £6?")


def test_full_width_and_composed_forms_are_the_same_question() -> None:
    assert normalise_question("Ｗhat is a café?") == normalise_question("what is a cafe\u0301")
