"""Lines of PDF pages with where they stand, and what else they show, by pdfium.

Runs in the child process only: a hostile page can make pdfium end the process it is in.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any, NamedTuple

import pypdfium2
from pypdfium2 import PdfiumError, raw

from shared.adapters.pdf_layout import Line
from shared.adapters.pdfium_drawn import what_is_drawn

__all__ = ["Content", "PdfiumError", "open_document", "page_content"]


class Content(NamedTuple):
    """What is on a page: lines in the order of its content, and see `what_is_drawn`."""

    lines: list[Line]
    pictured: float
    drawn: bool


def open_document(data: bytes) -> Any:
    """The document, opened with the empty password; None when pdfium refuses it."""
    try:
        document = pypdfium2.PdfDocument(data)
    except PdfiumError:
        return None
    return document if len(document) else None


def page_content(document: Any, number: int) -> Content:
    """The page's content; raises PdfiumError."""
    page = document[number]
    text_page = page.get_textpage()
    try:
        lines = list(_lines(text_page.raw, _characters(text_page)))
        return Content(lines, *what_is_drawn(page))
    finally:
        text_page.close()
        page.close()


def _characters(text_page: Any) -> str:
    """One character of the result for each of pdfium's: offsets are its indexes."""
    count = text_page.count_chars()
    text: str = text_page.get_text_range(errors="surrogatepass") if count else ""
    if len(text) == count:
        return text
    codes = (raw.FPDFText_GetUnicode(text_page.raw, index) for index in range(count))
    return "".join(chr(code) if code else " " for code in codes)


def _lines(text_page: Any, text: str) -> Iterator[Line]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        first, last = _trimmed(text, start, end)
        if first < last:
            yield _line(text_page, text, first, last)
        start = end + 1


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _line(text_page: Any, text: str, start: int, end: int) -> Line:
    box = raw.FS_RECTF()
    place = ctypes.byref(box)

    def look(index: int) -> tuple[float, float, float, float]:
        raw.FPDFText_GetLooseCharBox(text_page, index, place)
        return box.left, box.right, box.bottom, box.top

    left, _, bottom, top = look(start)
    _, right, last_bottom, last_top = look(end - 1)
    if last_top - last_bottom > top - bottom:  # the line begins with a raised mark
        bottom, top = last_bottom, last_top
    gaps = []
    at = text.find(" ", start, end)
    while at > 0:
        following = at + 1
        while following < end and text[following].isspace():
            following += 1
        gaps.append((at - start, look(at - 1)[1], look(following)[0]))
        at = text.find(" ", following, end)
    return Line(text[start:end], left, right, bottom, top, tuple(gaps))
