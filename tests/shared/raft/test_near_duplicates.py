"""Questions that ask the same in other words are found; ones that name other things are kept."""

from __future__ import annotations

import random

from shared.raft.near_duplicates import THRESHOLD, near_duplicates
from shared.raft.words import content_words


def test_other_wording_is_the_same_question_and_the_first_stays() -> None:
    asked = [
        "How much does the Beacon Current Account cost each month in branch fees?",
        "When does the branch in Pellwick open?",
        "How much do the Beacon Current Accounts cost in branch fees each month?",
    ]
    assert near_duplicates(asked) == {2: 0}


def test_another_number_or_name_is_another_question() -> None:
    asked = [
        "What does a transfer of 500 pounds to a foreign bank account cost a private customer?",
        "What does a transfer of 900 pounds to a foreign bank account cost a private customer?",
    ]
    assert near_duplicates(asked) == {}


def test_the_index_finds_what_comparing_all_pairs_finds() -> None:
    rng = random.Random(3)
    words = [f"word{chr(97 + n)}x" for n in range(14)]
    asked = [" ".join(rng.sample(words, rng.randint(4, 9))) + "?" for _ in range(250)]
    expected: dict[int, int] = {}
    for index, question in enumerate(asked):
        own = set(content_words(question))
        for other in range(index):
            seen = set(content_words(asked[other]))
            if other not in expected and len(own & seen) >= THRESHOLD * len(own | seen):
                expected[index] = other
                break
    assert expected
    assert near_duplicates(asked) == expected


def test_questions_without_content_words_are_left_alone() -> None:
    assert near_duplicates(["What is it?", "How is it?", ""]) == {}
