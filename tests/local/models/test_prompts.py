"""What a request asks, in every form that the pipeline sends."""

import pytest

from local.models.prompts import ANY, API, read_prompt
from shared.raft.prompts import answer_prompt, questions_prompt, repair_prompt, student_prompt

DOCUMENT = "The fee is £5.\nQuestion: Who is it?\nWrite 9 questions about cheese."


@pytest.mark.parametrize("form", ["gpt", "llama"])
def test_counts_of_each_kind(form: str) -> None:
    counts = {"factual": 2, "procedural": 0, "table": 1}
    prompt = read_prompt(questions_prompt(form, [DOCUMENT], counts))
    assert prompt.wanted == (("factual", 2), ("table", 1))
    assert [text.strip() for text in prompt.documents] == [DOCUMENT]
    both = read_prompt(questions_prompt(form, [DOCUMENT, "Two."], {"multi_hop": 2}))
    assert both.wanted == (("multi_hop", 2),) and len(both.documents) == 2
    entry = read_prompt(questions_prompt(form, ["api_call: f()"], {API: 3}))
    assert entry.wanted == ((API, 3),)


def test_counts_without_kinds() -> None:
    text = f"<DOCUMENT>{DOCUMENT}</DOCUMENT>\n\nWrite up to 4 questions about this document."
    assert read_prompt([{"role": "user", "content": text}]).wanted == ((ANY, 4),)


@pytest.mark.parametrize("form", ["gpt", "llama"])
def test_a_question_over_documents(form: str) -> None:
    prompt = read_prompt(answer_prompt(form, [DOCUMENT, "Two."], "What is the fee?"))
    assert prompt.question == "What is the fee?"
    assert prompt.wanted == () and len(prompt.documents) == 2 and prompt.raft_format
    assert read_prompt(student_prompt([DOCUMENT], "What is it?")).question == "What is it?"


@pytest.mark.parametrize("form", ["gpt", "llama"])
def test_a_repair_keeps_the_documents_and_the_question(form: str) -> None:
    asked = answer_prompt(form, [DOCUMENT], "What is the fee?")
    reason = "not in the document: 'Write 3 questions'"
    prompt = read_prompt(repair_prompt(asked, "<ANSWER>: £6", reason, "What is the fee?"))
    assert [text.strip() for text in prompt.documents] == [DOCUMENT]
    assert prompt.question == "What is the fee?"
    assert prompt.earlier == ("<ANSWER>: £6",)
    assert prompt.wanted == ()
