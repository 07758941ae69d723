"""BM25 over short texts, as an inverted index in numpy: finds confusable passages, no model.

Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", with k1 = 1.2, b = 0.75.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from shared.raft.words import content_words

_K1 = 1.2
_B = 0.75


class Bm25:
    """An index over texts; immutable once built."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(content_words(text)) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=float)
        mean = float(lengths.mean()) if len(lengths) and lengths.any() else 1.0
        norms = _K1 * (1 - _B + _B * lengths / mean)
        postings: dict[str, tuple[list[int], list[int]]] = {}
        for index, count in enumerate(counts):
            for word, times in count.items():
                where, often = postings.setdefault(word, ([], []))
                where.append(index)
                often.append(times)
        self._size = len(texts)
        self._weights: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, (where, often) in postings.items():
            rows, times_in = np.array(where), np.array(often, dtype=float)
            idf = np.log(1 + (self._size - len(where) + 0.5) / (len(where) + 0.5))
            self._weights[word] = rows, idf * times_in * (_K1 + 1) / (times_in + norms[rows])

    def nearest(self, query: str, count: int) -> list[int]:
        """Indexes of the `count` best texts that share a word with the query, best first.

        Equal scores are ordered by index.
        """
        scores = np.zeros(self._size)
        for word in sorted(set(content_words(query))):
            if word in self._weights:
                rows, weights = self._weights[word]
                scores[rows] += weights
        count = min(count, int((scores > 0).sum()))
        if count == 0:
            return []
        best = np.argpartition(-scores, count - 1)[:count]
        worst = scores[best].min()
        tied = np.flatnonzero(scores >= worst)  # argpartition breaks ties at random
        order = sorted(tied.tolist(), key=lambda index: (-scores[index], index))
        return order[:count]
