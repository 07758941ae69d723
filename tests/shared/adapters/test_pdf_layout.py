"""Paragraphs, tables and headings from where lines stand."""

from __future__ import annotations

from shared.adapters.pdf_layout import Line, lay_out


def page(*rows: str, size: float = 10, top: float = 700, left: float = 50) -> list[Line]:
    """Lines one below the other, each character five points wide; '' leaves a line free."""
    return [
        line(text, top - 12 * number, left=left, size=size)
        for number, text in enumerate(rows)
        if text
    ]


def line(text: str, top: float, left: float = 50, size: float = 10) -> Line:
    gaps = []
    clean, at = "", left
    for word in text.split(" "):
        wide = 0
        while word.startswith("_"):  # ten points of white space
            word, wide = word[1:], wide + 10
        if clean:
            gaps.append((len(clean), at, at + 3 + wide))
            clean += " "
            at += 3 + wide
        clean += word
        at += 5 * len(word)
    return Line(clean, left, at, top - size, top, tuple(gaps))


FULL = "words that fill the line of this column up to its very end so that none would fit"


def test_paragraphs_end_at_gaps_and_at_lines_that_had_room() -> None:
    lines = page(FULL, "and end early.", f"Another is {FULL}.", "", "After a gap it goes on.")
    assert lay_out(lines, mark_larger=True) == (
        f"{FULL}\nand end early.\n\nAnother is {FULL}.\n\nAfter a gap it goes on."
    )


def test_a_paragraph_goes_on_over_a_gap_when_its_sentence_does() -> None:
    lines = [*page(FULL), *page("and so it goes on after the picture.", top=600)]
    assert lay_out(lines, mark_larger=True).count("\n\n") == 0


def test_larger_lines_are_headings_and_two_of_them_one() -> None:
    lines = [
        line("A title that takes", 720, size=20),
        line("two lines", 698, size=20),
        *page(FULL, FULL, FULL, "the end.", top=670),
        line("Fees", 610, size=14),
        *page(FULL, FULL, "the end.", top=590),
    ]
    text = lay_out(lines, mark_larger=True)
    assert text.startswith("# A title that takes two lines\n\nwords")
    assert "\n\n## Fees\n\nwords" in text
    assert "#" not in lay_out(lines, mark_larger=False)


def row(top: float, *cells: str) -> Line:
    """Cells that begin a hundred points one after the other."""
    gaps, at = [], -1
    for number, cell in enumerate(cells[:-1]):
        at += len(cell) + 1
        gaps.append((at, 50 + 100 * number + 5 * len(cell), 150 + 100 * number))
    right = 100 * len(cells) - 50 + 5 * len(cells[-1])
    return Line(" ".join(cells), 50, right, top - 10, top, tuple(gaps))


def test_columns_that_line_up_are_a_table() -> None:
    lines = [
        *page(FULL + "."),
        row(670, "Order", "Zone", "Price"),
        row(655, "Branch", "A|B", "£5.00"),
        row(640, "Telephone", "C", "£9.50"),
        *page(FULL, top=600),
    ]
    assert lay_out(lines, mark_larger=True) == (
        f"{FULL}.\n\n| Order | Zone | Price |\n| --- | --- | --- |\n| Branch | A\\|B | £5.00 |\n"
        f"| Telephone | C | £9.50 |\n\n{FULL}"
    )


def test_prose_with_wide_spaces_labels_and_columns_of_prose_are_no_tables() -> None:
    spaced = page("words ___ spread to fill the line", "and others ___ spread elsewhere in it")
    labels = [row(700, "Order:", "Chiroptera"), row(685, "Family:", "Phyllostomidae")]
    prose = page(f"{FULL} ____ {FULL}", f"{FULL} ____ {FULL}")
    for lines in (spaced, labels, prose):
        assert "|" not in lay_out(lines, mark_larger=True)


def test_a_heading_drawn_last_stands_where_it_stands_on_the_page() -> None:
    first, second = page(FULL, "the end."), page(FULL, "the very end.", top=600)
    late = [line("Early", 720, size=14), line("Middle", 640, size=14)]
    text = lay_out([*first, *second, *reversed(late)], mark_larger=True)
    places = [text.index(word) for word in ("Early", "the end", "Middle", "the very end")]
    assert places == sorted(places)


def test_columns_stay_apart() -> None:
    left = page("left one of them here", "left two of them here", "left three.")
    right = page("right one of them here", "right two of them here", "right three.", left=300)
    text = lay_out([*left, *right], mark_larger=True)
    assert text.index("left three") < text.index("right one") < text.index("right two")


def test_citation_marks_on_lines_of_their_own_part_nothing() -> None:
    lines = page(FULL + ".", "[1]", "The next sentence goes on.")
    assert "\n\n" not in lay_out(lines, mark_larger=True)


def test_no_lines_give_no_text() -> None:
    assert lay_out([], mark_larger=True) == ""
    assert lay_out([line("  ", 700)], mark_larger=True) == ""
