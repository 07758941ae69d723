"""TableWriter on pyarrow, which takes a second to import: at first use."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_ROW_GROUP = 500  # records held at a time, whatever the batches they come in


class ParquetWriter:
    """Keeps the promises of `ports.TableWriter`."""

    async def parquet(
        self, batches: AsyncIterable[Sequence[Mapping[str, Any]]]
    ) -> AsyncIterator[bytes]:
        """See the port."""
        table = _Table()
        waiting: list[Mapping[str, Any]] = []
        loop = asyncio.get_running_loop()
        # One thread: each that allocates much keeps freed memory to itself.
        with ThreadPoolExecutor(1) as pool:
            async for batch in batches:
                waiting += batch
                while len(waiting) >= _ROW_GROUP:
                    yield await loop.run_in_executor(pool, table.group, waiting[:_ROW_GROUP])
                    del waiting[:_ROW_GROUP]
            if waiting:
                yield await loop.run_in_executor(pool, table.group, waiting)
            yield table.end()


class _Table:
    """A file in the making; what was written since the last call is handed on."""

    def __init__(self) -> None:
        self._out = _Drained()
        self._writer: Any = None
        self._schema: Any = None

    def group(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        """Write one row group."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pylist([dict(record) for record in records], schema=self._schema)
        if self._writer is None:
            self._schema = table.schema
            self._writer = pq.ParquetWriter(self._out, table.schema, compression="zstd")
        self._writer.write_table(table)
        return self._out.drain()

    def end(self) -> bytes:
        """The file's footer."""
        if self._writer is not None:
            self._writer.close()
        return self._out.drain()


class _Drained(io.RawIOBase):
    """A file that is written once from start to end, and forgets what was taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def drain(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data
