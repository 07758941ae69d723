"""BM25 over short texts, as an inverted index in numpy: finds confusable passages, no model.

Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework", with k1 = 1.2, b = 0.75.
The index holds counts, six bytes for each word of a text; weights are computed as they are asked.
"""

from __future__ import annotations

import numpy as np

from shared.raft.word_table import WordTable
from shared.raft.words import content_words

_K1 = 1.2
_B = 0.75


class Bm25:
    """An index over the texts of a table, as they are when it is made."""

    def __init__(self, table: WordTable) -> None:
        words, ends = table.words, table.ends
        self._size = len(table)
        self._vocabulary = table.vocabulary
        texts = np.repeat(np.arange(self._size, dtype=np.int32), np.diff(ends))
        lengths = np.bincount(texts, weights=table.times, minlength=self._size)
        mean = float(lengths.mean()) if lengths.any() else 1.0
        self._norms = _K1 * (1 - _B + _B * lengths / mean)
        by_word = np.argsort(words, kind="stable")
        self._texts = texts[by_word]
        self._times = table.times[by_word]
        held = np.bincount(words, minlength=len(self._vocabulary))
        self._starts = np.concatenate(([0], np.cumsum(held))).tolist()

    def nearest(self, query: str, count: int) -> list[int]:
        """Indexes of the `count` best texts that share a word with the query, best first.

        Equal scores are ordered by index.
        """
        scores = np.zeros(self._size)
        for word in sorted(set(content_words(query))):
            number = self._vocabulary.get(word, len(self._starts))
            if number + 1 < len(self._starts):
                span = slice(self._starts[number], self._starts[number + 1])
                texts, times = self._texts[span], self._times[span].astype(float)
                idf = np.log(1 + (self._size - len(texts) + 0.5) / (len(texts) + 0.5))
                scores[texts] += idf * times * (_K1 + 1) / (times + self._norms[texts])
        sharing = np.flatnonzero(scores)
        count = min(count, len(sharing))
        if count == 0:
            return []
        reached = scores[sharing]
        worst = np.partition(reached, len(reached) - count)[-count]
        best = sharing[reached >= worst]  # with all that tie, which the order by index decides
        order: list[int] = best[np.lexsort((best, -scores[best]))][:count].tolist()
        return order
