"""The teacher's questions: from sentences across line breaks, from lists and from tables."""

from local.models.questions import choose_questions, find_questions
from local.models.teacher import find_answer
from local.models.units import collapse, read_units
from tests.local.models.support import corpus

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
