"""Answers and documents in pieces: nothing is lost, nothing marked that is not there."""

from __future__ import annotations

from shared.raft.highlights import Piece, answer_pieces, source_pieces


def kinds(pieces: list[Piece]) -> list[tuple[str, str]]:
    return [(piece.kind, piece.text) for piece in pieces]


def test_an_answer_has_text_quotes_and_a_final_part() -> None:
    text = "It says ##begin_quote## two pounds ##end_quote##.\n<ANSWER>: two"
    assert kinds(answer_pieces(text)) == [
        ("text", "It says "),
        ("quote", "two pounds"),
        ("text", ".\n"),
        ("answer", ""),
        ("text", " two"),
    ]


def test_half_a_quote_is_shown_as_what_it_is() -> None:
    assert kinds(answer_pieces("##begin_quote##two")) == [
        ("half", "##begin_quote##"),
        ("text", "two"),
    ]
    assert answer_pieces("") == []


def test_quotes_are_found_in_a_document_whatever_the_white_space() -> None:
    text = "The fee is two\n pounds. The fee (2.00) is final."
    pieces = source_pieces(text, ["fee is two pounds", "(2.00)", "not there", " "])
    assert [piece.text for piece in pieces if piece.kind == "quote"] == [
        "fee is two\n pounds",
        "(2.00)",
    ]
    assert "".join(piece.text for piece in pieces) == text


def test_quotes_that_overlap_are_one_mark() -> None:
    pieces = source_pieces("a b c d", ["b c", "a b", "c"])
    assert kinds(pieces) == [("quote", "a b c"), ("text", " d")]
