"""The child process that reads a text file: `python -m shared.adapters.text_child MEMORY PAGES AS`.

Bytes come on stdin, JSON lines go to stdout as in `pdf_child`. Markdown and plain text are one
page; HTML is one page of markdown; an object of JSON, or each item of a list or of JSON lines, is
a page.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from typing import Any

_SHOWN = 200
# Fields of Gorilla's API Zoo and APIBench; an entry with one of them is an endpoint.
_API_FIELDS = ("api_call", "api_name")
_FALLBACK = "cp1252"


class Refused(Exception):
    """Raised when the file gives no text; the code is one of DocumentError's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def decode(data: bytes) -> tuple[str, str]:
    """The text, and a note when its encoding had to be guessed."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ""
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        note = f"not UTF-8 from byte {error.start} on: read as Windows-1252"
        return data.decode(_FALLBACK, "replace"), note


def read_text(data: bytes, doctype: str) -> Iterator[dict[str, Any]]:
    """Records of pages; raises Refused."""
    if b"\x00" in data[:4_096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("damaged", "it is a binary file, not text")
    if doctype == "html":
        from shared.adapters.html_markdown import to_markdown

        yield {"page": 1, "text": to_markdown(data)}
        return
    text, note = decode(data)
    if doctype in ("json", "api"):
        entries = parse_json(text)
        yield from _api_pages(entries, note) if doctype == "api" else _json_pages(entries, note)
    else:
        yield {"page": 1, "text": text, "note": note}


def parse_json(text: str) -> list[Any]:
    """The items of a JSON list, of JSON lines, or the one value; raises Refused."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as whole:
        return _json_lines(text, whole)
    return value if isinstance(value, list) else [value]


def _json_lines(text: str, whole: json.JSONDecodeError) -> list[Any]:
    items = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            items.append(json.loads(line))
        except json.JSONDecodeError as error:
            if not items:  # its first line is no value either: it was meant as one document
                raise Refused("damaged", f"it is not JSON: {whole}"[:_SHOWN]) from None
            raise Refused("damaged", f"line {number} is not JSON: {error}"[:_SHOWN]) from None
    return items


def _json_pages(items: list[Any], note: str) -> Iterator[dict[str, Any]]:
    texts = [item if isinstance(item, str) else _field(item, "text") for item in items]
    if not any(text.strip() for text in texts):
        raise Refused("no_text", "no `text` field holds text")
    for number, text in enumerate(texts, 1):
        record = {"page": number, "text": text, "note": note if number == 1 else ""}
        if not text.strip():
            record["problem"] = f"item {number} has no `text`"
        yield record


def _field(item: Any, name: str) -> str:
    value = item.get(name) if isinstance(item, dict) else None
    return value if isinstance(value, str) else ""


def _api_pages(items: list[Any], note: str) -> Iterator[dict[str, Any]]:
    if not any(_is_endpoint(item) for item in items):
        raise Refused("damaged", f"it is not API documentation: no entry has {_API_FIELDS[0]}")
    for number, item in enumerate(items, 1):
        record = {"page": number, "text": "", "note": note if number == 1 else ""}
        if _is_endpoint(item):
            title = _field(item, "api_name") or _field(item, "api_call")
            record["text"] = "\n".join(f"{key}: {_written(value)}" for key, value in item.items())
            record["headings"] = [(1, " ".join(title.split())[:_SHOWN])]
        else:
            record["problem"] = f"entry {number} is not an endpoint: it has no {_API_FIELDS[0]}"
        yield record


def _is_endpoint(item: Any) -> bool:
    return isinstance(item, dict) and any(item.get(name) for name in _API_FIELDS)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _say(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Set the limits, read stdin, speak."""
    memory, pages, doctype = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        count = 0
        for record in read_text(sys.stdin.buffer.read(), doctype):
            count += 1
            if count > pages:
                return _say({"error": "too_large", "message": f"it has over {pages} items"})
            _say({**record, "by": doctype})
        _say({"done": count})
    except Refused as refusal:
        _say({"error": refusal.code, "message": str(refusal)})
    except (MemoryError, RecursionError):
        _say({"error": "too_large", "message": "reading it takes more memory than allowed"})
    return None


if __name__ == "__main__":
    main()
