"""BM25 ranks by the textbook formula, and breaks ties the same way each time."""

from __future__ import annotations

import math
import random

from shared.raft.bm25 import Bm25
from shared.raft.word_table import WordTable
from shared.raft.words import content_words

TEXTS = [
    "The fee of the Beacon account is three pounds.",
    "Branches open at nine.",
    "The Keeper account has a fee, and the fee is high.",
    "Nothing of the kind.",
]


def textbook(texts: list[str], query: str) -> list[float]:
    documents = [content_words(text) for text in texts]
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for words in documents:
        score = 0.0
        for term in set(content_words(query)):
            holding = sum(term in other for other in documents)
            idf = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            times = words.count(term)
            score += idf * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * len(words) / mean))
        scores.append(score)
    return scores


def test_order_is_that_of_the_formula() -> None:
    rng = random.Random(5)
    words = [f"term{chr(97 + n)}x" for n in range(12)]
    texts = [" ".join(rng.choices(words, k=rng.randint(3, 20))) for _ in range(60)]
    index = Bm25(WordTable(texts))
    for _ in range(30):
        query = " ".join(rng.sample(words, 3))
        scores = textbook(texts, query)
        found = index.nearest(query, 10)
        best = sorted(range(60), key=lambda i: (-round(scores[i], 9), i))[:10]
        assert [round(scores[i], 9) for i in found] == [round(scores[i], 9) for i in best]


def test_only_texts_that_share_a_word_are_found() -> None:
    assert Bm25(WordTable(TEXTS)).nearest("account fee", 9) == [2, 0]
    assert Bm25(WordTable(TEXTS)).nearest("mortgage", 9) == []
    assert Bm25(WordTable([])).nearest("fee", 3) == []


def test_equal_texts_come_in_their_order() -> None:
    assert Bm25(WordTable(["same words here"] * 5 + ["other"])).nearest("words", 3) == [0, 1, 2]
