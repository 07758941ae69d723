"""Pages of dataset rows: the right rows, few reads, bounded bytes."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import BlobNotFound, SpecError
from shared.raft.formats import to_jsonl
from shared.services import results_view
from shared.services.results_view import ResultViews
from tests.shared.services.fakes import MemoryBlobs

RUN = "bank-1"
ROWS = f"{RUN}/dataset/rows.jsonl"


class MemoryParts:
    """Parts of blobs in memory, with a log of what was read."""

    def __init__(self, blobs: MemoryBlobs) -> None:
        self.blobs = blobs
        self.sizes: list[int] = []

    async def read_part(self, name: str, offset: int, length: int) -> bytes:
        part = (await self.blobs.read(name))[offset : offset + length]
        self.sizes.append(len(part))
        return part


def row(number: int, text: str = "Größe") -> dict[str, Any]:
    """Even ones show their oracle in fees, odd ones none; their chunks are of guide."""
    shown = {"chunk": "bank/fees.pdf#1", "text": text, "document": "bank/fees.pdf"}
    return {
        "id": f"bank/guide.pdf#{number}/0",
        "split": ("train", "train", "train", "test")[number % 4],
        "kind": "table" if number % 5 == 0 else "factual",
        "question": f"q{number}",
        "documents": [shown],
        "oracles": [] if number % 2 else [0],
    }


async def views(rows: list[dict[str, Any]]) -> tuple[ResultViews, MemoryParts]:
    blobs = MemoryBlobs()
    await blobs.put(ROWS, to_jsonl(rows))
    parts = MemoryParts(blobs)
    return ResultViews(blobs, parts), parts


async def all_pages(made: ResultViews, **asked: Any) -> list[dict[str, Any]]:
    found, offset = [], 0
    while True:
        page = await made.rows(RUN, offset=offset, **asked)
        found += page["rows"]
        if page["next"] is None:
            assert len(found) == page["total"]
            return found
        offset = page["next"]


@pytest.mark.parametrize("part", [1, 7, 1_000, 10**6])
async def test_pages_together_are_the_rows_wherever_parts_are_cut(
    monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(results_view, "_PART", part)
    rows = [row(number) for number in range(23)]
    made, _ = await views(rows)
    assert await all_pages(made, limit=5) == rows


async def test_filters_join_and_counts_are_of_all_rows() -> None:
    rows = [row(number) for number in range(40)]
    made, _ = await views(rows)
    wanted = [each for each in rows if each["split"] == "test" and each["kind"] == "table"]
    assert wanted
    assert await all_pages(made, split="test", kind="table", limit=1) == wanted
    page = await made.rows(RUN, split="test")
    assert page["splits"] == {"train": 30, "test": 10}
    assert page["kinds"] == {"table": 8, "factual": 32}


async def test_a_document_finds_rows_it_answers_shown_or_not() -> None:
    rows = [row(number) for number in range(10)]
    made, _ = await views(rows)
    assert await all_pages(made, document="bank/fees.pdf") == rows[::2]
    assert await all_pages(made, document="bank/guide.pdf") == rows[1::2]
    assert await all_pages(made, document="bank/none.pdf") == []


async def test_the_file_is_gone_through_once_and_pages_read_their_rows_only() -> None:
    made, parts = await views([row(number, "x" * 100_000) for number in range(60)])
    await made.rows(RUN, limit=1)
    parts.sizes.clear()
    page = await made.rows(RUN, offset=30, limit=2)
    assert [each["question"] for each in page["rows"]] == ["q30", "q31"]
    assert len(parts.sizes) == 1
    assert sum(parts.sizes) < 300_000


async def test_a_page_ends_before_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_view, "_PAGE_BYTES", 250_000)
    rows = [row(number, "x" * 100_000) for number in range(5)]
    made, _ = await views(rows)
    page = await made.rows(RUN, limit=5)
    assert (len(page["rows"]), page["next"]) == (2, 2)
    monkeypatch.setattr(results_view, "_PAGE_BYTES", 10)
    assert await all_pages(made, limit=5) == rows


async def test_a_dataset_that_is_written_later_is_found_then() -> None:
    blobs = MemoryBlobs()
    made = ResultViews(blobs, MemoryParts(blobs))
    with pytest.raises(BlobNotFound):
        await made.rows(RUN)
    await blobs.put(ROWS, to_jsonl([row(0)]))
    assert (await made.rows(RUN))["total"] == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"offset": -1}, "offset"),
        ({"split": "all"}, "split"),
    ],
)
async def test_what_cannot_be_asked_for_is_named(asked: dict[str, Any], field: str) -> None:
    made, _ = await views([row(0)])
    with pytest.raises(SpecError) as caught:
        await made.rows(RUN, **asked)
    assert caught.value.field == field


async def test_past_the_end_there_is_an_empty_last_page() -> None:
    made, _ = await views([row(0)])
    page = await made.rows(RUN, offset=5)
    assert (page["rows"], page["next"], page["total"]) == ([], None, 1)
