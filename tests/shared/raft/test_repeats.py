"""Repeated questions: by form, words and meaning, and only where they may well be the same."""

from __future__ import annotations

import math
import random

import numpy as np

from shared.raft.repeats import Questions, packed
from shared.raft.words import content_words


def asked(*questions: tuple[str, int]) -> Questions:
    made = Questions()
    for question, chunk in questions:
        made.add(question, chunk)
    return made


def apart(count: int) -> list[bool]:
    """Every chunk is of a document of its own."""
    return [False] * count


def at(degrees: float) -> bytes:
    return packed([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def test_the_first_of_a_form_or_wording_stays() -> None:
    questions = asked(
        ("What is the fee of a Beacon account, paid each month?", 0),
        ("Who opens the branch in Pellwick?", 1),
        ("what is  the FEE of a Beacon account, paid each month", 2),
        ("What are the fees of Beacon accounts that are paid each month?", 3),
    )
    assert questions.compare_words(apart(4)) == {2: 0, 3: 0}


def test_only_questions_that_may_be_the_same_are_embedded() -> None:
    questions = asked(
        ("How much does a Beacon account cost?", 0),  # beside the next, on one chunk
        ("Which branches are open late?", 0),
        ("Who signs for a loan?", 2),  # alone
        ("What does a Beacon account cost in all?", 4),  # shares its words with the first
        ("When are cards of 30 pounds sent?", 6),  # on one chunk, with other numbers
        ("When is interest of 40 percent due?", 6),
    )
    assert questions.compare_words(apart(7)) == {}
    assert questions.to_embed() == [0, 1, 3]


def test_neighbours_are_chunks_of_one_document() -> None:
    pair = (("Which branches are open late?", 0), ("Who signs for a loan?", 1))
    for follows, embedded in (([False, True], [0, 1]), ([False, False], [])):
        questions = asked(*pair)
        questions.compare_words(follows)
        assert questions.to_embed() == embedded


def test_meaning_counts_from_the_asked_similarity_on() -> None:
    for degrees, repeats in ((17, {1: 0}), (19, {})):  # the cosine of 18.2 degrees is 0.95
        questions = asked(("Which branches are open late?", 0), ("Where can one go at night?", 0))
        questions.compare_words(apart(1))
        vectors = [at(0), at(degrees)]
        assert questions.compare_meaning(vectors.__getitem__, 0.95) == repeats


def test_what_repeats_a_repeat_only_stays() -> None:
    questions = asked(*((f"Is {word} so?", 0) for word in ("ivy", "oak", "elm", "fir")))
    questions.compare_words(apart(1))
    vectors = [at(0), at(15), at(30), at(31)]
    assert questions.compare_meaning(vectors.__getitem__, 0.95) == {1: 0, 3: 2}


def test_repeats_by_words_are_not_compared_again() -> None:
    questions = asked(("Is the ivy so?", 0), ("Is the ivy so", 0), ("Is the oak so?", 0))
    questions.compare_words(apart(1))
    assert questions.to_embed() == [0, 2]


def test_over_the_run_it_looks_at_what_comparing_all_pairs_finds() -> None:
    rng = random.Random(3)
    words = [f"word{chr(97 + n)}x" for n in range(40)]
    texts = [" ".join(rng.sample(words, rng.randint(4, 9))) + "?" for _ in range(120)]
    questions = asked(*((text, chunk) for chunk, text in enumerate(texts)))
    repeats = questions.compare_words(apart(len(texts)))
    sets = [set(content_words(text)) for text in texts]
    kept = [n for n in range(len(texts)) if n not in repeats]
    alike = {
        n
        for i in kept
        for j in kept
        if i < j and len(sets[i] & sets[j]) >= 0.4 * len(sets[i] | sets[j])
        for n in (i, j)
    }
    assert questions.to_embed() == sorted(alike)
    assert 0 < len(alike) < len(kept)


def test_many_pairs_are_compared_in_blocks_with_the_same_result() -> None:
    rng = np.random.default_rng(5)
    names = [f"n{chr(97 + a)}{chr(97 + b)}" for a in range(26) for b in range(4)]
    vectors = rng.normal(size=(len(names), 3))
    questions = asked(*((f"Is the {name} so?", 0) for name in names))
    questions.compare_words(apart(1))
    found = questions.compare_meaning(lambda n: packed(vectors[n].tolist()), 0.9)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected: dict[int, int] = {}
    for later in range(len(names)):
        near = [e for e in range(later) if e not in expected and unit[later] @ unit[e] >= 0.9]
        if near:
            expected[later] = near[0]
    assert found == expected
    assert expected


def test_no_questions_have_no_repeats() -> None:
    questions = asked()
    assert questions.compare_words([]) == {}
    assert questions.to_embed() == []
    assert questions.compare_meaning(lambda _: b"", 0.95) == {}
