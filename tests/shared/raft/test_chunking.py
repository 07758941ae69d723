"""Chunks hold all text once, never over their size by the real tokenizer, and know their pages."""

from __future__ import annotations

import random
import re
from itertools import pairwise
from statistics import median

import pytest

from shared.adapters.tokenizer import O200kTokenizer
from shared.raft.chunking import chunk_document
from shared.raft.documents import Chunk, Page

count = O200kTokenizer().count

_WORDS = [
    *("bank", "account", "monthly", "fee", "transfer", "customer", "branch", "statement", "card"),
    *("overdraft", "limit", "payment", "interest", "mortgage", "insurance", "working", "days"),
    *("pounds", "annual", "rate", "balance", "notice", "period"),
]
_ODD = (
    "£5",
    "naïve",
    "账户",
    "🙂",
    "x" * 300,
    "http://a.b/c?d=e&f=g",
    "\n\n",
    "    ",
    ".",
    "!",
    "--",
)


def sentence(rng: random.Random) -> str:
    words = [rng.choice(_WORDS) for _ in range(rng.randint(6, 26))]
    return f"{words[0].title()} {' '.join(words[1:])} {rng.randint(1, 9999)}."


def prose(seed: int, sentences: int) -> str:
    rng = random.Random(seed)
    return " ".join(sentence(rng) for _ in range(sentences))


def odd_pages(seed: int) -> list[Page]:
    rng = random.Random(seed)
    ends = (" ", "", " ", ". ", "\n")
    texts = (
        "".join(rng.choice((*_WORDS, *_ODD)) + rng.choice(ends) for _ in range(rng.randint(0, 250)))
        for _ in range(rng.randint(1, 4))
    )
    return [Page(number, text) for number, text in enumerate(texts, start=1)]


def bare(text: str) -> str:
    return "".join(text.split())


def cut(pages: list[Page] | str, size: int = 128, overlap: int = 0) -> list[Chunk]:
    if isinstance(pages, str):
        pages = [Page(1, pages)]
    return chunk_document("bank/guide.pdf", pages, count, size, overlap)


@pytest.mark.parametrize("seed", range(25))
def test_any_text_is_covered_exactly_once_in_order(seed: int) -> None:
    pages = odd_pages(seed)
    chunks = cut(pages, size=64 + seed * 7)
    assert "".join(bare(c.text) for c in chunks) == "".join(bare(p.text) for p in pages)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("overlap", [0, 31])
def test_no_chunk_is_empty_or_over_its_size_whatever_the_text(seed: int, overlap: int) -> None:
    size = 64 + seed * 7
    for chunk in cut(odd_pages(seed), size, overlap):
        assert chunk.text.strip()
        assert chunk.tokens == count(chunk.text) <= size


@pytest.mark.parametrize("size", [128, 256, 512])
def test_median_chunk_of_long_prose_is_within_15_percent_of_the_size(size: int) -> None:
    tokens = [chunk.tokens for chunk in cut(prose(1, 1_200), size)]
    assert len(tokens) > 20
    assert 0.85 * size <= median(tokens) <= size


def test_prose_is_cut_at_sentence_ends_only() -> None:
    assert all(chunk.text.endswith(".") for chunk in cut(prose(2, 200)))


def test_numbers_with_points_are_no_sentence_ends() -> None:
    text = "The rate is 3.75 percent, e.g. for savers. " * 40
    assert all(c.text.startswith("The rate") and c.text.endswith("savers.") for c in cut(text, 64))


def test_words_are_whole_unless_longer_than_a_chunk() -> None:
    words = re.findall(r"\S+", " ".join(f"item{n:05}," for n in range(3_000)))
    chunks = cut(" ".join(words), 100)
    assert [word for chunk in chunks for word in chunk.text.split()] == words


def test_a_word_longer_than_a_chunk_is_cut_and_keeps_every_character() -> None:
    word = "".join(random.Random(3).choices("abcdefghij0123456789", k=3_000))
    chunks = cut(f"Before it. {word} after it.", 64)
    assert bare("".join(c.text for c in chunks)) == f"Beforeit.{word}afterit."
    assert max(c.tokens for c in chunks) <= 64


def test_a_table_without_sentence_ends_leaves_no_tiny_chunk_before_it() -> None:
    table = "\n".join(f"row {n} | fee {n * 7} | limit {n * 13}" for n in range(400))
    chunks = cut(f"Fees at a glance follow.\n\n{table}\n\n{prose(4, 30)}", 256)
    assert min(chunk.tokens for chunk in chunks) >= 64


def test_a_tiny_tail_joins_the_chunk_before_it_or_takes_sentences_from_it() -> None:
    for sentences in range(8, 60):
        chunks = cut(prose(sentences, sentences), 256)
        assert chunks[-1].tokens >= 256 * 0.2, sentences


def test_pages_are_those_whose_text_the_chunk_holds() -> None:
    rng = random.Random(5)
    pages = [
        Page(n, " ".join(sentence(rng).replace(".", f" onpage{n}.") for _ in range(12)))
        for n in range(1, 9)
    ]
    for chunk in cut(pages, 200):
        assert chunk.pages == sorted({int(n) for n in re.findall(r"onpage(\d+)", chunk.text)})


def test_blank_pages_are_in_no_provenance() -> None:
    pages = [Page(1, "One fact stands here."), Page(2, "\n\n \n"), Page(3, "\n\nAnother fact.")]
    assert [chunk.pages for chunk in cut(pages)] == [[1, 3]]


def test_page_joins_do_not_glue_words() -> None:
    (chunk,) = cut([Page(1, "the monthly"), Page(2, "fee is due.")])
    assert chunk.text.split() == ["the", "monthly", "fee", "is", "due."]


@pytest.mark.parametrize("pages", [[], [Page(1, "")], [Page(1, " \n\n "), Page(2, "\t")]])
def test_no_text_gives_no_chunk(pages: list[Page]) -> None:
    assert cut(pages) == []


def test_without_overlap_no_sentence_is_in_two_chunks() -> None:
    sentences = [s for c in cut(prose(6, 150)) for s in c.text.split(". ")]
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("sentences", range(60, 72))
def test_overlap_begins_each_chunk_with_the_end_of_the_one_before(sentences: int) -> None:
    chunks = cut(prose(sentences, sentences), 128, 48)
    assert len(chunks) > 3
    for before, after in pairwise(chunks):
        shared = max(n for n in range(len(after.text)) if before.text.endswith(after.text[:n]))
        assert shared > 0
        assert count(after.text[:shared]) <= 48
        assert shared < len(after.text)


def test_a_last_chunk_is_never_mostly_what_the_overlap_repeats() -> None:
    for sentences in range(20, 60):
        before, last = cut(prose(sentences, sentences), 128, 60)[-2:]
        shared = max(n for n in range(len(last.text)) if before.text.endswith(last.text[:n]))
        assert count(last.text[shared:]) >= 128 * 0.2


def test_ids_number_the_chunks_of_the_document() -> None:
    chunks = cut(prose(7, 60))
    assert [c.id for c in chunks] == [f"bank/guide.pdf#{n}" for n in range(len(chunks))]
    assert {c.document for c in chunks} == {"bank/guide.pdf"}


def test_the_same_pages_give_the_same_chunks() -> None:
    assert cut(odd_pages(8)) == cut(odd_pages(8))
