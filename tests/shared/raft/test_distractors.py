"""Rows show their oracle in exactly the share p, anywhere, beside documents that hold no answer."""

from __future__ import annotations

import random

import numpy as np
import pytest

from shared.raft.answers import is_verbatim, squash
from shared.raft.distractors import choose_distractors, compose_row, rows_with_oracle
from shared.raft.documents import Chunk
from shared.raft.examples import Example, Row

SEED = 42


def corpus(size: int = 60) -> list[Chunk]:
    """Chunks of which some repeat others' text or state others' facts."""
    chunks = []
    for n in range(size):
        text = f"Fact {n} is that fee {n} costs {n * 3} pounds. It is charged monthly."
        if n % 10 == 9:  # the chunk before, in other white space
            text = chunks[-1].text.replace(" ", "\n ")
        if n % 10 == 8:  # states the fact of the chunk before too
            text += f" Fact {n - 1} is that fee {n - 1} costs {(n - 1) * 3} pounds."
        chunks.append(Chunk(f"bank/{n % 7}.pdf#{n}", text, f"bank/{n % 7}.pdf", [1], 20))
    return chunks


def example(chunk: Chunk, number: int = 0) -> Example:
    quote = chunk.text.split(".")[0].replace("\n", "")
    return Example(f"{chunk.id}/{number}", chunk.id, f"What is {number}?", "why", "so", [quote])


def row(of: Example, pool: list[Chunk], label: str | None = None, count: int = 4) -> Row:
    oracle = next(chunk for chunk in pool if chunk.id == of.chunk)
    chosen = choose_distractors(of, pool, count, SEED)
    return compose_row(of, oracle, chosen, split="train", group=of.chunk, label=label, seed=SEED)


POOL = corpus()


def test_distractors_are_neither_the_oracle_nor_its_copies_nor_hold_a_quote() -> None:
    for oracle in POOL:
        asked = example(oracle)
        chosen = choose_distractors(asked, POOL, 59, SEED)
        assert len(chosen) >= 50
        for chunk in chosen:
            assert squash(chunk.text) != squash(oracle.text)
            assert not any(is_verbatim(quote, chunk.text) for quote in asked.quotes)


def test_no_two_distractors_have_the_same_text() -> None:
    chosen = choose_distractors(example(POOL[0]), POOL, 59, SEED)
    texts = [squash(chunk.text) for chunk in chosen]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("count", [0, 1, 4, 20])
def test_as_many_distractors_as_asked_for(count: int) -> None:
    assert len(choose_distractors(example(POOL[3]), POOL, count, SEED)) == count


def test_a_small_pool_gives_what_it_has() -> None:
    assert choose_distractors(example(POOL[0]), POOL[:3], 4, SEED) != []
    assert len(choose_distractors(example(POOL[0]), POOL[:3], 4, SEED)) == 2
    assert choose_distractors(example(POOL[0]), [], 4, SEED) == []


def test_every_chunk_distracts_about_equally_often() -> None:
    pool = [c for c in corpus(50) if int(c.id.partition("#")[2]) % 10 < 8]
    counts = dict.fromkeys((chunk.id for chunk in pool), 0)
    asked = [example(chunk, number) for chunk in pool for number in range(30)]
    for one in asked:
        for chunk in choose_distractors(one, pool, 4, SEED):
            counts[chunk.id] += 1
    expected = len(asked) * 4 / len(pool)
    observed = np.array(list(counts.values()), dtype=float)
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert statistic < 72.1  # chi-square, 39 degrees of freedom, p = 0.001


def test_a_rows_choice_is_the_same_whatever_other_rows_there_are() -> None:
    one = example(POOL[5], 2)
    alone = row(one, POOL)
    for other in POOL:
        row(example(other), POOL)
    assert row(one, POOL) == alone


def test_questions_of_one_chunk_get_different_distractors() -> None:
    sets = {
        tuple(c.id for c in choose_distractors(example(POOL[1], n), POOL, 4, SEED))
        for n in range(9)
    }
    assert len(sets) == 9


@pytest.mark.parametrize("total", [0, 1, 3, 10, 101, 1_000])
@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_p_is_exact_to_one_row(p: float, total: int) -> None:
    examples = [example(POOL[n % 60], n) for n in range(total)]
    kept = rows_with_oracle(examples, p, SEED)
    assert abs(len(kept) - p * total) < 1
    assert kept <= {one.id for one in examples}


def test_which_rows_keep_the_oracle_does_not_hang_on_their_order() -> None:
    examples = [example(POOL[n % 60], n) for n in range(200)]
    expected = rows_with_oracle(examples, 0.8, SEED)
    random.Random(1).shuffle(examples)
    assert rows_with_oracle(examples, 0.8, SEED) == expected
    assert rows_with_oracle(examples, 0.8, SEED + 1) != expected


def test_oracle_positions_are_uniform() -> None:
    rows = [row(example(chunk, number), POOL) for chunk in POOL[:40] for number in range(40)]
    counts = np.bincount([one.oracle for one in rows], minlength=5)
    expected = len(rows) / 5
    assert len(counts) == 5
    assert ((counts - expected) ** 2 / expected).sum() < 18.47  # 4 degrees, p = 0.001


def test_the_oracle_stands_where_the_row_says() -> None:
    for chunk in POOL:
        shown = row(example(chunk), POOL)
        assert shown.documents[shown.oracle].chunk == chunk.id
        assert sum(document.chunk == chunk.id for document in shown.documents) == 1
        assert shown.label == shown.answer == "why"


def test_a_row_without_oracle_shows_distractors_only_and_has_its_own_label() -> None:
    for chunk in POOL:
        asked = example(chunk)
        hidden = row(asked, POOL, label="it is not there", count=5)
        assert hidden.oracle == -1
        assert len(hidden.documents) == 5
        assert hidden.label == "it is not there"
        assert hidden.answer == "why"
        for document in hidden.documents:
            assert not any(is_verbatim(quote, document.text) for quote in asked.quotes)
