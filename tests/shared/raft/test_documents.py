"""Running heads and page numbers go; every line of the body stays."""

from __future__ import annotations

import pytest

from shared.errors import DocumentError
from shared.raft.documents import Page, doctype_of, drop_running_lines


def book(
    pages: int, *, head: str = "Meadow Bank guide", foot: str = "Page {n} of {of}"
) -> list[Page]:
    return [
        Page(
            n,
            "\n".join(
                [
                    head,
                    f"Heading {chr(64 + n)}",
                    *(f"Body {chr(64 + n)} line {k}" for k in range(6)),
                    foot.format(n=n, of=pages),
                ]
            ),
        )
        for n in range(1, pages + 1)
    ]


def test_heads_and_page_numbers_are_dropped_and_body_lines_kept() -> None:
    for page in drop_running_lines(book(5)):
        lines = page.text.splitlines()
        letter = chr(64 + page.number)
        assert lines == [f"Heading {letter}", *(f"Body {letter} line {k}" for k in range(6))]


def test_page_numbers_alone_are_dropped() -> None:
    assert all(
        not page.text.splitlines()[-1].isdigit() for page in drop_running_lines(book(4, foot="{n}"))
    )


def test_a_line_repeated_inside_the_body_is_kept() -> None:
    pages = [Page(n, f"a{n}x\nb{n}y\nNote well.\nc\nd") for n in "123456" for n in [int(n)]]
    assert all("Note well." in page.text for page in drop_running_lines(pages))


def test_a_line_on_half_of_the_pages_is_kept() -> None:
    pages = [
        Page(n, f"{'Same head' if n % 2 else 'Head ' + 'abcd'[n // 2]}\nbody") for n in range(4)
    ]
    assert sum("Same head" in page.text for page in drop_running_lines(pages)) == 2


def test_two_pages_are_too_few_to_tell() -> None:
    assert drop_running_lines(book(2)) == book(2)


def test_blank_lines_around_a_head_do_not_hide_it() -> None:
    pages = [Page(p.number, f"\n \n{p.text}\n\n\n") for p in book(4)]
    assert all("Meadow Bank guide" not in p.text for p in drop_running_lines(pages))
    assert all(" of 4" not in p.text for p in drop_running_lines(pages))


def test_number_problem_and_reader_of_a_page_are_kept() -> None:
    pages = [Page(n, "head\nbody " + "xyz"[n - 1], "vision", "blurred") for n in (1, 2, 3)]
    kept = [(p.number, p.read_by, p.problem) for p in drop_running_lines(pages)]
    assert kept == [(n, "vision", "blurred") for n in (1, 2, 3)]


def test_pages_without_text_stay_pages_without_text() -> None:
    assert [p.text for p in drop_running_lines([Page(n, "") for n in (1, 2, 3)])] == ["", "", ""]


def test_heads_that_alternate_between_left_and_right_pages_are_dropped() -> None:
    heads = ("Meadow Bank", "Terms of the bank")
    pages = [
        Page(n, f"{heads[n % 2]}\nBody {'abcdefgh'[n]}\nmore\nof {'abcdefgh'[n]}\n{n}")
        for n in range(8)
    ]
    for page in drop_running_lines(pages):
        assert page.text.splitlines()[0].startswith("Body")
        assert page.text.splitlines()[-1] == f"of {'abcdefgh'[page.number]}"


def test_rows_of_a_table_that_goes_over_pages_are_no_running_lines() -> None:
    pages = [
        Page(n, f"| Fee | Price |\n12 34 {n}\nbody {'abcd'[n]}\n56 78 {n}\nend {'abcd'[n]}")
        for n in range(4)
    ]
    assert drop_running_lines(pages) == pages


@pytest.mark.parametrize(
    ("name", "doctype"),
    [
        ("bank/a.pdf", "pdf"),
        ("bank/A.PDF", "pdf"),
        ("a.md", "markdown"),
        ("a.b.markdown", "markdown"),
        ("notes.txt", "txt"),
        ("x.htm", "html"),
        ("x.html", "html"),
        ("api.json", "json"),
        ("api.jsonl", "json"),
    ],
)
def test_the_name_tells_how_a_file_is_read(name: str, doctype: str) -> None:
    assert doctype_of(name) == doctype
    assert doctype_of(name, "api") == "api"


@pytest.mark.parametrize("name", ["a.docx", "a", "pdf", "a.pdf/x", "a.png"])
def test_other_names_are_unsupported_unless_a_type_is_forced(name: str) -> None:
    with pytest.raises(DocumentError) as caught:
        doctype_of(name)
    assert caught.value.code == "unsupported"
    assert doctype_of(name, "txt") == "txt"
