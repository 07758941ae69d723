"""The child process that draws pages: `python -m shared.adapters.render_child MEMORY PAGES LIST`.

PDF bytes come on stdin; for each number of the comma-separated list one JSON line {"page", "png"}
goes to stdout as soon as it is drawn, the picture in base64, or '' where the page cannot be drawn.
Shades of grey: a model reads them as well, for a third of the bytes. A file that does not open is
one last line {"error": code, "message": …}.
"""

from __future__ import annotations

import base64
import io
import json
import resource
import sys
from typing import Any

LONG_SIDE = 1_800  # pixels: small print stays readable, and models scale larger pictures down
_LARGEST_SCALE = 4.0  # of 72 dots an inch, for pages the size of a stamp
_PNG_BYTES = 4_000_000
_SMALLER = 0.75
_TRIES = 6
_SHOWN = 200


def draw_pages(data: bytes, page_limit: int, numbers: list[int]) -> None:
    """Say the picture of each page."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        return _say({"error": "damaged", "message": str(error)[:_SHOWN]})
    if count > page_limit:
        return _say({"error": "too_large", "message": f"{count} pages, over {page_limit}"})
    document.init_forms()  # what was filled in is shown, too
    for number in numbers:
        png = b""
        try:
            if number <= count:
                png = picture_of(document, number)
        except (pypdfium2.PdfiumError, MemoryError, ValueError):
            png = b""
        _say({"page": number, "png": base64.b64encode(png).decode()})
    return _say({"done": len(numbers)})


def picture_of(document: Any, number: int) -> bytes:
    """A PNG of the page within the limit of bytes; b'' where no size keeps it."""
    page = document[number - 1]
    try:
        scale = min(LONG_SIDE / max(*page.get_size(), 1.0), _LARGEST_SCALE)
        for _ in range(_TRIES):
            bitmap = page.render(scale=scale, grayscale=True)
            out = io.BytesIO()
            bitmap.to_pil().save(out, "PNG")
            bitmap.close()
            if len(out.getvalue()) <= _PNG_BYTES:
                return out.getvalue()
            scale *= _SMALLER
        return b""
    finally:
        page.close()


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Set the limits, read stdin, draw."""
    memory, pages = int(sys.argv[1]), int(sys.argv[2])
    numbers = [int(number) for number in sys.argv[3].split(",")]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    draw_pages(sys.stdin.buffer.read(), pages, numbers)


if __name__ == "__main__":
    main()
