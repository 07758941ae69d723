"""Each further form of a row holds what its trainer or grader reads, and nothing that is unseen."""

from __future__ import annotations

import json
from dataclasses import replace

from shared.raft.examples import Row, ShownDocument
from shared.raft.exports import (
    completion_record,
    evaluation_record,
    flat_record,
    reinforcement_record,
)
from shared.raft.prompts import ABSTAIN, ANSWER, BEGIN_QUOTE, END_QUOTE

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
