"""Characters mended, lines joined, words never glued, headings marked, tables continued."""

from __future__ import annotations

import re

import pytest

from shared.raft.documents import Page
from shared.raft.text import (
    between_pages,
    clean_pages,
    continue_tables,
    join_lines,
    mark_headings,
    mend_characters,
)


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("the oﬃce ﬁles ﬂow, ﬀ ﬄ ﬆ", "the office files flow, ff ffl st"),
        ("x² and ½ and m³ and №", "x² and ½ and m³ and №"),
        ("co\xadoperate and inter\xad\n  est", "cooperate and interest"),
        ("a\xa0b\u202fc\u2007d", "a b c d"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("bell\x07 and\x00 null", "bell  and  null"),
        ("one\r\ntwo\rthree\x0cfour", "one\ntwo\nthree\nfour"),
        ("with U\ufffeshaped grooves", "with U-\nshaped grooves"),
    ],
)
def test_characters_are_mended_and_others_left_alone(broken: str, mended: str) -> None:
    assert mend_characters(broken) == mended


def test_lines_of_a_paragraph_are_joined_by_a_space() -> None:
    assert join_lines("the monthly\nfee is\n due.\n\nNext one.") == (
        "the monthly fee is due.\n\nNext one."
    )


def test_lists_headings_tables_labels_and_code_keep_their_lines() -> None:
    text = (
        "# Fees\nThe fees\nare these.\n- one\n  goes on\n- two\n1. first\n2) second\n"
        "| a | b |\n| --- | --- |\n| 1 | 2 |\nOrder: Chiroptera\nFamily: Bats\n"
        "```\nx = 1\ny = 2\n```\nafter\nit"
    )
    assert join_lines(text) == (
        "# Fees\nThe fees are these.\n- one goes on\n- two\n1. first\n2) second\n"
        "| a | b |\n| --- | --- |\n| 1 | 2 |\nOrder: Chiroptera\nFamily: Bats\n"
        "```\nx = 1\ny = 2\n```\nafter it"
    )


# A document whose lines do end in cut words, and has those words whole elsewhere.
CUTS = "interest and information stand whole. The inter-\nest and the infor-\nmation do not. "


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("a long-\nterm loan; long-term it is", "a long-term loan; long-term it is"),
        ("a low-\nenergy diet", "a low-energy diet"),
        ("with U-\nshaped grooves", "with U-shaped grooves"),
        ("short-\nand long-term loans", "short- and long-term loans"),
        ("Smith-\nJones", "Smith-Jones"),
        ("from 1990-\n2000 on", "from 1990- 2000 on"),
        ("customers, or cus-\ntomers", "customers, or customers"),
        (CUTS + "A mort-\ngage.", "A mortgage."),
        (CUTS + "An interest-\nbearing one, bearing interest.", "An interest-bearing one"),
        (CUTS + "A non-\nfoiling board.", "A non-foiling board."),
    ],
)
def test_a_hyphen_at_a_lines_end_goes_only_where_that_is_safe(text: str, joined: str) -> None:
    assert joined in join_lines(text)


def test_no_word_of_the_lines_is_glued_to_another() -> None:
    lines = [f"line {n} ends{n}\nbegins{n} the next" for n in range(50)]
    joined = join_lines("\n".join(lines))
    assert joined.split() == "\n".join(lines).split()


def test_titles_of_the_outline_become_headings_where_they_stand() -> None:
    text = "Guide of all\n1. Fees\nThey rise.\nPayments\nabroad\nThey cost."
    marked = mark_headings(text, [(2, "1 Fees"), (3, "Payments abroad"), (3, "Not here")])
    assert [line for line in marked.split("\n") if line] == [
        *("Guide of all", "## 1. Fees", "They rise.", "### Payments abroad", "They cost."),
    ]


def test_a_title_inside_a_sentence_is_no_heading() -> None:
    text = "Fees rise.\nAbout fees we say nothing."
    assert mark_headings(text, [(1, "Fees"), (1, "Fees rise and")]) == text


def test_titles_are_found_in_order_below_one_another() -> None:
    marked = mark_headings("Notice\nA\nNotice\nB", [(1, "A"), (2, "Notice")])
    assert re.findall(r"#+ \w+", marked) == ["# A", "## Notice"]
    assert marked.startswith("Notice")


HEADER = "| Fee | Price |\n| --- | --- |"


def test_a_table_that_goes_on_shows_its_rows_only() -> None:
    repeated = [
        Page(1, f"Fees.\n\n{HEADER}\n| a | 1 |"),
        Page(2, f"{HEADER}\n| b | 2 |"),
        Page(3, "| c | 3 |\n| --- | --- |\n| d | 4 |\n\nThe end."),
        Page(4, f"{HEADER}\n| e | 5 |"),
    ]
    texts = [page.text for page in continue_tables(repeated)]
    assert texts[1] == "| b | 2 |"
    assert texts[2] == "| c | 3 |\n| d | 4 |\n\nThe end."
    assert texts[3] == f"{HEADER}\n| e | 5 |"


def test_a_new_table_of_other_columns_keeps_its_header() -> None:
    other = "| x | y | z |\n| --- | --- | --- |\n| 1 | 2 | 3 |"
    pages = continue_tables([Page(1, f"{HEADER}\n| a | 1 |"), Page(2, other)])
    assert pages[1].text == other


@pytest.mark.parametrize(
    ("above", "below", "joint"),
    [
        ("and the debit card follows the account that is new", "by post within days.", " "),
        (
            "a bank that stays open on days that are,",
            "Monday to Friday, as the law says it is.",
            " ",
        ),
        ("It ends here.", "Another begins.", "\n\n"),
        ("A short title", "and text", "\n\n"),
        ("a paragraph that is long enough but has no end", "## Title", "\n\n"),
        ("a paragraph that is long enough but has no end", "- item", "\n\n"),
        ("| a | 1 |", "| b | 2 |", "\n"),
    ],
)
def test_pages_part_paragraphs_only_where_they_end(above: str, below: str, joint: str) -> None:
    assert between_pages(above, below) == joint


def test_a_page_keeps_how_it_was_read() -> None:
    pages = [
        Page(n, f"Head\n\nText {'abc'[n]} of\nit {'abc'[n]}.", "pypdf", label="iv")
        for n in range(3)
    ]
    cleaned = clean_pages(pages)
    assert [page.text for page in cleaned] == [
        f"Text {'abc'[n]} of it {'abc'[n]}." for n in range(3)
    ]
    assert {(page.read_by, page.label) for page in cleaned} == {("pypdf", "iv")}
