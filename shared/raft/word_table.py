"""Words of many texts as numbers in flat arrays: some six bytes a word, whatever the texts are.

The compressed sparse row form: the words of text `i` are those from `ends[i]` up to `ends[i + 1]`.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from shared.raft.words import content_words

_MOST_TIMES = 2**16 - 1


class WordTable:
    """Which content words each text holds, each once, and how often; texts are only added."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.vocabulary: dict[str, int] = {}
        self._words = array("i")
        self._times = array("H")
        self._ends = array("q", [0])
        for text in texts:
            self.add(text)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, text: str) -> None:
        """Add one text."""
        known = self.vocabulary
        for word, times in Counter(content_words(text)).items():
            self._words.append(known.setdefault(word, len(known)))
            self._times.append(min(times, _MOST_TIMES))
        self._ends.append(len(self._words))

    def known(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Numbers of those words that some text holds."""
        numbers = (self.vocabulary.get(word) for word in words)
        return np.array([number for number in numbers if number is not None], np.int32)

    def of(self, index: int) -> NDArray[np.int32]:
        """Numbers of the words of one text."""
        return np.array(self._words[self._ends[index] : self._ends[index + 1]], np.int32)

    @property
    def words(self) -> NDArray[np.int32]:
        """Numbers of all texts' words, text after text."""
        return np.array(self._words, np.int32)

    @property
    def times(self) -> NDArray[np.uint16]:
        """How often each of `words` stands in its text."""
        return np.array(self._times, np.uint16)

    @property
    def ends(self) -> NDArray[np.int64]:
        """Where each text's words begin and, one further, end."""
        return np.array(self._ends, np.int64)
