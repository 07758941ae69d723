"""A pair prefers the label to an answer that is really worse, the baseline's own where it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.raft.answers import is_verbatim, parse_answer
from shared.raft.preferences import is_worse, preference_record
from shared.raft.prompts import ABSTAIN, ANSWER, BEGIN_QUOTE, END_QUOTE, student_prompt
from tests.shared.raft.test_exports import HIDDEN, QUOTE, ROW


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


def test_no_oracle_of_two_is_a_wrong_source() -> None:
    both = replace(ROW, oracles=[1, 0], quotes=[QUOTE])
    assert preference_record(both) is None


def test_the_baselines_own_worse_answer_is_rejected_rather_than_one_made_up() -> None:
    own = f"It must be {ANSWER} 18 pounds"
    record = preference_record(ROW, own)
    assert record is not None
    assert record["non_preferred_output"] == [{"role": "assistant", "content": own}]
    alone = replace(ROW, documents=ROW.documents[1:], oracles=[0])
    assert preference_record(alone, own) is not None


@pytest.mark.parametrize(
    ("answer", "worse"),
    [
        (f"{BEGIN_QUOTE}{QUOTE}{END_QUOTE}\n{ANSWER} It costs 3 pounds.", False),
        (f"{BEGIN_QUOTE}{QUOTE}{END_QUOTE}\n{ANSWER} 18 pounds", True),
        (f"{BEGIN_QUOTE}The Keeper account costs 18 pounds.{END_QUOTE}\n{ANSWER} 3 pounds", True),
        (f"{ANSWER} 3 pounds", True),
        ("3 pounds", True),
        (f"{ANSWER} {ABSTAIN}", True),
        ("", True),
    ],
)
def test_an_answer_is_worse_when_it_is_wrong_or_does_not_quote_the_oracle(
    answer: str, worse: bool
) -> None:
    assert is_worse(answer, ROW) is worse


def test_without_its_oracle_a_row_wants_what_its_label_says() -> None:
    assert is_worse(f"{ANSWER} 3 pounds", HIDDEN)
    assert not is_worse(f"{ANSWER} {ABSTAIN}", HIDDEN)
    bare = replace(HIDDEN, label=f"{ANSWER} 3 pounds")
    assert not is_worse(f"{ANSWER} 3 pounds", bare)
    assert is_worse(f"{ANSWER} 18 pounds", bare)
