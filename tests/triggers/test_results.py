"""Results over HTTP, against real storage."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest

import triggers.results
from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.bootstrap import Services
from shared.raft.formats import to_jsonl
from shared.settings import Storage
from tests.shared.services.test_results_view import RUN, row
from tests.shared.support import settings


@pytest.fixture
async def services(storage: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    """Services over containers of their own."""
    async with connect_storage(Storage(storage)) as service:
        made = Services(settings())
        names = (f"documents-{uuid4().hex}", f"runs-{uuid4().hex}")
        made.__dict__["_storage"] = tuple(AzureBlobStore(service, name) for name in names)
        monkeypatch.setattr(triggers.results, "services", lambda: made)
        yield made


async def get(trigger: Any, run: str, **params: str) -> tuple[int, Any]:
    """Status and JSON of a GET."""
    request = func.HttpRequest(
        "GET", "http://host/api", params=params, route_params={"run": run}, body=b""
    )
    answer = await trigger._function._func(request)
    return answer.status_code, json.loads(answer.get_body())


async def test_rows_come_by_the_page(services: Services) -> None:
    rows = [row(number) for number in range(8)]
    await services.run_blobs.put(f"{RUN}/dataset/rows.jsonl", to_jsonl(rows))
    status, page = await get(triggers.results.get_dataset, RUN, limit="3", offset="2", code="key")
    assert (status, page["rows"], page["next"], page["total"]) == (200, rows[2:5], 5, 8)
    status, page = await get(triggers.results.get_dataset, RUN, split="test", kind="factual")
    assert [each["question"] for each in page["rows"]] == ["q3", "q7"]


async def test_an_empty_dataset_is_an_empty_page(services: Services) -> None:
    await services.run_blobs.put(f"{RUN}/dataset/rows.jsonl", b"")
    assert (await get(triggers.results.get_dataset, RUN))[1]["total"] == 0


@pytest.mark.parametrize(
    "params",
    [
        *({"limit": "0"}, {"limit": "x"}, {"limit": "9" * 30}, {"limit": "²"}),
        *({"offset": "-1"}, {"split": "all"}, {"page": "2"}),
    ],
)
async def test_a_wrong_parameter_is_named(services: Services, params: dict[str, str]) -> None:
    await services.run_blobs.put(f"{RUN}/dataset/rows.jsonl", b"")
    status, answer = await get(triggers.results.get_dataset, RUN, **params)
    assert (status, answer["error"]["field"]) == (400, next(iter(params)))


async def test_a_report_is_served_as_it_is_written(services: Services) -> None:
    assert (await get(triggers.results.get_report_record, RUN))[0] == 404
    await services.run_blobs.put(f"{RUN}/report.json", b'{"a": 1}')
    assert await get(triggers.results.get_report_record, RUN) == (200, {"a": 1})


@pytest.mark.parametrize("run", ["none", "../documents", "A", "a/b"])
async def test_what_is_no_run_is_not_found(services: Services, run: str) -> None:
    for trigger in (triggers.results.get_dataset, triggers.results.get_report_record):
        assert (await get(trigger, run))[0] == 404
