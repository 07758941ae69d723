"""ROUGE-L and BLEU by hand, and against computations of another kind."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations
from math import exp, prod

import pytest

from shared.raft.overlap import bleu, rouge_l


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("police kill gunman", "police killed gunman", 2 * 2 / 6),  # Lin's example, 2 of 3
        ("gunman kill police", "police kill gunman", 2 * 1 / 6),
        ("a b c", "a b c", 1.0),
        ("a", "b", 0.0),
        ("", "b", 0.0),
        ("b", "", 0.0),
        ("", "", 1.0),
    ],
)
def test_rouge_l_by_hand(answer: str, reference: str, expected: float) -> None:
    assert rouge_l(words(answer), words(reference)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("a b c d e", "a b c d e", 1.0),
        ("a b", "a b", 1.0),  # no order over its length
        ("a b", "a b c d", exp(1 - 4 / 2)),  # all of it right, half as long
        ("a x", "a b", (1 / 2 * 1 / 2) ** 0.5),  # no bigram: half of one counts
        ("the the the", "the cat", (1 / 3 * (1 / 2) / 2 * (1 / 4) / 1) ** (1 / 3)),  # clipped
        ("a", "b", 0.0),
        ("", "b", 0.0),
        ("b", "", 0.0),
        ("", "", 1.0),
    ],
)
def test_bleu_by_hand(answer: str, reference: str, expected: float) -> None:
    assert bleu(words(answer), words(reference)) == pytest.approx(expected)


def subsequences(sequence: list[str]) -> set[tuple[str, ...]]:
    """All of them, of any length."""
    sizes = range(len(sequence) + 1)
    return {each for size in sizes for each in combinations(sequence, size)}


def precision(answer: list[str], reference: list[str], size: int) -> Fraction:
    """Clipped: each n-gram of the reference is struck out as it is matched."""
    left = list(zip(*(reference[at:] for at in range(size)), strict=False))
    ours = list(zip(*(answer[at:] for at in range(size)), strict=False))
    hits = 0
    for gram in ours:
        if gram in left:
            left.remove(gram)
            hits += 1
    return Fraction(hits, len(ours))


def bleu_again(answer: list[str], reference: list[str]) -> float:
    order = min(4, len(answer))
    shares = [precision(answer, reference, size) for size in range(1, order + 1)]
    if not shares[0]:
        return 0.0
    halvings = 0
    for at, share in enumerate(shares):
        if not share:
            halvings += 1
            shares[at] = Fraction(1, 2**halvings * (len(answer) - at))
    brevity = 1.0 if len(answer) > len(reference) else exp(1 - len(reference) / len(answer))
    return float(brevity * prod(map(float, shares)) ** (1 / order))


def test_both_equal_an_independent_computation() -> None:
    rng = random.Random(2)
    for _ in range(300):
        one, other = ([rng.choice("xyz") for _ in range(rng.randint(1, 7))] for _ in range(2))
        longest = max(map(len, subsequences(one) & subsequences(other)))
        recall, right = longest / len(other), longest / len(one)
        f1 = 2 * right * recall / (right + recall) if longest else 0.0
        assert rouge_l(one, other) == pytest.approx(f1)
        assert bleu(one, other) == pytest.approx(bleu_again(one, other))
