"""Files of rows: stable bytes, one JSON object a line, and rows that come back as they went."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.raft.examples import Row, ShownDocument
from shared.raft.formats import chat_record, row_from, row_record, to_json, to_jsonl
from shared.raft.prompts import student_prompt

ROW = Row(
    id="bank/guide.pdf#3/1",
    split="train",
    group="bank/guide.pdf#3",
    question="What does “naïve” cost?",
    documents=[ShownDocument("a#0", "One\nline 🙂"), ShownDocument("a#1", 'Two\u2028\u0085 "q"')],
    oracles=[1],
    label="##begin_quote##Two##end_quote##\n<ANSWER>: £2",
    answer="an answer",
    final="£2",
    quotes=["Two"],
)


def test_a_row_survives_its_record() -> None:
    assert row_from(json.loads(to_json(row_record(ROW)))) == ROW


def test_a_row_survives_its_line() -> None:
    rows = [ROW, replace(ROW, id="x", documents=[], oracles=[], quotes=[])]
    lines = to_jsonl(row_record(row) for row in rows).decode().split("\n")
    assert lines.pop() == ""
    assert [row_from(json.loads(line)) for line in lines] == rows


@pytest.mark.parametrize("write", [to_json, lambda record: to_jsonl([record])])
def test_equal_records_have_equal_bytes_whatever_their_key_order(write) -> None:
    record = row_record(ROW)
    assert write(record) == write(dict(reversed(record.items())))


def test_bytes_are_the_same_in_every_release() -> None:
    assert (
        to_jsonl([{"b": "é\n", "a": [1, 0.5, None]}])
        == '{"a": [1, 0.5, null], "b": "é\\n"}\n'.encode()
    )
    assert to_json({"b": 1, "a": {}}) == b'{\n "a": {},\n "b": 1\n}\n'


def test_no_records_give_no_bytes() -> None:
    assert to_jsonl([]) == b""


def test_the_chat_record_is_what_azure_openai_reads() -> None:
    record = chat_record(ROW)
    assert set(record) == {"messages"}
    assert [message["role"] for message in record["messages"]] == ["system", "user", "assistant"]
    assert all(set(message) == {"role", "content"} for message in record["messages"])
    assert record["messages"][-1]["content"] == ROW.label


def test_the_student_is_trained_on_the_prompt_that_it_is_asked_with() -> None:
    prompt = student_prompt([document.text for document in ROW.documents], ROW.question)
    assert chat_record(ROW)["messages"][:-1] == prompt


def test_what_the_student_sees_does_not_tell_where_the_oracle_is() -> None:
    moved = replace(ROW, oracles=[0], answer="other", final="other", quotes=[])
    assert chat_record(moved) == chat_record(ROW)
