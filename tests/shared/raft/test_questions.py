"""A reply becomes clean questions: numbering, preambles, markup and repetitions go."""

from __future__ import annotations

import json

import pytest

from shared.raft.questions import Asked, normalise_question, points_at_document
from shared.raft.questions import parse_questions as parse

BASE = "What is the monthly fee of the account?"
KINDS = ["factual", "procedural", "multi_hop"]


def parse_questions(reply: str, limit: int) -> list[str]:
    return [asked.question for asked in parse(reply, KINDS, limit)]


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


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"procedural: {BASE}", "procedural"),
        (f"Procedural: {BASE}", "procedural"),
        (f"1. **procedural**: {BASE}", "procedural"),
        (f"- [procedural] - {BASE}", "procedural"),
        (f"multi-hop: {BASE}", "multi_hop"),
        (f'Multi_hop – "{BASE}"', "multi_hop"),
        (BASE, "factual"),
        (f"factual: {BASE}", "factual"),
    ],
)
def test_a_line_names_its_kind_or_counts_as_the_first_asked_for(line: str, kind: str) -> None:
    assert parse(line, KINDS, 5) == [Asked(kind, BASE)]


def test_a_word_that_is_no_kind_stays_in_the_question() -> None:
    assert parse("table: what is it that I read?", KINDS, 5)[0].question.startswith("table:")


ITEMS = [
    {"kind": "procedural", "question": BASE},
    {"kind": "factual", "question": "Who may open an account?"},
]
READ = [Asked("procedural", BASE), Asked("factual", "Who may open an account?")]


@pytest.mark.parametrize(
    "reply",
    [
        json.dumps({"questions": ITEMS}),
        json.dumps({"questions": ITEMS}, indent=2),
        json.dumps(ITEMS),
        f"```json\n{json.dumps({'questions': ITEMS})}\n```",
        f"Sure! Here they are:\n{json.dumps({'questions': ITEMS})}\nMore?",
        json.dumps({"questions": [{"type": i["kind"], "text": i["question"]} for i in ITEMS]}),
        json.dumps({"procedural": [BASE], "factual": ["Who may open an account?"]}),
        json.dumps({"questions": [f"{i['kind']}: {i['question']}" for i in ITEMS]}),
        json.dumps({"questions": [*ITEMS, {"kind": "factual", "question": "What is"}]})[:-12],
        json.dumps({"questions": ITEMS})[:-2],
        json.dumps({"questions": ITEMS}).replace("}, {", "}\n{"),
        json.dumps({"questions": [*ITEMS, ITEMS[0]]}),
    ],
)
def test_json_is_read_whole_fenced_nested_or_cut_off(reply: str) -> None:
    assert parse(reply, KINDS, 5) == READ


def test_an_unknown_kind_counts_as_the_first() -> None:
    reply = json.dumps({"questions": [{"kind": "riddle", "question": BASE}, {"question": "x"}]})
    assert parse(reply, KINDS, 5) == [Asked("factual", BASE)]


def test_json_with_a_quoted_question_and_escapes_survives_being_cut() -> None:
    item = {"kind": "factual", "question": 'Who calls it "the\u00a0fee {a}" at all?'}
    whole = json.dumps({"questions": [item]})
    assert parse(whole, KINDS, 5) == [Asked("factual", 'Who calls it "the fee {a}" at all?')]


def test_instructions_need_no_question_mark_and_preambles_are_none() -> None:
    reply = "Here are two instructions:\napi: Translate 'fuel' into French.\n2. Say it in Dutch."
    assert parse(reply, ["api"], 5) == [
        Asked("api", "Translate 'fuel' into French."),
        Asked("api", "Say it in Dutch."),
    ]
    assert parse("Translate 'fuel' into French.", KINDS, 5) == []


@pytest.mark.parametrize(
    "question",
    [
        "What does this document say about fees?",
        "According to the passage, who pays?",
        "What is listed in Table 3?",
        "Which fee is mentioned above?",
        "What does the text above describe?",
        "What do both documents have in common?",
        "In the provided text, which fee is due?",
        "What does the author think of fees?",
        "Which topics does this section cover?",
        "What is shown in the following table?",
    ],
)
def test_a_question_that_speaks_of_its_document_is_told_apart(question: str) -> None:
    assert points_at_document(question)


@pytest.mark.parametrize(
    "question",
    [
        BASE,
        "Which documents does a new customer bring?",
        "What does Section 75 of the Consumer Credit Act cover?",
        "How is a text message stopped?",
        "Which table of rates applies to savers?",
        "How long does the bank keep identity documents?",
        "In the document upload, which size is allowed?",
        "Who authored the code of conduct?",
    ],
)
def test_a_question_about_documents_of_the_subject_is_none(question: str) -> None:
    assert not points_at_document(question)
