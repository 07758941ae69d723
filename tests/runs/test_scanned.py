"""A scanned page is read by the VISION model, and what stands on it reaches the dataset."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import urllib.request

import pypdf

from local.azurite import ROOT
from local.stack import Stack
from shared.adapters.pdf_pictures import PdfPictures
from tests.runs.helpers import UNJUDGED, blob, clear_requests, completed, manifest, requests, upload

GUIDE = ROOT / "samples" / "bank" / "fees-and-charges.pdf"
PAGES = 3  # of the guide's end; the last is the scan


def end_of_guide() -> bytes:
    """A document with pages of text and one that is a picture."""
    out = io.BytesIO()
    writer = pypdf.PdfWriter()
    for page in pypdf.PdfReader(GUIDE).pages[-PAGES:]:
        writer.add_page(page)
    writer.write(out)
    return out.getvalue()


def read_before(stack: Stack, document: bytes) -> None:
    """Have the stand-in read the scan in its own time: it remembers what it has read, and on a busy
    machine a first reading takes longer than these runs wait for a model."""
    picture = asyncio.run(PdfPictures().render(document, [PAGES]))[PAGES]
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    shown = [{"type": "text", "text": "Read it."}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"model": "vision", "messages": [{"role": "user", "content": shown}]}
    request = urllib.request.Request(
        f"{stack.models_url}/openai/v1/chat/completions",
        json.dumps(body).encode(),
        {"api-key": "local", "content-type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as answer:
        assert answer.status == 200
    clear_requests(stack)


def test_a_scanned_page_is_read_by_vision_and_only_that_page(stack: Stack) -> None:
    document = end_of_guide()
    read_before(stack, document)
    upload(stack, "scanned", {GUIDE.name: document, "raft.yaml": UNJUDGED})
    view = completed(stack, "scanned")
    counts = manifest(stack, view["run"])["stages"]["ingest"]["counts"]
    assert counts["pages_by_vision"] == 1
    assert not counts.get("pages_without_text")
    asked = {each["body_sha256"] for each in requests(stack, "vision")}  # again when it is slow
    assert len(asked) == 1
    record = json.loads(blob(stack, f"{view['run']}/documents/00000.json"))
    (scan,) = [page for page in record["pages"] if page["read_by"] == "vision"]
    assert scan["number"] == len(record["pages"]) == PAGES
    cut = [chunk for chunk in record["chunks"] if scan["number"] in chunk["pages"]]
    assert cut, "nothing of the scanned page is in the dataset's passages"
    (document,) = json.loads(blob(stack, f"{view['run']}/report.json"))["documents"]
    assert document["pages_by_vision"] == 1
