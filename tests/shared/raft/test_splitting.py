"""Splits go by chunk group: no group astride, shares close, the same whatever the order."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from shared.errors import QuorumNotReached
from shared.raft.documents import Chunk
from shared.raft.splitting import (
    SPLITS,
    group_chunks,
    seeded,
    split_groups,
)

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}


def chunk(document: str, ordinal: int, text: str = "") -> Chunk:
    return Chunk(f"{document}#{ordinal}", text or f"{document} {ordinal}", document, [1], 3)


def shares(sizes: dict[str, int], assigned: dict[str, str]) -> dict[str, float]:
    filled: Counter[str] = Counter()
    for group, split in assigned.items():
        filled[split] += sizes[group]
    return {split: filled[split] / sum(sizes.values()) for split in SPLITS}


@pytest.mark.parametrize("seed", range(20))
def test_shares_in_examples_are_within_two_points_on_a_corpus_of_200_groups(seed: int) -> None:
    rng = random.Random(seed)
    sizes = {f"g{n}": rng.randint(1, 5) for n in range(200)}
    for split, share in shares(sizes, split_groups(sizes, SHARES, seed)).items():
        assert share == pytest.approx(SHARES[split], abs=0.02)


@pytest.mark.parametrize("seed", range(20))
def test_other_shares_are_kept_too(seed: int) -> None:
    wanted = {"train": 0.5, "valid": 0.2, "test": 0.3}
    sizes = {f"g{n}": 5 for n in range(100)}
    assert shares(sizes, split_groups(sizes, wanted, seed)) == pytest.approx(wanted, abs=0.02)


def test_every_group_gets_one_split() -> None:
    sizes = {f"g{n}": 3 for n in range(50)}
    assigned = split_groups(sizes, SHARES, 1)
    assert set(assigned) == set(sizes)
    assert set(assigned.values()) <= set(SPLITS)


def test_tiny_corpora_fill_every_split_whatever_their_groups_sizes() -> None:
    rng = random.Random(3)
    for case in range(500):
        sizes = {f"g{n}": rng.choice((1, 1, 2, 5, 20)) for n in range(rng.randint(3, 6))}
        assigned = split_groups(sizes, SHARES, case)
        assert set(assigned.values()) == set(SPLITS), (case, sizes)


def test_in_a_tiny_corpus_train_is_never_smaller_than_test() -> None:
    rng = random.Random(4)
    for case in range(300):
        sizes = {f"g{n}": rng.choice((1, 5, 20)) for n in range(rng.randint(3, 6))}
        filled = shares(sizes, split_groups(sizes, SHARES, case))
        assert filled["train"] >= min(filled["valid"], filled["test"]), (case, sizes)


@pytest.mark.parametrize("groups", [0, 1, 2])
def test_fewer_groups_than_splits_are_refused_in_words(groups: int) -> None:
    with pytest.raises(QuorumNotReached, match="add documents"):
        split_groups({f"g{n}": 5 for n in range(groups)}, SHARES, 1)


def test_the_order_of_groups_changes_nothing() -> None:
    sizes = {f"g{n}": 1 + n % 5 for n in range(60)}
    expected = split_groups(sizes, SHARES, 7)
    for seed in range(10):
        items = list(sizes.items())
        random.Random(seed).shuffle(items)
        assert split_groups(dict(items), SHARES, 7) == expected


def test_another_seed_gives_another_split() -> None:
    sizes = {f"g{n}": 1 for n in range(60)}
    assert split_groups(sizes, SHARES, 1) != split_groups(sizes, SHARES, 2)


def test_each_chunk_is_its_own_group_without_overlap() -> None:
    chunks = [chunk("a", n) for n in range(4)] + [chunk("b", 0)]
    assert group_chunks(chunks, overlap=False) == {c.id: c.id for c in chunks}


def test_chunks_with_the_same_text_are_one_group() -> None:
    chunks = [chunk("a", 0, "Same  text"), chunk("a", 1), chunk("b", 0, "Same\ntext")]
    groups = group_chunks(chunks, overlap=False)
    assert groups["a#0"] == groups["b#0"] != groups["a#1"]


def test_overlapping_neighbours_are_paired_within_their_document() -> None:
    groups = group_chunks(
        [chunk("a", n) for n in range(5)] + [chunk("b", n) for n in range(2)], overlap=True
    )
    assert groups["a#0"] == groups["a#1"]
    assert groups["a#2"] == groups["a#3"]
    assert groups["b#0"] == groups["b#1"]
    assert len(set(groups.values())) == 4


def test_pairs_go_by_the_ordinals_in_the_ids() -> None:
    """A chunk that was left out as a copy does not shift the pairs after it."""
    groups = group_chunks([chunk("a", n) for n in (0, 2, 3, 4)], overlap=True)
    assert groups == {"a#0": "a#0", "a#2": "a#2", "a#3": "a#2", "a#4": "a#4"}


def test_chunks_that_a_question_needs_together_are_one_group() -> None:
    chunks = [chunk("a", n) for n in range(6)]
    groups = group_chunks(chunks, overlap=False, together={"a#2", "a#3"})
    assert groups["a#2"] == groups["a#3"]
    assert len(set(groups.values())) == 5


def test_a_pair_stays_whole_when_one_of_it_is_a_copy() -> None:
    chunks = [chunk("a", 0, "Same"), chunk("b", 0), chunk("b", 1, "Same"), chunk("c", 0)]
    groups = group_chunks(chunks, overlap=False, together={"b#0", "b#1"})
    assert groups["a#0"] == groups["b#0"] == groups["b#1"] != groups["c#0"]


def test_seeded_numbers_hang_on_every_part_and_on_where_parts_end() -> None:
    numbers = {seeded(1, "a", "b"), seeded(2, "a", "b"), seeded(1, "ab"), seeded(1, "b", "a")}
    assert len(numbers) == 4
    assert seeded(42, "split", "x") == seeded(42, "split", "x")


def test_seeded_numbers_are_the_same_in_every_release() -> None:
    assert seeded(42, "split", "bank/guide.pdf#0") == 15_959_588_824_735_742_089
