"""A scanned page is read by the VISION model, and what stands on it reaches the dataset."""

from __future__ import annotations

import json

from local.azurite import ROOT
from local.stack import Stack
from tests.runs.helpers import UNJUDGED, blob, completed, manifest, requests, upload

GUIDE = ROOT / "samples" / "bank" / "fees-and-charges.pdf"


def test_a_scanned_page_is_read_by_vision_and_only_that_page(stack: Stack) -> None:
    upload(stack, "scanned", {GUIDE.name: GUIDE.read_bytes(), "raft.yaml": UNJUDGED})
    view = completed(stack, "scanned")
    counts = manifest(stack, view["run"])["stages"]["ingest"]["counts"]
    assert counts["pages_by_vision"] == 1
    assert not counts.get("pages_without_text")
    asked = {each["body_sha256"] for each in requests(stack, "vision")}  # again when it is slow
    assert len(asked) == 1
    record = json.loads(blob(stack, f"{view['run']}/documents/00000.json"))
    (scan,) = [page for page in record["pages"] if page["read_by"] == "vision"]
    assert scan["number"] == len(record["pages"])
    cut = [chunk for chunk in record["chunks"] if scan["number"] in chunk["pages"]]
    assert cut, "nothing of the scanned page is in the dataset's passages"
    (document,) = json.loads(blob(stack, f"{view['run']}/report.json"))["documents"]
    assert document["pages_by_vision"] == 1
