"""Pages of what was dropped, by reason, kind and document."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import BlobNotFound
from shared.raft.formats import to_jsonl
from shared.services.results_view import ResultViews
from tests.shared.services.fakes import MemoryBlobs
from tests.shared.services.test_results_view import MemoryParts

RUN = "bank-1"


def dropped(number: int) -> dict[str, Any]:
    return {
        "chunk": f"bank/{number % 2}.pdf#{number}",
        "question": f"q{number}",
        "kind": "" if number % 3 else "table",
        "answer": "",
        "code": ("no_quote", "unsupported")[number % 2],
        "reason": "because",
    }


@pytest.fixture
async def views() -> ResultViews:
    blobs = MemoryBlobs()
    await blobs.put(f"{RUN}/dataset/dropped.jsonl", to_jsonl(map(dropped, range(12))))
    await blobs.put(f"{RUN}/evaluation/scores.json", b'{"rows": 3}')
    return ResultViews(blobs, MemoryParts(blobs))


async def test_filters_join_and_codes_are_counted_over_all(views: ResultViews) -> None:
    page = await views.dropped(RUN, code="unsupported", kind="table", document="bank/1.pdf")
    assert [row["question"] for row in page["rows"]] == ["q3", "q9"]
    assert page["codes"] == {"no_quote": 6, "unsupported": 6}
    first = await views.dropped(RUN, limit=5)
    assert (first["total"], first["next"], len(first["rows"])) == (12, 5, 5)


async def test_scores_are_read_once_they_are_there(views: ResultViews) -> None:
    assert await views.scores(RUN) == {"rows": 3}
    for name in ("bank-2", "../runs"):
        with pytest.raises(BlobNotFound):
            await views.scores(name)
