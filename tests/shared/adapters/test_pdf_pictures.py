"""What pages show besides text, and their pictures: drawn in a child, within limits."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image

from shared.adapters import pdf_pictures
from shared.adapters.children import ChildGaveUp, ReadingLimits
from shared.adapters.pdf_pictures import PdfPictures
from shared.adapters.readers import Readers
from shared.adapters.render_child import LONG_SIDE
from shared.errors import DocumentError
from shared.raft.reading import poor_text_layer
from tests.pdfs import bomb_pdf, scanned_pdf, text_pdf

SAMPLES = {path.stem: path.read_bytes() for path in sorted(Path("samples/bank").glob("*.pdf"))}
FEES = SAMPLES["fees-and-charges"]
SCANNED = 7


def drawn_pdf(draw: Any, *, wide: float = 100, high: float = 200) -> bytes:
    """One page on which `draw` draws."""
    pdf = FPDF(unit="pt", format=(wide, high))
    pdf.set_auto_page_break(False)
    pdf.add_page()
    draw(pdf)
    return bytes(pdf.output())


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("L", (20, 20), 90).save(out, "PNG")
    out.seek(0)
    return out


def strips(pdf: FPDF) -> None:
    """The upper half of the page as a scanner's strips, which lie over one another."""
    for at in range(0, 100, 4):
        pdf.image(picture(), x=0, y=at, w=100, h=6)


def white_box(pdf: FPDF) -> None:
    pdf.set_fill_color(255, 255, 255)
    pdf.rect(10, 10, 50, 50, style="F")


@pytest.mark.parametrize(
    ("draw", "pictured", "drawn"),
    [
        (lambda pdf: None, 0.0, False),
        (white_box, 0.0, False),
        (lambda pdf: pdf.line(10, 10, 90, 10), 0.0, True),
        (lambda pdf: pdf.image(picture(), x=0, y=0, w=100, h=200), 1.0, True),
        (lambda pdf: pdf.image(picture(), x=0, y=0, w=50, h=100), 0.25, True),
        (lambda pdf: pdf.image(picture(), x=-500, y=0, w=50, h=50), 0.0, False),
        (strips, 0.5, True),
    ],
)
async def test_a_page_tells_what_it_shows(draw: Any, pictured: float, drawn: bool) -> None:
    (page,) = await Readers().read(drawn_pdf(draw), "a.pdf", "pdf")
    assert page.pictured == pytest.approx(pictured, abs=0.03)
    assert page.drawn is drawn
    assert bool(poor_text_layer(page)) is drawn


@pytest.mark.parametrize("name", SAMPLES)
async def test_of_the_samples_only_the_scanned_page_is_poor(name: str) -> None:
    pages = await Readers().read(SAMPLES[name], name, "pdf")
    poor = [page.number for page in pages if poor_text_layer(page)]
    assert poor == ([SCANNED] if name == "fees-and-charges" else [])


async def test_pictures_are_bounded_and_the_same_each_time() -> None:
    renderer = PdfPictures()
    first = await renderer.render(FEES, [SCANNED, 1])
    assert sorted(first) == [1, SCANNED]
    for png in first.values():
        with Image.open(io.BytesIO(png)) as drawn:
            assert (drawn.format, drawn.mode, max(drawn.size)) == ("PNG", "L", LONG_SIDE)
    assert await renderer.render(FEES, [1, SCANNED]) == first


async def test_a_stamp_is_not_blown_up_and_a_poster_not_drawn_whole() -> None:
    for wide, high in ((20.0, 30.0), (9_000.0, 14_000.0)):
        data = drawn_pdf(lambda pdf: pdf.line(1, 1, 15, 15), wide=wide, high=high)
        pictures = await PdfPictures().render(data, [1])
        with Image.open(io.BytesIO(pictures[1])) as drawn:
            assert max(drawn.size) <= LONG_SIDE


async def test_pages_that_are_not_there_are_left_out() -> None:
    assert list(await PdfPictures().render(scanned_pdf(2), [2, 3])) == [2]


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\nand nothing else", text_pdf("locked", password="secret")]
)
async def test_a_file_that_does_not_open_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        await PdfPictures().render(data, [1])
    assert caught.value.code == "damaged"


async def test_a_page_that_takes_too_long_is_left_out() -> None:
    renderer = PdfPictures(ReadingLimits(silent_seconds=1))
    assert await renderer.render(bomb_pdf(60), [1]) == {}
    renderer = PdfPictures(ReadingLimits(seconds=0.5))
    assert await renderer.render(bomb_pdf(60), [1]) == {}


async def test_the_pages_after_one_that_brings_the_child_down_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, asked = pdf_pictures.said_by_child, []

    async def crash_at_two(module: str, arguments: Any, *rest: Any) -> AsyncIterator[Any]:
        numbers = [int(number) for number in arguments[0].split(",")]
        asked.append(numbers)
        before = numbers[: numbers.index(2)] if 2 in numbers else numbers
        if before:
            async for record in real(module, (",".join(map(str, before)),), *rest):
                yield record
        if before != numbers:
            raise ChildGaveUp(2)

    monkeypatch.setattr(pdf_pictures, "said_by_child", crash_at_two)
    pictures = await asyncio.wait_for(PdfPictures().render(scanned_pdf(4), [1, 2, 3, 4]), 60)
    assert sorted(pictures) == [1, 3, 4]
    assert asked == [[1, 2, 3, 4], [3, 4]]
