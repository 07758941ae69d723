"""Overlap of two word sequences: ROUGE-L and sentence BLEU, each in 0…1.

ROUGE-L is the F1 of the longest common subsequence (Lin 2004). BLEU is sacrebleu's for one
sentence (Post 2018): clipped n-gram precisions up to four words or the answer's length, an empty
one smoothed by halves ("exp"), and the brevity penalty.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

_LONGEST = 4


def rouge_l(answer: Sequence[str], reference: Sequence[str]) -> float:
    """1 when both are empty, 0 when one is."""
    if not answer or not reference:
        return float(not answer and not reference)
    return 2 * _common_subsequence(answer, reference) / (len(answer) + len(reference))


def bleu(answer: Sequence[str], reference: Sequence[str]) -> float:
    """1 when both are empty, 0 when no word is common."""
    if not answer or not reference:
        return float(not answer and not reference)
    logs, smooth = 0.0, 1.0
    order = min(_LONGEST, len(answer))
    for size in range(1, order + 1):
        ours, theirs = _ngrams(answer, size), _ngrams(reference, size)
        matches = (ours & theirs).total()
        if not matches:
            if size == 1:
                return 0.0
            smooth *= 2
        logs += math.log((matches or 1 / smooth) / ours.total())
    brevity = min(0.0, 1 - len(reference) / len(answer))
    return math.exp(brevity + logs / order)


def _common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        diagonal = 0
        for place, against in enumerate(other, 1):
            above = row[place]
            row[place] = diagonal + 1 if word == against else max(above, row[place - 1])
            diagonal = above
    return row[-1]


def _ngrams(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
