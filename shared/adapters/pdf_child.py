"""The child process that reads one PDF: `python -m shared.adapters.pdf_child MEMORY PAGES [by]`.

PDF bytes come on stdin; one JSON line a page goes to stdout as soon as it is read, so the parent
can see a page that takes too long. A refusal is one last line {"error": code, "message": …}.
pypdf opens the file and tells outline and page labels, within seconds of its own; pdfium reads the
text, 25 times as fast, and pypdf what pdfium refuses (or all, when `by` is pypdf). The process
holds its own memory limit and touches no file.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from shared.adapters.pdf_layout import lay_out

_SHOWN = 200
_OUTLINE_SECONDS = 5.0
_OUTLINE_ENTRIES = 5_000
_TITLE_CHARACTERS = 300
T = TypeVar("T")


class _Late(BaseException):
    """Raised by the alarm; no `except Exception` of a library may swallow it."""


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def _within(seconds: float, work: Callable[[], T], otherwise: T) -> T:
    """What `work` gives, or `otherwise` when it fails or takes longer."""

    def late(*_: Any) -> None:
        raise _Late

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return work()
    except MemoryError:
        raise
    except (Exception, _Late):
        return otherwise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Opened:
    """The file as pypdf sees it: its outline and labels, or why it cannot be read."""

    def __init__(self, data: bytes) -> None:
        self.refusal: tuple[str, str] | None = None
        self.count = 0
        self.headings: dict[int, list[tuple[int, str]]] = {}
        self.labels: list[str] = []
        self._reader: Any = None
        self._open(data)

    def _open(self, data: bytes) -> None:
        import pypdf
        from pypdf.errors import FileNotDecryptedError, PyPdfError

        try:
            reader = pypdf.PdfReader(io.BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                self.refusal = ("encrypted", "it needs a password to open")
                return
            self.count = len(reader.pages)
        except (FileNotDecryptedError, NotImplementedError) as error:
            self.refusal = ("encrypted", str(error)[:_SHOWN])
            return
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            self.refusal = ("damaged", f"{type(error).__name__}: {error}"[:_SHOWN])
            return
        self._reader = reader

    def survey(self) -> None:
        """Read outline and labels, as far as they can be read in time."""
        if self._reader is not None:
            _within(_OUTLINE_SECONDS, self._read_outline, None)
            self.labels = _within(_OUTLINE_SECONDS, lambda: list(self._reader.page_labels), [])

    def _read_outline(self) -> None:
        for entry, level in _entries(self._reader.outline, 1):
            page = self._reader.get_destination_page_number(entry)
            title = " ".join(str(entry.title).split())[:_TITLE_CHARACTERS]
            if page is not None and title:
                self.headings.setdefault(page, []).append((level, title))

    def text(self, page: int) -> str:
        """The page's text by pypdf."""
        return str(self._reader.pages[page].extract_text())

    def shows(self, page: int) -> bool:
        """Whether the page has any content: pypdf does not tell what it draws."""
        return self._reader.pages[page].get_contents() is not None


def _entries(outline: list[Any], level: int) -> Iterator[tuple[Any, int]]:
    for entry in outline[:_OUTLINE_ENTRIES]:
        if isinstance(entry, list):
            yield from _entries(entry, level + 1)
        else:
            yield entry, level


def read_pdf(data: bytes, page_limit: int, by: str) -> None:
    """Say each page's text, or why there is none."""
    opened = _Opened(data)
    document = _open_in_pdfium(data) if by == "pdfium" else None
    if document is None and opened.refusal:
        code, message = opened.refusal
        return _say({"error": code, "message": message})
    count = opened.count if document is None else len(document)
    if count > page_limit:
        return _say({"error": "too_large", "message": f"{count} pages, over {page_limit}"})
    opened.survey()
    for number in range(count):
        record = _page(opened, document, number)
        if number < len(opened.labels) and opened.labels[number] != str(number + 1):
            record["label"] = opened.labels[number][:_SHOWN]
        _say(record)
    return _say({"done": count})


def _open_in_pdfium(data: bytes) -> Any:
    from shared.adapters.pdfium import open_document

    return open_document(data)


def _page(opened: _Opened, document: Any, number: int) -> dict[str, Any]:
    problem = ""
    if document is not None:
        from shared.adapters.pdfium import PdfiumError, page_content

        try:
            lines, pictured, drawn = page_content(document, number)
            text = lay_out(lines, mark_larger=not opened.headings)
            record = _record(number, text, "pdfium", opened.headings.get(number, []))
            return record | {"pictured": pictured, "drawn": drawn}
        except PdfiumError as error:
            problem = f"{type(error).__name__}: {error}"
    try:
        if opened.refusal is None:
            text = opened.text(number)
            record = _record(number, text, "pypdf", opened.headings.get(number, []))
            return record | {"drawn": opened.shows(number)}
    except MemoryError:
        raise
    except Exception as error:  # a broken page costs one page, whatever pypdf makes of it
        problem = f"{type(error).__name__}: {error}"
    return _record(number, "", "", []) | {"problem": problem}


def _record(number: int, text: str, by: str, headings: list[tuple[int, str]]) -> dict[str, Any]:
    return {"page": number + 1, "text": text, "by": by, "headings": headings}


def main() -> None:
    """Set the limits, read stdin, speak."""
    memory, pages = int(sys.argv[1]), int(sys.argv[2])
    by = sys.argv[3] if len(sys.argv) > 3 else "pdfium"
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable(logging.CRITICAL)
    try:
        read_pdf(sys.stdin.buffer.read(), pages, by)
    except (MemoryError, RecursionError):
        _say({"error": "too_large", "message": "reading it takes more memory than allowed"})


if __name__ == "__main__":
    main()
