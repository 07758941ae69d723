"""A scanned page is read by the VISION model, and what stands on it reaches the dataset."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.request

from local.azurite import ROOT
from local.stack import Stack
from shared.adapters.pdf_pictures import PdfPictures
from tests.runs.helpers import UNJUDGED, blob, clear_requests, completed, manifest, requests, upload

GUIDE = ROOT / "samples" / "bank" / "fees-and-charges.pdf"
SCAN = 7


def read_before(stack: Stack) -> None:
    """Have the stand-in read the scan in its own time: it remembers what it has read, and on a busy
    machine a first reading takes longer than these runs wait for a model."""
    picture = asyncio.run(PdfPictures().render(GUIDE.read_bytes(), [SCAN]))[SCAN]
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
    read_before(stack)
    upload(stack, "scanned", {GUIDE.name: GUIDE.read_bytes(), "raft.yaml": UNJUDGED})
    view = completed(stack, "scanned")
    counts = manifest(stack, view["run"])["stages"]["ingest"]["counts"]
    assert counts["pages_by_vision"] == 1
    assert not counts.get("pages_without_text")
    asked = {each["body_sha256"] for each in requests(stack, "vision")}  # again when it is slow
    assert len(asked) == 1
    record = json.loads(blob(stack, f"{view['run']}/documents/00000.json"))
    (scan,) = [page for page in record["pages"] if page["read_by"] == "vision"]
    assert scan["number"] == len(record["pages"]) == SCAN
    cut = [chunk for chunk in record["chunks"] if scan["number"] in chunk["pages"]]
    assert cut, "nothing of the scanned page is in the dataset's passages"
    (document,) = json.loads(blob(stack, f"{view['run']}/report.json"))["documents"]
    assert document["pages_by_vision"] == 1
