"""Questions by kind, and the answers that need more than one sentence."""

import pytest

from local.models.hops import hops, parts
from local.models.kinds import all_questions, choose_by_kind, kind_of
from local.models.prompts import read_prompt
from local.models.quoting import quotes_of
from local.models.teacher import answer, find_answer
from local.models.units import collapse, read_units
from shared.raft.answers import parse_answer
from shared.raft.prompts import answer_prompt, questions_prompt
from shared.raft.questions import parse_questions

CARDS = """### Comparing the credit cards

The credit cards of the bank differ in price.

| Card | Interest-free days | Late payment fee |
| --- | --- | --- |
| Wick | Up to 54 | £11 |
| First Step | Up to 50 | £6 |

A recall of a payment costs £11 within Sundrey and £28 abroad.
To order a card, call the help line with two proofs of identity at hand.
"""
CLOSING = """### Closing an account

1. Bring the account to zero.
2. Send the closing request by post.
"""
TASKS = """| Task | Lantern app | VoiceDesk |
| --- | --- | --- |
| Pay in a cheque | Yes | No |

| Document | Proves identity |
| --- | --- |
| Utility bill on paper | No |
"""
SAVER = """### Notice 40 Account

The Notice 40 Account pays 3.05% gross. The account opens with £500.
"""
OTHER = """### Notice 95 Account

The Notice 95 Account pays 3.60% gross. Interest is paid each quarter.
"""


def by_kind(document: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for asked in all_questions(document):
        found.setdefault(kind_of(asked), {})[asked.question] = asked.answer
    return found


def test_each_kind_has_its_questions() -> None:
    found = by_kind(CARDS)
    assert found["table"]["What is the late payment fee for the Wick card?"] == "£11"
    fee = "Which has the higher late payment fee, the Wick card or the First Step card?"
    expected = "the Wick card, with £11 against £6 for the First Step card"
    assert found["comparison"][fee] == expected
    recall = "Does a recall of a payment cost more within Sundrey or abroad?"
    assert found["comparison"][recall] == "abroad, with £28 against £11 within Sundrey"
    assert found["procedural"]["How do you order a card?"].startswith("call the help line")
    steps = by_kind(CLOSING)["procedural"]
    assert steps["What are the steps when closing an account?"] == (
        "1. Bring the account to zero; 2. Send the closing request by post"
    )


def test_tables_of_yes_and_no() -> None:
    found = by_kind(TASKS)["table"]
    assert found["Can you pay in a cheque with the Lantern app?"] == "Yes"
    assert found["Can you pay in a cheque with VoiceDesk?"] == "No"
    assert found["Does a utility bill on paper prove identity?"] == "No"


def test_a_kind_that_the_document_cannot_give_stays_empty() -> None:
    wanted = (("factual", 2), ("comparison", 2), ("table", 2))
    kinds = [kind for kind, _ in choose_by_kind((SAVER,), wanted)]
    assert kinds and set(kinds) == {"factual"}
    assert choose_by_kind((SAVER,), (("multi_hop", 1),)) == []


def test_a_comparison_quotes_the_header_and_both_rows() -> None:
    asked = next(item for item in all_questions(CARDS) if item.question.startswith("Which has"))
    assert quotes_of(asked, (CARDS,)) == (
        "| Card | Interest-free days | Late payment fee |",
        "| Wick | Up to 54 | £11 |",
        "| First Step | Up to 50 | £6 |",
    )


def test_a_step_is_quoted_with_its_number_and_heading() -> None:
    found = find_answer("What is the second step when closing an account?", (CLOSING,))
    assert found is not None
    assert quotes_of(found, (CLOSING,)) == (
        "### Closing an account",
        "2. Send the closing request by post.",
    )


def test_equal_values_and_unlike_values_are_not_compared() -> None:
    table = "| Card | Fee |\n| --- | --- |\n| Wick | £6 |\n| Tern | £6 |\n| Gull | 3% |\n"
    assert not by_kind(table).get("comparison")


def test_two_documents_make_one_question_that_needs_both() -> None:
    question = (
        "What rate of interest does the Notice 40 Account pay, "
        "and what rate of interest does the Notice 95 Account pay?"
    )
    assert question in [asked.question for asked in hops(SAVER, OTHER)]
    assert parts(question) == (
        "What rate of interest does the Notice 40 Account pay?",
        "What rate of interest does the Notice 95 Account pay?",
    )
    given = parse_answer(answer(read_prompt(answer_prompt("gpt", [SAVER, OTHER], question))))
    assert given.final == "3.05% gross; 3.60% gross"
    assert given.quotes == [
        "The Notice 40 Account pays 3.05% gross.",
        "The Notice 95 Account pays 3.60% gross.",
    ]
    assert hops(SAVER, CLOSING) == () == hops(SAVER, SAVER)


def test_a_name_given_twice_becomes_it_and_is_read_back() -> None:
    one = "### Ember Easy Saver\n\nThe Ember Easy Saver may hold up to £500,000.\n"
    two = "### Interest\n\nThe Ember Easy Saver pays 1.85% gross a year.\n"
    question = hops(one, two)[0].question
    assert question.endswith("and what rate of interest does it pay?")
    assert parts(question)[1] == "What rate of interest does the Ember Easy Saver pay?"


@pytest.mark.parametrize("form", ["gpt", "llama"])
def test_multi_hop_over_the_wire(form: str) -> None:
    messages = questions_prompt(form, [SAVER, OTHER], {"multi_hop": 2})
    for reply in (None, {"type": "json_schema"}):
        asked = parse_questions(answer(read_prompt(messages, reply)), ["multi_hop"], 2)
        assert asked and {item.kind for item in asked} == {"multi_hop"}


def test_a_sentence_that_ends_in_an_amount_is_no_row() -> None:
    text = "A request link lasts 14 days and can ask for up to £500."
    assert [unit.kind for unit in read_units(text)] == ["sentence"]
    assert collapse(text) == read_units(text)[0].text
