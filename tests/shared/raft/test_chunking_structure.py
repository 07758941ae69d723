"""Chunks by structure and by meaning: coverage, limits, headings, tables, minimum size."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import pairwise

import pytest

from shared.adapters.tokenizer import O200kTokenizer
from shared.raft.chunking import SMALL, chunk_document, chunk_entries, sentences
from shared.raft.documents import Chunk, Page

count = O200kTokenizer().count
HOW = ("tokens", "markdown", "semantic")
WORDS = ("account", "fee", "branch", "card", "transfer", "limit", "rate", "notice", "loan", "saver")


def sentence(rng: random.Random) -> str:
    return f"The {' '.join(rng.choices(WORDS, k=rng.randint(5, 18)))} {rng.randint(1, 9999)}."


def guide(seed: int, sections: int = 14) -> str:
    """A text of headings on three levels, paragraphs, lists and tables."""
    rng = random.Random(seed)
    parts = ["# Guide"]
    for section in range(sections):
        level = "##" if section % 4 == 0 else "###"
        parts.append(f"{level} Section {section}")
        kind = rng.randrange(4)
        if kind == 0:
            rows = [f"| row{section}x{row} | {row * 7} | {sentence(rng)} |" for row in range(9)]
            parts.append(
                "\n".join([f"| Key{section} | Fee | Rule |", "| --- | --- | --- |", *rows])
            )
        elif kind == 1:
            parts.append("\n".join(f"- {sentence(rng)}" for _ in range(rng.randint(2, 9))))
        parts.append(" ".join(sentence(rng) for _ in range(rng.randint(1, 25))))
    return "\n\n".join(parts)


def cut(text: str, how: str, size: int = 128, overlap: int = 0) -> list[Chunk]:
    pages = [Page(1, text)]
    vectors = None
    if how == "semantic":
        texts = sentences(pages, count, size - overlap)
        vectors = [[float(text.count(word)) for word in WORDS] for text in texts]
    return chunk_document("bank/a.md", pages, count, size, overlap, how, vectors)


def is_rule(line: str) -> bool:
    return bool(re.fullmatch(r"\|( --- \|)+", line))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("seed", range(8))
def test_all_text_is_in_the_chunks_in_order_and_only_headers_of_tables_twice(
    how: str, seed: int
) -> None:
    text = guide(seed)
    seen: list[str] = []
    for chunk in cut(text, how, 96 + 40 * seed):
        words = chunk.text.split()
        header = re.match(r"(\| Key.*\|\n\|[ -|]*\|\n)", chunk.text)
        if header and header[1].split("\n")[0] in "\n".join(seen_lines(seen)):
            words = chunk.text[header.end() :].split()
        seen += words
    assert seen == text.split()


def seen_lines(words: list[str]) -> list[str]:
    return [" ".join(words)]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("overlap", [0, 40])
@pytest.mark.parametrize("seed", range(6))
def test_no_chunk_is_over_its_size_or_ends_with_a_heading(
    how: str, overlap: int, seed: int
) -> None:
    size = 100 + 60 * seed
    for chunk in cut(guide(seed), how, size, overlap):
        assert 0 < chunk.tokens == count(chunk.text) <= size
        last = chunk.text.splitlines()[-1]
        assert not last.startswith("#")
        assert not is_rule(last)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("seed", range(8))
def test_rows_of_a_table_stand_under_its_header_in_every_chunk(how: str, seed: int) -> None:
    rows = 0
    for chunk in cut(guide(seed), how, 160):
        header = ""
        for line in chunk.text.splitlines():
            if line.startswith("| Key"):
                header = line
            elif match := re.match(r"\| row(\d+)x", line):
                assert header.startswith(f"| Key{match[1]} "), (chunk.text, line)
                rows += 1
    assert rows == len(re.findall(r"\| row", guide(seed)))


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("seed", range(8))
def test_few_chunks_are_small_and_none_that_fits_with_a_neighbour(how: str, seed: int) -> None:
    size = 256
    tokens = [chunk.tokens for chunk in cut(guide(seed), how, size)]
    for one, other in pairwise(tokens):
        assert min(one, other) >= size * SMALL * 0.9 or one + other > size


@pytest.mark.parametrize("how", HOW)
def test_a_chunk_is_filed_under_the_heading_most_of_it_stands_under(how: str) -> None:
    text = guide(3)
    titles = {"", "Guide"} | {f"Section {n}" for n in range(20)}
    paths = [chunk.heading.split(" > ") for chunk in cut(text, how)]
    assert all(title in titles for path in paths for title in path)
    assert sum(path[0] == "Guide" for path in paths) == len(paths)
    assert sum(len(path) == 3 for path in paths) > len(paths) / 3


def test_markdown_keeps_short_sections_whole_and_siblings_together() -> None:
    body = "This section tells of its own subject in one sentence. "
    text = (
        f"# Bank\n\n## A\n\n{body * 6}\n\n## B\n\n### B1\n\n{body * 2}\n\n### B2\n\n{body * 2}"
        f"\n\n## C\n\n{body * 7}"
    )
    chunks = cut(text, "markdown", 100)
    assert [re.findall(r"^#+ (\w+)", chunk.text, re.MULTILINE) for chunk in chunks] == [
        ["Bank", "A"],
        ["B", "B1", "B2"],
        ["C"],
    ]
    assert [chunk.heading for chunk in chunks] == ["Bank > A", "Bank > B", "Bank > C"]


def test_markdown_cuts_a_long_section_evenly_at_sentences() -> None:
    rng = random.Random(1)
    text = "## One\n\n" + " ".join(sentence(rng) for _ in range(60))
    chunks = cut(text, "markdown", 256)
    tokens = [chunk.tokens for chunk in chunks]
    assert max(tokens) - min(tokens) < 80
    assert all(chunk.text.endswith(".") and chunk.heading == "One" for chunk in chunks)


def test_a_tiny_section_joins_its_neighbour_under_another_heading() -> None:
    rng = random.Random(2)
    long = " ".join(sentence(rng) for _ in range(6))
    chunks = cut(f"## A\n\n{long}\n\n## B\n\nTiny.\n\n## C\n\n{long}", "markdown", 256)
    assert min(chunk.tokens for chunk in chunks) >= 256 * SMALL * 0.9


def test_overlap_repeats_sentences_of_the_same_section_only() -> None:
    rng = random.Random(4)
    bodies = [" ".join(sentence(rng) for _ in range(30)) for _ in range(3)]
    text = "\n\n".join(f"## {name}\n\n{body}" for name, body in zip("ABC", bodies, strict=True))
    chunks = cut(text, "markdown", 160, 50)
    for before, after in pairwise(chunks):
        shared = max(n for n in range(len(after.text)) if before.text.endswith(after.text[:n]))
        assert bool(shared) == (before.heading == after.heading)
        assert count(after.text[:shared]) <= 50


def test_semantic_cuts_where_the_subject_changes() -> None:
    rng = random.Random(6)
    subjects = []
    for word in ("loan", "card", "saver", "branch", "rate"):
        subjects.append(
            " ".join(f"The {word} {word} {rng.randint(1, 99)} is so." for _ in range(12))
        )
    chunks = cut(" ".join(subjects), "semantic", 160)
    pure = [chunk for chunk in chunks if len(set(re.findall(r"The (\w+)", chunk.text))) == 1]
    assert len(pure) == len(chunks) == 5


def test_semantic_wants_one_vector_for_each_sentence() -> None:
    pages = [Page(1, "One. Two. Three.")]
    with pytest.raises(ValueError, match="vector"):
        chunk_document("a", pages, count, 64, 0, "semantic", [[1.0]])


@pytest.mark.parametrize("how", HOW)
def test_vectors_of_zeros_and_texts_without_sentences_do_no_harm(how: str) -> None:
    pages = [Page(1, "x" * 4_000)]
    vectors = [[0.0, 0.0]] * len(sentences(pages, count, 64))
    chunks = chunk_document("a", pages, count, 64, 0, how, vectors)
    assert "".join(chunk.text for chunk in chunks) == "x" * 4_000
    assert chunk_document("a", [Page(1, " \n")], count, 64, 0, how, []) == []


def test_a_sentence_over_two_pages_is_not_parted_and_knows_both() -> None:
    pages = [
        Page(1, "The first one stands here alone. The debit card follows the new account"),
        Page(2, "by post within five days. The third one ends it."),
    ]
    texts = sentences(pages, count, 64)
    assert texts[1] == "The debit card follows the new account by post within five days."
    (chunk,) = chunk_document("a", pages, count, 64)
    assert chunk.pages == [1, 2]


def test_a_heading_with_a_long_header_of_a_table_still_fits() -> None:
    header = "| " + " | ".join(f"column number {n}" for n in range(40)) + " |"
    rule = "|" + " --- |" * 40
    row = "| " + " | ".join("x" for _ in range(40)) + " |"
    chunks = cut("\n".join(["# T", "", header, rule, *[row] * 6]), "markdown", 128)
    assert all(chunk.tokens <= 128 for chunk in chunks)


def test_an_endpoint_is_one_chunk_whatever_its_size() -> None:
    pages = [
        Page(1, "api_name: small", headings=[(1, "small")]),
        Page(2, ""),
        Page(3, "api_name: big\n" + "word and word. " * 1_500, headings=[(1, "big")]),
    ]
    chunks = chunk_entries("bank/api.json", pages, count)
    assert [(chunk.pages, chunk.heading) for chunk in chunks] == [([1], "small"), ([3], "big")]
    assert [chunk.id for chunk in chunks] == ["bank/api.json#0", "bank/api.json#1"]


def test_a_giant_endpoint_is_cut() -> None:
    pages = [Page(1, "Sentence number one of it. " * 3_000, headings=[(1, "big")])]
    chunks = chunk_entries("a.json", pages, count)
    assert len(chunks) > 1
    assert all(chunk.tokens <= 8_000 and chunk.heading == "big" for chunk in chunks)


def test_fenced_code_is_kept_whole_where_it_fits() -> None:
    code = "```python\n# no heading\nx = 1. + 2\n\n| not | a table |\n```"
    chunks = cut(f"# T\n\nBefore it. {'More words. ' * 30}\n\n{code}\n\nAfter it.", "tokens", 64)
    assert sum(code in chunk.text for chunk in chunks) == 1
    assert Counter(chunk.heading for chunk in chunks) == {"T": len(chunks)}
