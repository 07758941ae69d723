"""Each further form of a row holds what its trainer or grader reads, and nothing that is unseen."""

from __future__ import annotations

import json
from dataclasses import replace

from shared.raft.answers import is_verbatim, parse_answer
from shared.raft.examples import Row, ShownDocument
from shared.raft.exports import (
    completion_record,
    evaluation_record,
    flat_record,
    preference_record,
    reinforcement_record,
)
from shared.raft.prompts import ABSTAIN, ANSWER, BEGIN_QUOTE, END_QUOTE, student_prompt

QUOTE = "The Beacon account costs 3 pounds a month."
ROW = Row(
    id="b#0/0",
    split="train",
    group="b#0",
    question="How much does the Beacon account cost?",
    documents=[
        ShownDocument("b#3", "Branches open at nine. The Keeper account costs 18 pounds."),
        ShownDocument("b#0", f"{QUOTE} It has a card."),
    ],
    oracles=[1],
    label=f"The fee is given. {BEGIN_QUOTE}{QUOTE}{END_QUOTE}\n{ANSWER} 3 pounds",
    answer=f"The fee is given. {BEGIN_QUOTE}{QUOTE}{END_QUOTE}\n{ANSWER} 3 pounds",
    final="3 pounds",
    quotes=[QUOTE],
)
HIDDEN = replace(ROW, oracles=[], documents=ROW.documents[:1], label=f"{ANSWER} {ABSTAIN}")


def test_completion_uses_its_columns_and_ends_with_its_stop_text() -> None:
    record = completion_record(ROW, "text", "target", "<END>")
    assert set(record) == {"text", "target"}
    assert record["target"] == ROW.label + "<END>"
    assert ROW.question in record["text"]
    assert all(document.text in record["text"] for document in ROW.documents)


def test_preference_prefers_the_verified_answer_to_one_from_a_distractor() -> None:
    record = preference_record(ROW)
    assert record is not None
    assert record["input"]["messages"] == student_prompt(
        [document.text for document in ROW.documents], ROW.question
    )
    assert record["preferred_output"] == [{"role": "assistant", "content": ROW.label}]
    rejected = parse_answer(record["non_preferred_output"][0]["content"])
    assert rejected.quotes == ["The Keeper account costs 18 pounds."]
    assert is_verbatim(rejected.quotes[0], ROW.documents[0].text)
    assert rejected.final


def test_preference_of_a_row_without_oracle_prefers_its_own_label() -> None:
    record = preference_record(HIDDEN)
    assert record is not None
    assert record["preferred_output"][0]["content"] == HIDDEN.label
    assert ROW.final not in record["preferred_output"][0]["content"]


def test_a_row_without_distractors_has_no_preference() -> None:
    alone = replace(ROW, documents=ROW.documents[1:], oracles=[0])
    assert preference_record(alone) is None


def test_reinforcement_ends_with_the_user_and_carries_what_graders_check() -> None:
    record = reinforcement_record(ROW)
    assert [message["role"] for message in record["messages"]] == ["developer", "user"]
    assert record["reference_answer"] == "3 pounds"
    assert record["reference_quotes"] == [QUOTE]
    assert record["documents"] == [document.text for document in ROW.documents]
    hidden = reinforcement_record(HIDDEN)
    assert (hidden["reference_answer"], hidden["reference_quotes"]) == (ABSTAIN, [])


def test_evaluation_and_table_keep_provenance() -> None:
    record = evaluation_record(ROW)
    assert record["documents"] == ["b#3", "b#0"]
    assert record["documents"][record["oracle"]] == "b#0"
    assert record["oracles"] == [1]
    assert evaluation_record(HIDDEN)["oracle"] == flat_record(HIDDEN)["oracle"] == -1
    flat = flat_record(ROW)
    assert (flat["oracle"], json.loads(flat["oracles"]), flat["kind"]) == (1, [1], "factual")
    context = json.loads(flat["context"])
    assert context["title"] == ["b#3", "b#0"]
    assert context["sentences"][1] == ROW.documents[1].text


def test_no_oracle_of_two_is_a_wrong_source() -> None:
    both = replace(ROW, oracles=[1, 0], quotes=[QUOTE])
    assert preference_record(both) is None
