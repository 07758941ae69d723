"""Tables written in row groups: every record, the same bytes however they come."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pyarrow.parquet as pq
import pytest

from shared.adapters.parquet import ParquetWriter

RECORDS = [{"id": f"é{n}", "n": n - 3, "text": "word " * (n % 40)} for n in range(1_203)]


async def written(sizes: Sequence[int], records: Sequence[dict[str, Any]] = RECORDS) -> bytes:
    """The file of the records when they come in batches of these sizes, and then the rest."""

    async def batches() -> AsyncIterator[Sequence[dict[str, Any]]]:
        at = 0
        for size in (*sizes, len(records)):
            yield records[at : at + size]
            at += size

    return b"".join([part async for part in ParquetWriter().parquet(batches())])


async def test_records_come_back_in_order_with_their_columns() -> None:
    table = pq.read_table(io.BytesIO(await written([50] * 20)))
    assert table.column_names == ["id", "n", "text"]
    assert table.to_pylist() == RECORDS


@pytest.mark.parametrize("sizes", [[1], [0, 7, 0], [50] * 24, [1_203]])
async def test_batches_make_no_difference_to_the_bytes(sizes: list[int]) -> None:
    assert await written(sizes) == await written([])


async def test_parts_come_before_all_records_are_there() -> None:
    given = 0

    async def batches() -> AsyncIterator[list[dict[str, Any]]]:
        nonlocal given
        for record in RECORDS:
            given += 1
            yield [record]

    parts = ParquetWriter().parquet(batches())
    assert await anext(parts)
    assert given < len(RECORDS)
    await parts.aclose()


async def test_no_records_give_no_bytes() -> None:
    assert await written([], []) == b""
