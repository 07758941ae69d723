"""The dataset card shows every figure, and the same card for the same dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.raft.card import RowFacts, dataset_card
from shared.raft.examples import Row, ShownDocument
from shared.spec import RunSpec


def row(n: int, split: str, oracle: int = 0) -> Row:
    documents = [ShownDocument(f"d#{k}", f"text {k}") for k in range(5)]
    oracles = [oracle] if oracle >= 0 else []
    label = f"reason {n}\n<ANSWER>: {n}"
    return Row(f"r{n}", split, "g", f"Question {n}?", documents, oracles, label, label, str(n), [])


def document(name: str, **facts: Any) -> dict[str, Any]:
    return {"name": name, "pages": 3, "chunks": 0, "problem": "", "pages_without_text": []} | facts


ROWS = [row(n, "train", n % 3 - 1) for n in range(6)] + [row(7, "valid"), row(8, "test")]


def card(rows: list[Row] = ROWS, **changes: Any) -> str:
    facts: dict[str, Any] = {
        "spec": RunSpec().model_dump(),
        "documents": [
            document("bank/a|b.pdf", chunks=34),
            document("bank/scan.pdf", pages_without_text=[1, 3]),
            document("bank/locked.pdf", problem="it needs a password", pages_without_text=[1]),
        ],
        "drops": {"quote_not_verbatim": 7, "no_quote": 2},
        "leakage": {"questions_in_two_splits": 0, "oracle_positions": [3, 4]},
        "chunk_tokens": {100: 1, 480: 1, 512: 1},
        "tokenizer": "o200k_base",
    }
    return dataset_card(RowFacts(rows), **(facts | changes))


def test_rows_by_split_with_oracles_and_documents() -> None:
    assert "| train | 6 | 4 | 5 |" in card()
    assert "| valid | 1 | 1 | 5 |" in card()
    assert "| test | 1 | 1 | 5 |" in card()


def test_documents_with_their_problems_in_one_row_each() -> None:
    assert "| bank/a\\|b.pdf | 3 | 34 |  |" in card()
    assert "| bank/scan.pdf | 3 | 0 | no text on page 1, 3 |" in card()
    assert "| bank/locked.pdf | 3 | 0 | it needs a password |" in card()


def test_chunk_tokens_and_who_counted_them() -> None:
    assert "Chunks: 3, 100 to 512 tokens, median 480 (counted with o200k_base)." in card()


def test_drops_and_leakage() -> None:
    assert "- no_quote: 2\n- quote_not_verbatim: 7\n" in card()
    assert "- questions in two splits: 0\n- oracle positions: [3, 4]\n" in card()


def test_every_field_of_the_spec() -> None:
    text = card()
    for name, value in RunSpec().model_dump().items():
        assert f"\n{name}:" in text
        if not isinstance(value, dict):
            assert f"\n{name}: {value}\n" in text
    assert "\nsplits:\n  train: 0.8\n  valid: 0.1\n  test: 0.1\n" in text


def test_a_few_examples_with_their_whole_label_quoted() -> None:
    assert "**Question 0?**\n\n> reason 0\n> <ANSWER>: 0\n" in card()
    assert card().count("<ANSWER>:") == 3


def test_the_same_dataset_has_the_same_card_whatever_the_order_of_its_drops() -> None:
    assert card() == card(drops={"no_quote": 2, "quote_not_verbatim": 7})


def test_an_empty_dataset_has_a_card() -> None:
    text = card([], documents=[], drops={}, leakage={}, chunk_tokens={})
    assert "| test | 0 | 0 | 0 |" in text
    assert "Nothing." in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_the_kinds_of_questions_by_split() -> None:
    rows = [replace(one, kind="table") if one.split == "test" else one for one in ROWS]
    assert "| factual | 6 | 1 | 0 |\n| table | 0 | 0 | 1 |" in card(rows)


def test_the_median_of_an_even_number_lies_between_two() -> None:
    assert "median 200 (" in card(chunk_tokens={100: 2, 300: 2})
    assert "Chunks: 5, 100 to 300 tokens, median 100 (" in card(chunk_tokens={100: 3, 300: 2})
