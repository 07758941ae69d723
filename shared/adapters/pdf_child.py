"""The child process that reads one PDF: `python -m shared.adapters.pdf_child MEMORY PAGES`.

PDF bytes come on stdin; one JSON line a page goes to stdout as soon as it is read, so the parent
can see a page that takes too long. A refusal is one last line {"error": code, "message": …}.
It imports nothing but pypdf, holds its own memory limit, and touches no file.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import sys
from typing import Any

_SHOWN = 200


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def read_pdf(data: bytes, page_limit: int) -> None:
    """Say each page's text, or why there is none."""
    import pypdf
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            return _say({"error": "encrypted", "message": "it needs a password to open"})
        count = len(reader.pages)
    except (FileNotDecryptedError, NotImplementedError) as error:
        return _say({"error": "encrypted", "message": str(error)[:_SHOWN]})
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        return _say({"error": "damaged", "message": f"{type(error).__name__}: {error}"[:_SHOWN]})
    if count > page_limit:
        return _say({"error": "too_large", "message": f"{count} pages, over {page_limit}"})
    for number in range(count):
        try:
            _say({"page": number + 1, "text": reader.pages[number].extract_text()})
        except MemoryError:
            raise
        except Exception as error:  # a broken page costs one page, whatever pypdf makes of it
            _say({"page": number + 1, "text": "", "problem": f"{type(error).__name__}: {error}"})
    return _say({"done": count})


def main() -> None:
    """Set the limits, read stdin, speak."""
    memory, pages = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    logging.disable(logging.CRITICAL)
    try:
        read_pdf(sys.stdin.buffer.read(), pages)
    except (MemoryError, RecursionError):
        _say({"error": "too_large", "message": "reading it takes more memory than allowed"})


if __name__ == "__main__":
    main()
