"""Files of text, markdown, HTML, JSON and API entries, whole and broken ones."""

from __future__ import annotations

import json

import pytest

from shared.adapters.readers import Readers, ReadingLimits
from shared.errors import DocumentError
from shared.raft.documents import Page
from tests.pdfs import text_pdf

ENDPOINT = {
    "user_name": "meadow",
    "api_name": "Pay",
    "api_call": "bank.pay(amount=5)",
    "api_version": "1",
    "api_arguments": {"amount": "pounds"},
    "functionality": "Pays.",
}


async def read(data: bytes | str, doctype: str, **limits: float) -> list[Page]:
    if isinstance(data, str):
        data = data.encode()
    return await Readers(ReadingLimits(**limits)).read(data, "a file", doctype)  # type: ignore[arg-type]


async def code_of(data: bytes | str, doctype: str, **limits: float) -> str:
    with pytest.raises(DocumentError) as caught:
        await read(data, doctype, **limits)
    assert "a file" in caught.value.reason
    return caught.value.code


async def test_a_pdf_is_read_as_one() -> None:
    (page,) = await read(text_pdf("Words."), "pdf")
    assert (page.text, page.read_by) == ("Words.", "pdfium")


@pytest.mark.parametrize("doctype", ["txt", "markdown"])
async def test_text_comes_as_it_is(doctype: str) -> None:
    text = "# Fees\n\nThey are\nhigh: 5 £, naïve 🙂."
    for data in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16")):
        (page,) = await read(data, doctype)
        assert (page.text, page.note, page.read_by) == (text, "", doctype)


async def test_what_is_not_utf8_is_read_as_windows_text_with_a_note() -> None:
    (page,) = await read("Café “au lait”".encode("cp1252"), "txt")
    assert page.text == "Café “au lait”"
    assert "Windows-1252" in page.note


async def test_html_keeps_headings_lists_and_tables_and_drops_the_rest() -> None:
    (page,) = await read(
        """<html><head><title>Fees</title><style>p{}</style><script>track()</script></head>
        <body><nav><a href="/">Home</a></nav><!-- not this -->
        <p>Cards cost <b>five</b> pounds,<br>see <a href="/x">the list</a> &amp; more.</p>
        <h2>Prices</h2><table><tr><th>Card</th><th>Fee</th></tr>
        <tr><td>Gold | Silver</td><td><p>5</p><p>a month</p></td></tr></table>
        <ul><li>one</li><li>two</li></ul><div hidden>unseen</div>
        <footer>Imprint</footer></body></html>""",
        "html",
    )
    assert page.text.startswith("# Fees\n\nCards cost **five** pounds,")
    assert "see the list & more." in page.text
    assert "\n\n## Prices\n\n| Card | Fee |\n| --- | --- |\n| Gold \\| Silver |" in page.text
    assert "\n- one\n- two" in page.text
    for word in ("Home", "track", "not this", "unseen", "Imprint", "p{}"):
        assert word not in page.text


async def test_of_html_the_main_part_is_read_in_its_own_encoding() -> None:
    data = '<meta charset="iso-8859-1"><body>Menu<main><h1>Caf\xe9</h1>Text.</main></body>'
    (page,) = await read(data.encode("latin-1"), "html")
    assert page.text == "# Café\n\nText."


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ('{"text": "One."}', ["One."]),
        ('[{"text": "One."}, "Two.", {"other": 3}]', ["One.", "Two.", ""]),
        ('{"text": "One."}\n\n{"text": "Two\\nlines."}\n', ["One.", "Two\nlines."]),
    ],
)
async def test_items_of_json_are_pages(data: str, texts: list[str]) -> None:
    pages = await read(data, "json")
    assert [page.text for page in pages] == texts
    assert [page.number for page in pages] == list(range(1, len(texts) + 1))
    assert all(page.problem for page in pages if not page.text)


@pytest.mark.parametrize("lines", [False, True])
async def test_entries_of_an_api_are_pages_under_their_names(lines: bool) -> None:
    entries = [ENDPOINT, {"domain": "Vision", "api_call": "load('x')"}, {"note": "no endpoint"}]
    data = "\n".join(map(json.dumps, entries)) if lines else json.dumps(entries)
    pages = await read(data, "api")
    assert [page.headings for page in pages] == [[(1, "Pay")], [(1, "load('x')")], []]
    assert "api_call: bank.pay(amount=5)" in pages[0].text
    assert 'api_arguments: {"amount": "pounds"}' in pages[0].text
    assert pages[2].problem and not pages[2].text


@pytest.mark.parametrize(
    ("data", "doctype", "code"),
    [
        (b"", "txt", "empty_file"),
        (b" \n\t ", "markdown", "empty_file"),
        (b"PK\x03\x04\x00\x00binary", "txt", "damaged"),
        (b"{not json", "json", "damaged"),
        (b'{"text": "fine"}\n{"text": ', "json", "damaged"),
        (b'{"title": "no text"}', "json", "no_text"),
        (b"[]", "json", "no_text"),
        (b"[" * 200_000, "json", "too_large"),
        (b'[{"text": "no endpoint"}]', "api", "damaged"),
        (b"<div>" * 200_000 + b"x", "html", "too_large"),
        (b"<script>only()</script>", "html", "no_text"),
        (b"%PDF", "pdf", "not_a_pdf"),
    ],
)
async def test_what_gives_no_text_is_refused_with_a_code(
    data: bytes, doctype: str, code: str
) -> None:
    assert await code_of(data, doctype) == code


async def test_limits_hold_for_all_types() -> None:
    assert await code_of("x" * 100, "txt", file_bytes=99) == "too_large"
    assert await code_of("x" * 100, "txt", characters=99) == "too_large"
    assert await code_of('["a", "b", "c"]', "json", pages=2) == "too_large"
    assert await code_of("<p>x</p>" * 60_000, "html", silent_seconds=0.3) == "too_slow"
    assert await code_of("<p>x</p>" * 60_000, "html", seconds=0.3) == "too_slow"
