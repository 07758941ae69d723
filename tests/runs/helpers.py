"""What whole-run tests share: small documents, quick settings, and the models' own books."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from azure.storage.blob import ContainerClient

from local.stack import Stack
from shared.services.runs import run_id
from shared.settings import DOCUMENTS_CONTAINER, RUNS_CONTAINER
from tests.pdfs import prose, text_pdf

T = TypeVar("T")
View = dict[str, Any]

CONCURRENCY = 4
SETTINGS = {
    "QUIET_PERIOD_SECONDS": "0.5",
    "POLL_SECONDS": "0.2",
    "MODEL_TIMEOUT_SECONDS": "2",
    "MODEL_CONCURRENCY": str(CONCURRENCY),
}
MODEL_OPTIONS = (
    *("--job-seconds", "0.3"),
    *("--deploy-seconds", "0.1"),
    *("--file-seconds", "0.1"),
    *("--latency-ms", "10"),
)
JUDGED = (
    "chunk_size: 96\nevaluation: {judge_sample: 1, sample: 1, distractor_sweep: [0, 1], "
    "judge_repeats: 0, metrics: [faithfulness, semantic_similarity], bootstrap_draws: 200}\n"
)
UNJUDGED = (
    "chunk_size: 96\nevaluation: {settings: [open_book], distractor_sweep: [], judge_sample: 0, "
    "bootstrap_draws: 200}\n"
)
PATIENCE = 90.0


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: Any


def http(url: str, method: str = "GET", body: bytes | None = None) -> Answer:
    """An HTTP call whose body is sent as it is; `body` of the answer is its JSON, or its text."""
    request = urllib.request.Request(url, body, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return Answer(answer.status, dict(answer.headers), _read(answer.read()))
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), _read(error.read()))


def post(stack: Stack, body: Any) -> Answer:
    """POST /api/runs."""
    return http(f"{stack.url}/api/runs", "POST", json.dumps(body).encode())


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """What `look` gives once it gives something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise TimeoutError(f"no {what} after {seconds:g} s")


def documents(stack: Stack) -> ContainerClient:
    """The container that people drop documents into."""
    return _container(stack, DOCUMENTS_CONTAINER)


def upload(stack: Stack, domain: str, files: Mapping[str, bytes | str]) -> None:
    """Drop files into a domain's folder; the spec goes first, as nothing starts from it alone."""
    container = documents(stack)
    for name in sorted(files, key=lambda name: name != "raft.yaml"):
        container.upload_blob(f"{domain}/{name}", files[name], overwrite=True)


def corpus(first: int, count: int = 2, sections: int = 5, spec: str = UNJUDGED) -> dict[str, Any]:
    """A spec and prose, a PDF and text files, which cost a run far less to read; numbers that no
    other test uses give facts that no other has paid."""
    files: dict[str, Any] = {f"{first}.pdf": text_pdf(prose(first, sections))}
    files |= {f"{n}.txt": prose(n, sections) for n in range(first + 1, first + count)}
    return files | {"raft.yaml": spec}


def runs_of(stack: Stack, domain: str) -> list[str]:
    """The domain's runs, newest first, by their records: the API reads those of all domains."""
    container = _container(stack, RUNS_CONTAINER)
    readable = run_id(domain, "", {}).rpartition("-")[0]
    folders = container.walk_blobs(name_starts_with=f"{readable}-", delimiter="/")
    found = [manifest(stack, each.name.rstrip("/")) for each in folders]
    found.sort(key=lambda record: str(record["created"]), reverse=True)
    return [record["run"] for record in found if record["domain"] == domain]


def new_run(stack: Stack, domain: str, known: int = 0) -> str:
    """The domain's newest run, once it has more than `known`."""

    def look() -> str | None:
        found = runs_of(stack, domain)
        return found[0] if len(found) > known else None

    return until(look, f"run {known + 1} of {domain}")


def finish(stack: Stack, domain: str, known: int = 0) -> View:
    """The domain's newest run once it has ended."""
    return stack.wait_for_run(new_run(stack, domain, known), PATIENCE)


def completed(stack: Stack, domain: str, known: int = 0) -> View:
    """The domain's newest run, which must end well."""
    view = finish(stack, domain, known)
    assert view["state"] == "completed", view["reason"]
    return view


def blob(stack: Stack, name: str) -> bytes:
    """A blob of the run records."""
    return bytes(_container(stack, RUNS_CONTAINER).download_blob(name).readall())


def manifest(stack: Stack, run: str) -> View:
    """The run record."""
    return dict(json.loads(blob(stack, f"{run}/manifest.json")))


def dataset(stack: Stack, run: str) -> dict[str, bytes]:
    """Every file of the run's dataset, by name."""
    prefix = f"{run}/dataset/"
    container = _container(stack, RUNS_CONTAINER)
    names = [
        name.removeprefix(prefix) for name in container.list_blob_names(name_starts_with=prefix)
    ]
    return {name: blob(stack, prefix + name) for name in names}


def put_fault(stack: Stack, kind: str, deployment: str = "teacher", **options: Any) -> None:
    """Switch a fault on."""
    fault = {"kind": kind, "deployment": deployment, **options}
    status, answer = stack.call("PUT", "/_stand-in/faults", fault, base=stack.models_url)
    assert status == 200, answer


def clear_faults(stack: Stack) -> None:
    """Switch all faults off."""
    stack.call("DELETE", "/_stand-in/faults", base=stack.models_url)


def clear_requests(stack: Stack) -> None:
    """Have the models begin a new log of requests."""
    stack.call("DELETE", "/_stand-in/requests", base=stack.models_url)


def requests(stack: Stack, deployment: str = "") -> list[dict[str, Any]]:
    """The models' log of requests, those to one deployment or all."""
    entries = stack.get("/_stand-in/requests", base=stack.models_url)["requests"]
    return [each for each in entries if deployment in ("", each["deployment"])]


def billed(stack: Stack) -> tuple[int, int]:
    """Prompt and completion tokens that the models billed since their log began."""
    totals = stack.get("/_stand-in/ledger", base=stack.models_url)["deployments"].values()
    return (
        sum(row["prompt_tokens"] for row in totals),
        sum(row["completion_tokens"] for row in totals),
    )


def jobs(stack: Stack) -> list[dict[str, Any]]:
    """All fine-tuning jobs, newest first."""
    return _list(stack, "/openai/v1/fine_tuning/jobs?limit=1000", "data")


def deployments(stack: Stack) -> list[str]:
    """Names of all deployments that runs have made."""
    path = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/"
        "Microsoft.CognitiveServices/accounts/local/deployments?api-version=2024-10-01"
    )
    return [str(each["name"]) for each in _list(stack, path, "value")]


def assert_clean(stack: Stack) -> None:
    """The host found no fault with the app: no non-determinism, nothing over a byte budget."""
    status = stack.get("/admin/host/status")
    assert status["strict"] is True
    assert status["errors"] == []
    assert status["violations"] == []


@lru_cache(maxsize=8)
def _container(stack: Stack, name: str) -> ContainerClient:
    """A client that is kept: making one asks the service whether the container is there."""
    return stack.container(name)


def _list(stack: Stack, path: str, field: str) -> list[dict[str, Any]]:
    request = urllib.request.Request(stack.models_url + path, headers={"api-key": "local"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return list(json.loads(answer.read())[field])


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")
