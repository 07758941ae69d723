"""Rows show their oracle in exactly the share p, anywhere, beside documents that hold no answer."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from shared.raft.answers import is_verbatim, squash
from shared.raft.distractors import (
    DistractorPool,
    choose_distractors,
    distractor_count,
)
from shared.raft.documents import Chunk
from shared.raft.examples import Choice, Example, Row
from shared.raft.rows import compose_row, rows_with_oracle, shown_document

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


def choose(of: Example, pool: list[Chunk], count: int, choice: str = "random") -> list[Chunk]:
    oracle = next(chunk for chunk in POOL if chunk.id == of.chunk)
    return choose_distractors(of, [oracle], DistractorPool(pool), count, SEED, choice)


def row(of: Example, pool: list[Chunk], label: str | None = None, count: int = 4) -> Row:
    oracle = next(chunk for chunk in pool if chunk.id == of.chunk)
    chosen = [shown_document(chunk) for chunk in choose(of, pool, count)]
    choice = Choice(of, "train", of.chunk, [shown_document(oracle)], chosen)
    return compose_row(choice, chosen, label=label, seed=SEED)


POOL = corpus()


def test_distractors_are_neither_the_oracle_nor_its_copies_nor_hold_a_quote() -> None:
    for oracle in POOL:
        asked = example(oracle)
        chosen = choose(asked, POOL, 59)
        assert len(chosen) >= 50
        for chunk in chosen:
            assert squash(chunk.text) != squash(oracle.text)
            assert not any(is_verbatim(quote, chunk.text) for quote in asked.quotes)


def test_no_two_distractors_have_the_same_text() -> None:
    chosen = choose(example(POOL[0]), POOL, 59)
    texts = [squash(chunk.text) for chunk in chosen]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("count", [0, 1, 4, 20])
def test_as_many_distractors_as_asked_for(count: int) -> None:
    assert len(choose(example(POOL[3]), POOL, count)) == count


def test_a_small_pool_gives_what_it_has() -> None:
    assert choose(example(POOL[0]), POOL[:3], 4) != []
    assert len(choose(example(POOL[0]), POOL[:3], 4)) == 2
    assert choose(example(POOL[0]), [], 4) == []


def test_every_chunk_distracts_about_equally_often() -> None:
    pool = [c for c in corpus(50) if int(c.id.partition("#")[2]) % 10 < 8]
    counts = dict.fromkeys((chunk.id for chunk in pool), 0)
    asked = [example(chunk, number) for chunk in pool for number in range(30)]
    for one in asked:
        for chunk in choose(one, pool, 4):
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
    sets = {tuple(c.id for c in choose(example(POOL[1], n), POOL, 4)) for n in range(9)}
    assert len(sets) == 9


@pytest.mark.parametrize("total", [0, 1, 3, 10, 101, 1_000])
@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_p_is_exact_to_one_row(p: float, total: int) -> None:
    examples = [example(POOL[n % 60], n) for n in range(total)]
    kept = rows_with_oracle([one.id for one in examples], p, SEED)
    assert abs(len(kept) - p * total) < 1
    assert kept <= {one.id for one in examples}


def test_which_rows_keep_the_oracle_does_not_hang_on_their_order() -> None:
    ids = [example(POOL[n % 60], n).id for n in range(200)]
    expected = rows_with_oracle(ids, 0.8, SEED)
    random.Random(1).shuffle(ids)
    assert rows_with_oracle(ids, 0.8, SEED) == expected
    assert rows_with_oracle(ids, 0.8, SEED + 1) != expected


def test_oracle_positions_are_uniform() -> None:
    rows = [row(example(chunk, number), POOL) for chunk in POOL[:40] for number in range(40)]
    counts = np.bincount([one.oracles[0] for one in rows], minlength=5)
    expected = len(rows) / 5
    assert len(counts) == 5
    assert ((counts - expected) ** 2 / expected).sum() < 18.47  # 4 degrees, p = 0.001


def test_the_oracle_stands_where_the_row_says() -> None:
    for chunk in POOL:
        shown = row(example(chunk), POOL)
        assert [shown.documents[place].chunk for place in shown.oracles] == [chunk.id]
        assert sum(document.chunk == chunk.id for document in shown.documents) == 1
        assert shown.label == shown.answer == "why"


def test_a_row_without_oracle_shows_distractors_only_and_has_its_own_label() -> None:
    for chunk in POOL:
        asked = example(chunk)
        hidden = row(asked, POOL, label="it is not there", count=5)
        assert hidden.oracles == []
        assert len(hidden.documents) == 5
        assert hidden.label == "it is not there"
        assert hidden.answer == "why"
        for document in hidden.documents:
            assert not any(is_verbatim(quote, document.text) for quote in asked.quotes)


BANK = [
    Chunk("b#0", "The Beacon account costs 3 pounds a month.", "b", [1], 9),
    Chunk("b#1", "The Keeper account costs 18 pounds a month.", "b", [1], 9),
    Chunk("b#2", "Fees of the Beacon account: it costs 3 pounds, the app says.", "b", [1], 9),
    Chunk("b#3", "Branches open at nine on weekdays and at ten on Saturdays.", "b", [1], 9),
    Chunk("b#4", "A lost card is blocked by telephone at any hour.", "b", [1], 9),
    Chunk("b#5", "The  Beacon account\ncosts 3 pounds a month.", "b", [2], 9),
]
ASKED = Example(
    "b#0/0",
    "b#0",
    "How much does the Beacon account cost?",
    "why",
    "3 pounds",
    ["The Beacon account costs 3 pounds a month."],
)


def nearest(count: int, choice: str) -> list[str]:
    chosen = choose_distractors(ASKED, BANK[:1], DistractorPool(BANK), count, SEED, choice)
    return [chunk.id for chunk in chosen]


def test_hard_distractors_are_the_confusable_ones_that_do_not_hold_the_answer() -> None:
    assert nearest(1, "hard") == ["b#1"]


def test_no_kind_of_choice_takes_a_chunk_that_answers_the_question() -> None:
    for choice in ("random", "hard", "mixed"):
        assert set(nearest(9, choice)) == {"b#1", "b#3", "b#4"}  # not the copy, not the paraphrase


def test_mixed_takes_a_hard_one_first() -> None:
    assert nearest(2, "mixed")[0] == "b#1"
    assert len(nearest(2, "mixed")) == 2


def test_the_number_of_distractors_varies_within_its_bounds() -> None:
    counts = [distractor_count(f"row {n}", 6, 2, SEED) for n in range(300)]
    assert set(counts) == {2, 3, 4, 5, 6}
    assert {distractor_count(f"row {n}", 4, None, SEED) for n in range(50)} == {4}


def test_what_comes_extra_leaves_the_first_as_they_are() -> None:
    pool = DistractorPool(POOL)
    for choice in ("random", "hard", "mixed"):
        for chunk in POOL[:20]:
            asked = example(chunk)
            few = choose_distractors(asked, [chunk], pool, 4, SEED, choice)
            more = choose_distractors(asked, [chunk], pool, 4, SEED, choice, extra=(1, 3))
            assert len(few) == 4
            assert more[:4] == few
            assert len({squash(one.text) for one in more}) == 8
            assert not any(is_verbatim(q, one.text) for q in asked.quotes for one in more)


def test_each_lot_begins_with_hard_ones() -> None:
    asked = Example("b#0/0", "b#0", "Who opens branches of the Keeper?", "why", "no one", [])
    ranked = DistractorPool(BANK[1:]).nearest(asked.question, 2)
    lots = choose_distractors(asked, BANK[:1], DistractorPool(BANK[1:]), 1, 1, "mixed", (1, 1))
    assert [chunk.id for chunk in lots[:2]] == [BANK[1:][index].id for index in ranked]


def test_neither_oracle_of_a_question_on_two_chunks_distracts() -> None:
    asked = Example("b#0/0", "b#0", "Which opens?", "why", "so", [BANK[3].text], "multi_hop", "b#3")
    chosen = choose_distractors(asked, [BANK[0], BANK[3]], DistractorPool(BANK), 9, SEED)
    assert {chunk.id for chunk in chosen} == {"b#1", "b#2", "b#4"}  # b#5 has the text of b#0


class Watched(list[Chunk]):
    """Chunks that count how often one is asked for by its place."""

    asked = 0

    def __getitem__(self, index: Any) -> Any:
        self.asked += 1
        return super().__getitem__(index)


def test_few_texts_are_read_for_a_choice() -> None:
    chunks = Watched(corpus(400))
    pool = DistractorPool(chunks)
    assert chunks.asked == 0
    choose_distractors(example(chunks[0]), chunks[:1], pool, 4, SEED, "mixed", (1, 3))
    assert chunks.asked < 20
