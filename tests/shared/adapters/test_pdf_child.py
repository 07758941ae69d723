"""What the child says of a PDF: outline, labels, which library read a page, who stands in."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
from fpdf import FPDF
from pypdf import PdfWriter
from pypdf.generic import NameObject, NumberObject

from shared.adapters import pdf, pdf_child
from shared.adapters.children import ChildGaveUp
from shared.adapters.pdf import PdfReader
from shared.errors import DocumentError
from shared.raft.documents import Page
from shared.raft.text import clean_pages
from tests.pdfs import prose, scanned_pdf, text_pdf


def guide_pdf() -> bytes:
    """Two pages with an outline on two levels, a list and a table over both pages."""
    guide = FPDF()
    guide.set_font("helvetica", size=11)
    for number in (1, 2):
        guide.add_page()
        guide.start_section(f"Part {number}")
        guide.multi_cell(0, 8, f"Part {number}", new_x="LMARGIN", new_y="NEXT")
        guide.start_section(f"Fees of {number}", level=1)
        guide.multi_cell(0, 8, f"Fees of {number}", new_x="LMARGIN", new_y="NEXT")
        guide.multi_cell(0, 6, prose(number, 1), new_x="LMARGIN", new_y="NEXT")
        guide.ln(6)
        with guide.table() as table:
            for cells in (("Card", "Fee"), ("Gold", "5 pounds"), ("Silver", "3 pounds")):
                table.row(cells)
    return bytes(guide.output())


def said(data: bytes, by: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    pdf_child.read_pdf(data, 100, by)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_titles_of_the_outline_come_with_their_pages_and_become_headings() -> None:
    pages = await PdfReader().read(guide_pdf(), "a.pdf")
    assert [page.headings for page in pages] == [
        [(1, "Part 1"), (2, "Fees of 1")],
        [(1, "Part 2"), (2, "Fees of 2")],
    ]
    text = clean_pages(pages)[1].text
    assert text.startswith("# Part 2\n\n## Fees of 2\n\nThe Meadow")
    assert "| Card | Fee |\n| --- | --- |\n| Gold | 5 pounds |\n| Silver | 3 pounds |" in text


async def test_pages_know_the_number_printed_on_them() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(guide_pdf()))
    writer.set_page_label(0, 0, style="/r")
    writer.set_page_label(1, 1, style="/D", start=2)
    out = io.BytesIO()
    writer.write(out)
    pages = await PdfReader().read(out.getvalue(), "a.pdf")
    assert [page.label for page in pages] == ["i", ""]


def test_both_libraries_find_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    data = text_pdf(prose(1, 3))
    fast, slow = said(data, "pdfium", capsys), said(data, "pypdf", capsys)
    assert [record.get("by") for record in (fast[0], slow[0])] == ["pdfium", "pypdf"]
    assert fast[0]["text"].split() == slow[0]["text"].split()
    assert fast[-1] == slow[-1] == {"done": 1}


def test_a_broken_outline_costs_the_outline_only(capsys: pytest.CaptureFixture[str]) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(guide_pdf()))
    writer.root_object[NameObject("/Outlines")] = NumberObject(7)
    out = io.BytesIO()
    writer.write(out)
    records = said(out.getvalue(), "pdfium", capsys)
    assert [bool(record.get("text")) for record in records] == [True, True, False]
    assert records[-1] == {"done": 2}


def test_a_slow_outline_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> str:
        try:
            while True:
                pass
        except Exception:
            return "swallowed"

    assert pdf_child._within(0.1, never, "too late") == "too late"
    assert pdf_child._within(1.0, lambda: "in time", "too late") == "in time"


def test_pages_that_are_pictures_have_no_text_and_no_problem(
    capsys: pytest.CaptureFixture[str],
) -> None:
    records = said(scanned_pdf(2), "pdfium", capsys)
    assert [(record["text"], record.get("problem")) for record in records[:2]] == [("", None)] * 2


async def test_a_file_that_brings_pdfium_down_is_read_by_pypdf(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[tuple[str, ...]] = []

    async def crash_first(module: str, arguments: tuple[str, ...], *_: Any) -> list[Page]:
        tried.append(arguments)
        if not arguments:
            raise ChildGaveUp(3)
        return [Page(1, "Text.", "pypdf")]

    monkeypatch.setattr(pdf, "read_in_child", crash_first)
    (page,) = await PdfReader().read(b"%PDF-1.7", "a.pdf")
    assert (page.read_by, tried) == ("pypdf", [(), ("pypdf",)])


async def test_a_file_that_brings_both_down_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crash(*_: Any) -> list[Page]:
        raise ChildGaveUp(3)

    monkeypatch.setattr(pdf, "read_in_child", crash)
    with pytest.raises(DocumentError, match=r"gave up on page 3 of a\.pdf") as caught:
        await asyncio.wait_for(PdfReader().read(b"%PDF-1.7", "a.pdf"), 5)
    assert caught.value.code == "damaged"
