"""Words become numbers and stay the same words."""

from __future__ import annotations

from collections import Counter

from shared.raft.word_table import WordTable
from shared.raft.words import content_words

TEXTS = ["The fee of the fee account", "", "Branches open: branch, account", "of the"]


def test_each_texts_words_and_how_often_they_stand_there() -> None:
    table = WordTable(TEXTS)
    names = {number: word for word, number in table.vocabulary.items()}
    words, times, ends = table.words, table.times, table.ends
    assert len(table) == len(TEXTS) == len(ends) - 1
    for index, text in enumerate(TEXTS):
        span = slice(ends[index], ends[index + 1])
        counted = {names[w]: t for w, t in zip(words[span].tolist(), times[span], strict=True)}
        assert counted == Counter(content_words(text))
        assert table.of(index).tolist() == words[span].tolist()


def test_words_that_no_text_holds_are_not_known() -> None:
    table = WordTable(TEXTS)
    assert table.known(["mortgage"]).tolist() == []
    assert table.known(["fee", "mortgage"]).tolist() == [table.vocabulary["fee"]]


def test_a_table_without_texts() -> None:
    assert WordTable().words.tolist() == []
    assert WordTable().ends.tolist() == [0]


def test_texts_may_be_added_after_it_was_looked_at() -> None:
    table = WordTable(TEXTS[:1])
    before = table.words
    table.add("something new")
    assert len(table) == 2
    assert len(table.words) == len(before) + 2
