"""A threshold samples the whole corpus and stops where it is reached."""

from __future__ import annotations

import json

from local.stack import Stack
from tests.pdfs import prose, text_pdf
from tests.runs.helpers import CONCURRENCY, UNJUDGED, completed, dataset, manifest, upload

CHUNKS = 100


def test_a_threshold_takes_a_little_of_every_part_and_stops(stack: Stack) -> None:
    spec = UNJUDGED + "qa_threshold: 82\nverification: {distractors: false}\n"
    upload(stack, "sampled", {"long.pdf": text_pdf(prose(740, 125)), "raft.yaml": spec})
    view = completed(stack, "sampled")
    record = manifest(stack, view["run"])
    stage = record["stages"]["generate"]
    chunks = stage["total"]
    assert chunks >= CHUNKS
    examples = stage["counts"]["examples"]
    assert 82 <= examples <= 82 + CONCURRENCY
    rows = [json.loads(line) for line in dataset(stack, view["run"])["rows.jsonl"].splitlines()]
    asked = {row["id"].rpartition("/")[0] for row in rows}
    assert len(asked) >= 0.6 * min(chunks, CHUNKS)
    ordinals = sorted(int(chunk.rpartition("#")[2]) for chunk in asked)
    gaps = [b - a for a, b in zip([0, *ordinals], [*ordinals, chunks], strict=True)]
    assert max(gaps) <= chunks / 10, "a part of the document was left out"


def test_a_threshold_that_needs_more_of_each_chunk_asks_again_and_pays_nothing_twice(
    stack: Stack,
) -> None:
    spec = UNJUDGED + "qa_threshold: 40\nverification: {distractors: false}\n"
    upload(stack, "deeper", {"short.pdf": text_pdf(prose(760, 16)), "raft.yaml": spec})
    view = completed(stack, "deeper")
    stage = manifest(stack, view["run"])["stages"]["generate"]
    examples = stage["counts"]["examples"]
    assert examples >= 40 or stage["ok"] + stage["rejected"] > stage["total"]
    assert examples <= 40 + CONCURRENCY
