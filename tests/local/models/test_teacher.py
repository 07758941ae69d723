"""The teacher's questions: from sentences across line breaks, from lists and from tables."""

from local.models.pieces import cut
from local.models.prompts import read_prompt
from local.models.questions import choose_questions, find_questions
from local.models.teacher import answer, find_answer
from local.models.units import collapse, read_units
from shared.raft.answers import parse_answer
from shared.raft.prompts import answer_prompt, questions_prompt
from shared.raft.questions import parse_questions
from tests.local.models.support import corpus

KINDS = {"factual": 4, "procedural": 1, "comparison": 1, "table": 2}
WRAPPED = """History and branches
Harbour Bank began in 1911 as a savings club, which collected threepence a week from the men
who lit the lamps. Harbour Bank now runs 23 branches, and its head office stands in Ostrey.
It was sold twice. Account holders can protect up to £75,000 at Harbour Bank. The weekend price
is higher because markets are closed.[3]
Account Overdraft rate (EAR)
Beacon Current Account 34.9%
Beacon Plus Account 31.9%
"""
TABLE = """## Banking plans

| Feature | Standard Plan | Premium Plan |
|---|---|---|
| Monthly fee | $4.00 | $30.00 |
| **Transaction limit** | 12 | unlimited |
| Cheques | ✔ | ✔ |

- To open an account, visit any branch with two pieces of identification.
- If your card is lost, call the help line at once.
"""
GUIDE = """Everyday accounts
Tern Current Account
A customer may cancel a new current account within 14 days of opening it without giving a reason.
The account opens with £1 and may hold up to £500,000. The Tern Current Account pays no interest
on credit balances. Holders may apply for an arranged overdraft of up to £1,500.
Closing an account
The closure follows these steps.
1. Bring the account to zero, including any interest that is still to be charged.
2. Cut the cards through the chip.
A customer who disagrees with an entry should report the entry within 13 months.
Three wrong PINs block the chip. Payments that would take the balance below zero are refused.
Under the Debit Promise, Lanternfold Bank refunds a wrong collection on the next business day.
"""


def asked(document: str) -> dict[str, str]:
    return {item.question: item.answer for item in find_questions(document)}


def test_sentences_across_line_breaks() -> None:
    found = asked(WRAPPED)
    assert found["When did Harbour Bank begin?"] == "in 1911"
    assert found["How many branches does Harbour Bank now run?"] == "23"
    assert found["Why is the weekend price higher?"] == "because markets are closed"
    assert found["How much can account holders protect at Harbour Bank?"] == "up to £75,000"
    assert found["What is the overdraft rate for the Beacon Plus Account?"] == "31.9%"


def test_markdown_tables_and_lists() -> None:
    found = asked(TABLE)
    assert found["What is the monthly fee for the Standard Plan?"] == "$4.00"
    assert found["What is the transaction limit for the Premium Plan?"] == "unlimited"
    assert found["How do you open an account?"].startswith("visit any branch")
    assert found["What should you do if your card is lost?"] == "call the help line at once"


def test_every_question_can_be_answered_from_its_unit() -> None:
    vague = {"it", "this", "they", "these", "he", "she"}
    for document in (WRAPPED, TABLE, *corpus()):
        flat = collapse(document)
        for item in choose_questions(document, 8):
            assert item.unit.text in flat
            assert not vague & set(item.question.lower().rstrip("?").split()), item.question
            found = find_answer(item.question, (document,))
            assert found is not None and found.answer == item.answer


def test_fewer_rather_than_bad() -> None:
    assert choose_questions("Page 3\n\nTerms\n\nsee above, and it is so.", 5) == []
    assert len(choose_questions(corpus()[0], 2)) == 2


def test_units_keep_the_text_verbatim() -> None:
    for document in (WRAPPED, TABLE):
        for unit in read_units(document):
            assert collapse(document[unit.start : unit.end]) == unit.text
    kinds = {unit.plain: unit.kind for unit in read_units(WRAPPED)}
    assert kinds["History and branches"] == "heading"
    assert kinds["The weekend price is higher because markets are closed."] == "sentence"


def test_one_sentence_gives_several_facts_with_its_product_named() -> None:
    found = asked(GUIDE)
    start = "With the Tern Current Account, within how many days may a customer cancel"
    assert found[f"{start} a new current account without giving a reason?"] == "within 14 days"
    assert found["How much may the Tern Current Account hold?"] == "up to £500,000"
    assert found["Which account pays no interest on credit balances?"] == "The Tern Current Account"
    holders = "may holders of the Tern Current Account apply for an arranged overdraft?"
    assert found[f"Up to what amount {holders}"] == "up to £1,500"


def test_steps_cases_numbers_and_openings() -> None:
    found = asked(GUIDE)
    step = "What is the second step when closing an account?"
    assert found[step] == "Cut the cards through the chip"
    disagrees = "What should a customer who disagrees with an entry do?"
    assert found[disagrees] == "report the entry within 13 months"
    assert found["How many wrong PINs block the chip?"] == "Three"
    refused = "What happens to payments that would take the balance below zero?"
    assert found[refused] == "are refused"
    refund = "Under the Debit Promise, when does Lanternfold Bank refund a wrong collection?"
    assert found[refund] == "on the next business day"


def test_a_predicate_is_cut_into_pieces() -> None:
    pieces = cut("cancel an account within 14 days, because it is new, and the bank agrees to it")
    expected = ["cancel an account", "within 14 days", "because it is new"]
    assert [piece.text for piece in pieces] == expected
    assert [piece.text for piece in cut("paid on the day on which it arrives")][-1] == (
        "on the day on which it arrives"
    )


def test_every_reply_survives_the_parser_and_the_verifier() -> None:
    for document in (WRAPPED, TABLE, GUIDE, *corpus()[:8]):
        for form in ("gpt", "llama"):
            messages = questions_prompt(form, [document], KINDS)
            written = [
                parse_questions(answer(read_prompt(messages, reply)), list(KINDS), 8)
                for reply in (None, {"type": "json_schema"})
            ]
            assert written[0] == written[1]
            assert 3 <= len(written[0]) <= 8
            for asked in written[0]:
                messages = answer_prompt(form, [document], asked.question)
                given = parse_answer(answer(read_prompt(messages)))
                assert given.final and given.quotes and not given.abstains, asked.question
                flat = collapse(document)
                assert all(collapse(quote) in flat for quote in given.quotes), asked.question
