"""Stemmed BM25 over a handful of short texts, as the baseline and the feature maker use it."""

import math
from collections import Counter
from collections.abc import Sequence

K1, B = 1.2, 0.75


def inverse_frequencies(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    """Inverse document frequency of every stem in these texts."""
    seen: Counter[str] = Counter()
    for text in texts:
        seen.update(set(text))
    total = len(texts)
    return {
        term: math.log(1 + (total - count + 0.5) / (count + 0.5)) for term, count in seen.items()
    }


def bm25_scores(query: Sequence[str], texts: Sequence[Sequence[str]]) -> list[float]:
    """BM25 of each text for the query; all are lists of content stems."""
    if not texts:
        return []
    idf = inverse_frequencies(texts)
    mean = sum(map(len, texts)) / len(texts) or 1.0
    terms = set(query)
    scores = []
    for text in texts:
        counts = Counter(text)
        norm = K1 * (1 - B + B * len(text) / mean)
        scores.append(
            sum(
                idf[term] * counts[term] * (K1 + 1) / (counts[term] + norm)
                for term in terms
                if term in counts
            )
        )
    return scores
