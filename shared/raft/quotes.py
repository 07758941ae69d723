"""Finds which of many quotes stand in which of many texts, one text at a time.

A quote is looked for only in texts that hold the word of it which the fewest quotes share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from shared.raft.answers import squash
from shared.raft.words import content_words, inner_words


class QuoteFinder:
    """Quotes with their owners (rows or examples, by number)."""

    def __init__(self, owned: Iterable[tuple[int, Sequence[str]]]) -> None:
        self._quotes: list[tuple[int, str]] = [
            (owner, squash(quote)) for owner, quotes in owned for quote in quotes
        ]
        often = Counter(word for _, quote in self._quotes for word in set(inner_words(quote)))
        self._by_word: defaultdict[str, list[int]] = defaultdict(list)
        self._anywhere: list[int] = []  # too short to have a word that is surely whole
        for index, (_, quote) in enumerate(self._quotes):
            words = inner_words(quote)
            if words:
                self._by_word[min(words, key=lambda word: (often[word], word))].append(index)
            else:
                self._anywhere.append(index)

    def owners_in(self, text: str) -> set[int]:
        """Owners of which some quote stands in the text, white space aside."""
        text = squash(text)
        words = self._by_word.keys() & set(content_words(text))
        candidates = [index for word in words for index in self._by_word[word]]
        return {
            self._quotes[index][0]
            for index in (*candidates, *self._anywhere)
            if self._quotes[index][1] in text
        }
