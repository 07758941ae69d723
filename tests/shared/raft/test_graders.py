"""The reinforcement grader: its python is executed here, as the service would execute it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local.models.graders import check_grader
from shared.errors import JobError
from shared.raft.exports import reinforcement_record
from shared.raft.formats import to_jsonl
from shared.raft.graders import GRADE_SOURCE, answer_grader, validate_grader
from shared.raft.prompts import ABSTAIN
from shared.spec.student import Graders
from tests.shared.raft.test_exports import HIDDEN, QUOTE, ROW

SHOWN = json.loads(to_jsonl([reinforcement_record(ROW)]))
ABSENT = json.loads(to_jsonl([reinforcement_record(HIDDEN)]))
USUAL = Graders().weights
OTHER = "The Keeper account costs 18 pounds."


def quoting(*quotes: str, final: str = "3 pounds") -> str:
    marked = "".join(f"##begin_quote##{quote}##end_quote##\n" for quote in quotes)
    return f"Reasoning. {marked}<ANSWER>: {final}"


@pytest.fixture(scope="module")
def grade() -> Callable[[Any, Any], float]:
    names: dict[str, Any] = {}
    exec(GRADE_SOURCE, names)
    return names["grade"]  # type: ignore[no-any-return]


def score(grade: Callable[[Any, Any], float], output: str, item: Any = SHOWN) -> float:
    return grade({"output_text": output}, item)


def test_the_reference_itself_has_the_full_reward(grade: Callable[[Any, Any], float]) -> None:
    assert score(grade, quoting(QUOTE)) == 1.0
    assert score(grade, quoting(QUOTE.replace(" ", "\n", 1))) == 1.0  # white space aside
    assert score(grade, f"<ANSWER>: {ABSTAIN}", ABSENT) == 1.0


@pytest.mark.parametrize(
    "worse",
    [
        "",
        "3 pounds",
        f"##begin_quote##{QUOTE}##end_quote## 3 pounds",
        "<ANSWER>: 3 pounds",
        quoting("The Beacon account is cheap."),
        quoting(OTHER),
        quoting("a"),
        quoting(QUOTE, "The Beacon account is cheap."),
        quoting(" ".join(SHOWN["documents"])),
        quoting(SHOWN["documents"][1]),
        quoting(QUOTE, final="18 pounds"),
        quoting(QUOTE, final="3 pounds or 18 pounds or 5 pounds"),
        f"<ANSWER>: {ABSTAIN}",
    ],
)
def test_anything_worse_has_less(grade: Callable[[Any, Any], float], worse: str) -> None:
    assert score(grade, worse) < 1.0


def test_better_evidence_has_more(grade: Callable[[Any, Any], float]) -> None:
    outputs = [
        "",
        quoting(OTHER, final="18 dollars"),
        quoting(OTHER),
        quoting(QUOTE[:20]),
        quoting(QUOTE, "The Beacon account is cheap."),
        quoting(QUOTE),
    ]
    scores = [score(grade, output) for output in outputs]
    assert scores == sorted(scores)
    assert scores[0] == 0.0
    assert scores[2] < scores[3] < scores[5]


def test_quoting_where_nothing_answers_has_nothing(grade: Callable[[Any, Any], float]) -> None:
    assert score(grade, quoting(OTHER, final=ABSTAIN), ABSENT) == 0.0


@pytest.mark.parametrize("sample", [{}, {"output_text": None}, {"output_text": 5}, None, []])
@pytest.mark.parametrize("item", [SHOWN, {}, {"reference_answer": None}, None])
def test_whatever_comes_a_number_comes_back(
    grade: Callable[[Any, Any], float], sample: Any, item: Any
) -> None:
    assert grade(sample, item) == 0.0


def test_rows_are_graded_by_their_own_fields() -> None:
    validate_grader(answer_grader(USUAL, ""), SHOWN)
    validate_grader(answer_grader(USUAL, ""), ABSENT)
    several = replace(ROW, quotes=[QUOTE, "It has a card."])
    validate_grader(answer_grader(USUAL, ""), reinforcement_record(several))


def source(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda grader: grader["graders"]["grounded"].update(source=text)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda g: g.update(calculate_output="exact + near"), "names near"),
        (lambda g: g["graders"]["exact"].update(reference="{{ item.solution }}"), "solution"),
        (source("def grade(sample, item):\n    return item['key']"), "reads key"),
        (source("def grade(sample, item)\n    return 1"), "does not compile"),
        (source("def grade(sample):\n    return 1.0"), "no function grade"),
        (source("grade = 1.0"), "no function grade"),
        (source("import os\ndef grade(sample, item):\n    return 1.0"), "imports os"),
        (source("from os import path\ndef grade(sample, item):\n    return 1.0"), "imports os"),
        (source("def grade(sample, item):\n    return 1.0\n" + "#" * 256_000), "256000 bytes"),
    ],
)
def test_a_grader_that_would_not_work_is_refused(
    spoil: Callable[[dict[str, Any]], None], why: str
) -> None:
    grader = copy.deepcopy(answer_grader(USUAL, ""))
    spoil(grader)
    with pytest.raises(JobError, match=why):
        validate_grader(grader, SHOWN)


ALL = Graders(similar=0.5, judged=0.5).weights


def test_every_kind_of_grader_can_be_weighed_in() -> None:
    grader = answer_grader(ALL, "o3-mini-2025-01-31")
    assert (
        grader["calculate_output"]
        == "0.1 * exact + 0.4 * grounded + 0.25 * similar + 0.25 * judged"
    )
    kinds = {name: part["type"] for name, part in grader["graders"].items()}
    assert kinds == {
        "exact": "string_check",
        "grounded": "python",
        "similar": "text_similarity",
        "judged": "score_model",
    }
    assert grader["graders"]["judged"]["model"] == "o3-mini-2025-01-31"
    validate_grader(grader, SHOWN)


@pytest.mark.parametrize("name", ALL)
def test_a_grader_alone_is_no_multi_grader(name: str) -> None:
    grader = answer_grader({name: 0.3}, "gpt-4o-2024-08-06")
    assert grader["type"] != "multi"
    validate_grader(grader, SHOWN)
    check_grader(grader)
    with pytest.raises(JobError, match="which the rows do not have"):
        validate_grader(grader, {"messages": []})
