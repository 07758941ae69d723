"""Quotes are found in every text that holds them: no fewer than by searching each text for each."""

from __future__ import annotations

import random

from shared.raft.answers import is_verbatim
from shared.raft.quotes import QuoteFinder

TEXT = "The Beacon account costs 3 pounds a month. It's charged on the 1st, or the next day."


def test_quotes_are_found_wherever_they_begin_and_end() -> None:
    rng = random.Random(2)
    for _ in range(300):
        start = rng.randrange(len(TEXT) - 1)
        quote = TEXT[start : rng.randrange(start + 1, len(TEXT) + 1)]
        expected = {7} if is_verbatim(quote, TEXT) else set()
        assert QuoteFinder([(7, [quote])]).owners_in(TEXT) == expected == {7}


def test_white_space_is_no_difference() -> None:
    finder = QuoteFinder([(1, ["costs  3\npounds a month"])])
    assert finder.owners_in(TEXT.replace(" ", "\n\t")) == {1}


def test_it_finds_what_searching_every_text_for_every_quote_finds() -> None:
    rng = random.Random(3)
    words = [f"word{chr(97 + n)}" for n in range(9)]
    texts = [" ".join(rng.choices(words, k=30)) for _ in range(40)]
    owned = [(n, [" ".join(rng.choices(words, k=rng.randint(1, 5)))]) for n in range(60)]
    finder = QuoteFinder(owned)
    found = [finder.owners_in(text) for text in texts]
    assert found == [{n for n, (quote,) in owned if quote in text} for text in texts]
    assert 0 < sum(map(len, found)) < len(texts) * len(owned)


def test_one_quote_of_several_is_enough_and_none_finds_nothing() -> None:
    finder = QuoteFinder([(1, ["not said at all", "3 pounds a month"]), (2, []), (3, ["a b c d"])])
    assert finder.owners_in(TEXT) == {1}
    assert QuoteFinder([]).owners_in(TEXT) == set()
