"""The HTTP API over real storage: what is refused, what is started, what is started once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest

import triggers.documents
import triggers.runs
from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.bootstrap import Services
from shared.contracts import Finish, Orchestrator
from shared.settings import Storage
from tests.shared.support import settings


class Client:
    """A durable client that remembers what was started; `statuses` are those it knows."""

    def __init__(self) -> None:
        self.started: dict[str, tuple[str, Any]] = {}
        self.refusing = False

    async def start_new(self, name: str, *, instance_id: str, client_input: Any) -> str:
        if instance_id in self.started or self.refusing:
            raise RuntimeError("409: an instance with this id is there")
        self.started[instance_id] = (name, client_input)
        return instance_id

    async def get_status(self, instance: str) -> Any:
        known = instance in self.started
        status = type("Status", (), {"runtime_status": "Running" if known else None})()
        status.custom_status = {"stage": "ingest", "done": 1, "total": 2} if known else None
        return status

    def create_http_management_payload(self, instance: str) -> dict[str, str]:
        return {"id": instance, "statusQueryGetUri": f"http://host/{instance}"}


@pytest.fixture
async def services(storage: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    """Services over containers of their own, in place of the process's."""
    async with connect_storage(Storage(storage)) as service:
        made = Services(settings())
        names = (f"documents-{uuid4().hex}", f"runs-{uuid4().hex}")
        made.__dict__["_storage"] = tuple(AzureBlobStore(service, name) for name in names)
        for module in (triggers.runs, triggers.documents):
            monkeypatch.setattr(module, "services", lambda: made)
        yield made


def handler(trigger: Any) -> Any:
    """The function below a trigger's decorators."""
    function = trigger._function._func
    return getattr(function, "client_function", function)


async def call(trigger: Any, body: Any = None, client: Client | None = None, **route: str) -> Any:
    """Status and JSON of an HTTP function."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    url = "http://host/api/runs?code=1"
    request = func.HttpRequest("POST", url, route_params=route, body=data)
    arguments = {"req": request, **({"client": client} if client else {})}
    answer = await handler(trigger)(**arguments)
    return answer.status_code, answer.get_body(), dict(answer.headers)


async def post(body: Any, client: Client) -> tuple[int, Any, dict[str, str]]:
    status, data, headers = await call(triggers.runs.post_run, body, client)
    return status, json.loads(data), headers


async def upload(services: Services, **files: str) -> None:
    """Files of the domain `bank`, by stem."""
    for stem, text in files.items():
        await services.document_blobs.put(f"bank/{stem}.pdf", text.encode())


async def test_a_post_starts_one_run_with_links_however_often_it_comes(services: Services) -> None:
    await upload(services, one="1")
    client = Client()
    first = await post({"prefix": "bank/", "spec": {"seed": 1}}, client)
    second = await post({"prefix": "bank/", "spec": {"seed": 1}}, client)
    run = first[1]["run"]
    assert (first[0], second[0]) == (202, 202)
    assert (first[1]["created"], second[1]["created"]) == (True, False)
    assert client.started == {run: (Orchestrator.RAFT_RUN.value, {"run": run})}
    assert first[2]["Location"] == f"http://host/{run}"
    assert first[1]["runUri"] == f"http://host/api/runs/{run}"


async def test_a_run_whose_start_was_lost_is_started_by_the_next_post(services: Services) -> None:
    await upload(services, one="1")
    client = Client()
    client.refusing = True
    with pytest.raises(RuntimeError):
        await post({"prefix": "bank/"}, client)
    client.refusing = False
    status, answer, _ = await post({"prefix": "bank/"}, client)
    assert (status, answer["created"]) == (202, False)
    assert list(client.started) == [answer["run"]]


async def test_a_run_that_works_or_has_ended_is_not_started_again(services: Services) -> None:
    await upload(services, one="1")
    run = (await post({"prefix": "bank/"}, Client()))[1]["run"]
    await services.runs.prepare(run)
    client = Client()
    await post({"prefix": "bank/"}, client)
    await services.runs.finish(Finish(run, "failed", "no"))
    await post({"prefix": "bank/"}, client)
    assert client.started == {}
    again = (await post({"prefix": "bank/", "again": True}, client))[1]["run"]
    assert list(client.started) == [again] == [f"{run}-2"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", ""),
        ([], ""),
        ({"pages": 1}, "pages"),
        ({"prefix": "bank/", "again": 1}, "again"),
        ({"prefix": "bank/", "spec": []}, "spec"),
        ({"prefix": "bank/", "spec": {"p": 2}}, "p"),
        ({"prefix": "none/"}, "prefix"),
        ({"documents": ["bank/none.pdf"]}, "documents[0]"),
    ],
)
async def test_a_wrong_body_is_refused_and_nothing_is_made(
    services: Services, body: Any, field: str
) -> None:
    await upload(services, one="1")
    client = Client()
    status, answer, _ = await post(body, client)
    assert status == 400
    assert answer["error"].get("field", "") == field
    assert answer["error"]["message"]
    assert client.started == {}
    assert await services.views.newest(10) == []


async def test_a_run_is_shown_with_what_goes_on(services: Services) -> None:
    await upload(services, one="1")
    client = Client()
    run = (await post({"prefix": "bank/"}, client))[1]["run"]
    await services.runs.prepare(run)
    status, data, _ = await call(triggers.runs.get_run, client=client, run=run)
    shown = json.loads(data)
    assert status == 200
    assert (shown["state"], shown["stage"], shown["done"]) == ("running", "ingest", 1)
    listed = json.loads((await call(triggers.runs.list_runs))[1])
    assert [each["run"] for each in listed["runs"]] == [run]


@pytest.mark.parametrize("run", ["none", "../documents", "A", "a/b"])
async def test_what_is_no_run_is_not_found(services: Services, run: str) -> None:
    assert (await call(triggers.runs.get_run, client=Client(), run=run))[0] == 404
    assert (await call(triggers.runs.get_report, run=run))[0] == 404


async def test_a_report_is_served_once_it_is_written(services: Services) -> None:
    await upload(services, one="1")
    run = (await post({"prefix": "bank/"}, Client()))[1]["run"]
    assert (await call(triggers.runs.get_report, run=run))[0] == 404
    await services.run_blobs.put(f"{run}/report.html", b"<html>")
    assert (await call(triggers.runs.get_report, run=run))[:2] == (200, b"<html>")


async def test_the_schema_of_a_spec_is_served(services: Services) -> None:
    status, data, _ = await call(triggers.runs.get_spec)
    assert status == 200
    assert "questions" in json.loads(data)["properties"]


async def test_an_uploaded_file_has_its_domain_gathered_once(services: Services) -> None:
    client = Client()
    uploaded = handler(triggers.documents.document_uploaded)
    for name in ("bank/1.pdf", "bank/deep/2.pdf", "root.pdf", "bank/1.pdf"):
        blob = type("Blob", (), {"name": f"documents/{name}"})()
        await uploaded(blob=blob, client=client)
    gathered = [(name, payload["domain"]) for name, payload in client.started.values()]
    assert gathered == [("gather", "bank"), ("gather", "root.pdf")]


async def test_the_sweep_gathers_only_domains_without_a_run(services: Services) -> None:
    await upload(services, one="1")
    await services.document_blobs.put("shop/1.pdf", b"1")
    await services.document_blobs.put("empty/raft.yaml", b"seed: 1")
    run = (await post({"prefix": "bank/"}, Client()))[1]["run"]
    await services.runs.prepare(run)
    client = Client()
    await handler(triggers.documents.sweep)(timer=None, client=client)
    assert [payload["domain"] for _, payload in client.started.values()] == ["shop"]
