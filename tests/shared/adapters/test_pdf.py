"""PDF files in a child process: text with its page, a code for each refusal, nothing left over."""

from __future__ import annotations

import asyncio
import io
import os
import time
from functools import cache
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfReader as Pypdf
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from shared.adapters.pdf import PdfReader, ReadingLimits
from shared.errors import DocumentError
from shared.raft.formats import to_json
from tests.pdfs import bomb_pdf, prose, scanned_pdf, text_pdf
from tests.shared.support import until


def pages_pdf(*texts: str) -> bytes:
    """One page per text."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=11)
    for text in texts:
        pdf.add_page()
        pdf.multi_cell(0, 6, text)
    return bytes(pdf.output())


@cache
def slow_pdf() -> bytes:
    """A page that keeps any reader busy for seconds."""
    return bomb_pdf(60)


def children() -> set[int]:
    """Process ids of this process's children that read PDFs."""
    found = set()
    for folder in Path("/proc").iterdir():
        try:
            stat = (folder / "stat").read_text() if folder.name.isdigit() else ""
            words = (folder / "cmdline").read_text() if stat else ""
        except OSError:
            continue
        if stat and int(stat.rpartition(")")[2].split()[1]) == os.getpid() and "pdf_child" in words:
            found.add(int(folder.name))
    return found


async def code_of(data: bytes, **limits: float) -> str:
    """The code that the file is refused with; the child must be gone by then."""
    with pytest.raises(DocumentError) as caught:
        await PdfReader(ReadingLimits(**limits)).read(data, "a.pdf")  # type: ignore[arg-type]
    assert children() == set()
    assert "a.pdf" in caught.value.reason
    return caught.value.code


async def test_pages_come_with_their_numbers_and_text() -> None:
    pages = await PdfReader().read(pages_pdf("First words.", "", "Third words."), "a.pdf")
    assert [(page.number, page.text.strip()) for page in pages] == [
        (1, "First words."),
        (2, ""),
        (3, "Third words."),
    ]
    assert all(page.read_by for page in pages if page.text)
    assert children() == set()


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("empty_file", b""),
        ("not_a_pdf", b"PK\x03\x04 a zip"),
        ("not_a_pdf", b" " * 1_024 + text_pdf("late header")),
        ("encrypted", text_pdf("locked", password="secret")),
        ("damaged", b"%PDF-1.7\nand nothing else"),
        ("damaged", text_pdf(prose(1))[:700]),
    ],
)
async def test_a_file_without_usable_text_is_refused_with_a_code(code: str, data: bytes) -> None:
    assert await code_of(data) == code


async def test_pages_that_are_pictures_are_read_as_such_for_others_to_decide() -> None:
    pages = await PdfReader().read(scanned_pdf(2), "a.pdf")
    assert [(page.number, page.text, page.drawn) for page in pages] == [
        (1, "", True),
        (2, "", True),
    ]


async def test_a_file_that_opens_without_a_password_is_read() -> None:
    writer = PdfWriter(clone_from=Pypdf(io.BytesIO(pages_pdf("Open to all."))))
    writer.encrypt(user_password="", owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    (page,) = await PdfReader().read(out.getvalue(), "a.pdf")
    assert page.text.strip() == "Open to all."


async def test_limits_of_size_are_kept_exactly() -> None:
    data = pages_pdf("x" * 40, "y" * 40, "z" * 40)
    read = await PdfReader(ReadingLimits(pages=3, file_bytes=len(data))).read(data, "a.pdf")
    characters = sum(len(page.text) for page in read)
    assert len(read) == 3
    assert await code_of(data, pages=2) == "too_large"
    assert await code_of(data, file_bytes=len(data) - 1) == "too_large"
    assert await code_of(data, characters=characters - 1) == "too_large"
    assert await PdfReader(ReadingLimits(characters=characters)).read(data, "a.pdf") == read


async def test_one_page_with_more_text_than_a_line_may_hold_is_too_large() -> None:
    assert await code_of(pages_pdf("word " * 400), characters=100) == "too_large"


async def test_a_file_that_takes_too_much_memory_is_refused() -> None:
    """A reader that gets no memory says so, or dies: then the file counts as damaged."""
    assert await code_of(slow_pdf(), memory_bytes=120_000_000) in {"too_large", "damaged"}


async def test_a_bomb_is_given_up_after_the_silence_and_its_reader_is_gone() -> None:
    began = time.monotonic()
    assert await code_of(slow_pdf(), silent_seconds=1) == "too_slow"
    assert time.monotonic() - began < 4


async def test_a_whole_document_has_a_limit_of_time() -> None:
    assert await code_of(slow_pdf(), seconds=0.8) == "too_slow"


async def test_a_cancelled_reading_leaves_no_process() -> None:
    reading = asyncio.create_task(PdfReader().read(slow_pdf(), "a.pdf"))
    await until(children)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert children() == set()


async def test_half_surrogates_of_a_broken_font_become_replacement_characters() -> None:
    (page,) = await PdfReader().read(_broken_font_pdf(), "a.pdf")
    assert page.text.strip() == "\ufffdBB\ufffd"
    to_json(page.text)


async def test_it_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (page,) = await PdfReader().read(pages_pdf("From elsewhere."), "a.pdf")
    assert page.text.strip() == "From elsewhere."


async def test_no_more_children_than_allowed_work_at_once() -> None:
    reader = PdfReader(ReadingLimits(at_once=2))
    reading = [asyncio.create_task(reader.read(bomb_pdf(1), "a.pdf")) for _ in range(3)]
    most = 0
    while not all(task.done() for task in reading):
        most = max(most, len(children()))
        await asyncio.sleep(0.02)
    assert most == 2
    assert {len(await task) for task in reading} == {1}


async def test_waiting_for_a_place_is_not_counted_as_reading_time() -> None:
    reader = PdfReader(ReadingLimits(at_once=1, seconds=1.5))
    slow, small = slow_pdf(), pages_pdf("Small.")
    given_up, pages = await asyncio.gather(
        reader.read(slow, "slow.pdf"), reader.read(small, "small.pdf"), return_exceptions=True
    )
    assert isinstance(given_up, DocumentError)
    assert isinstance(pages, list)


def _broken_font_pdf() -> bytes:
    """A page whose font maps one of its letters to half of a surrogate pair."""
    mapping = (
        b"begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
        b"2 beginbfchar <41> <D83D> <42> <0042> endbfchar endcmap"
    )
    writer = PdfWriter(clone_from=Pypdf(io.BytesIO(bomb_pdf(0))))
    text, unicode = StreamObject(), StreamObject()
    text.set_data(b"BT /F1 12 Tf 10 10 Td (ABBA) Tj ET")
    unicode.set_data(mapping)
    page = writer.pages[0]
    page[NameObject("/Contents")] = writer._add_object(text)
    resources = page["/Resources"]
    assert isinstance(resources, DictionaryObject)
    font = resources["/Font"]["/F1"]  # type: ignore[index]
    font[NameObject("/ToUnicode")] = writer._add_object(unicode)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
