"""Finds questions that ask the same thing in other words, over a whole run.

Two questions are near duplicates when their content words overlap by a Jaccard index of at least
0.8 and they name the same numbers. The prefix filter (Chaudhuri et al. 2006) compares only
questions that share one of their rarest words, so the work stays near linear.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

from shared.raft.words import content_words

THRESHOLD = 0.8


def near_duplicates(questions: Sequence[str], threshold: float = THRESHOLD) -> dict[int, int]:
    """Index of each repeated question → index of the earlier one that it repeats.

    The first of its kind is never in the result; earlier repeats are not compared with.
    """
    words = [frozenset(content_words(question)) for question in questions]
    often = Counter(word for own in words for word in own)
    by_rare_word: defaultdict[str, list[int]] = defaultdict(list)
    repeats: dict[int, int] = {}
    for index, own in enumerate(words):
        prefix = _prefix(own, often, threshold)
        candidates = sorted({other for word in prefix for other in by_rare_word[word]})
        earlier = next((o for o in candidates if _alike(own, words[o], threshold)), None)
        if earlier is not None:
            repeats[index] = earlier
            continue
        for word in prefix:
            by_rare_word[word].append(index)
    return repeats


def _prefix(words: frozenset[str], often: Counter[str], threshold: float) -> list[str]:
    """The rarest words, of which two sets over the threshold must share at least one."""
    size = len(words) - math.ceil(threshold * len(words)) + 1
    return sorted(words, key=lambda word: (often[word], word))[:size]


def _alike(first: frozenset[str], second: frozenset[str], threshold: float) -> bool:
    if not first or len(first & second) < threshold * len(first | second):
        return False
    return _numbers(first) == _numbers(second)


def _numbers(words: frozenset[str]) -> set[str]:
    return {word for word in words if any(character.isdigit() for character in word)}
