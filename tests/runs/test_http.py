"""The HTTP API: refusals name the field, a good POST starts one run that its links show."""

from __future__ import annotations

from typing import Any

import pytest

from local.stack import Stack
from shared.spec import RunSpec
from tests.pdfs import prose, text_pdf
from tests.runs.helpers import (
    PATIENCE,
    UNJUDGED,
    assert_clean,
    http,
    new_run,
    post,
    runs_of,
    until,
    upload,
)

DOMAIN = "http"
DOCUMENT = f"{DOMAIN}/1.pdf"

WRONG: list[tuple[str, Any]] = [
    ("pages", {"prefix": f"{DOMAIN}/", "pages": 3}),
    ("documents", {}),
    ("documents", {"prefix": f"{DOMAIN}/", "documents": [DOCUMENT]}),
    ("documents", {"documents": DOCUMENT}),
    ("documents", {"documents": []}),
    ("documents", {"documents": [1]}),
    ("documents[1]", {"documents": [DOCUMENT, f"{DOMAIN}/none.pdf"]}),
    ("documents[1]", {"documents": [DOCUMENT, "elsewhere/1.pdf"]}),
    ("prefix", {"prefix": 5}),
    ("prefix", {"prefix": ""}),
    ("prefix", {"prefix": "nowhere/"}),
    ("prefix", {"prefix": "\x00/"}),
    ("prefix", {"prefix": "../runs/"}),
    ("prefix", {"prefix": "a" * 3_000}),
    ("documents", {"documents": ["a" * 3_000]}),
    ("again", {"prefix": f"{DOMAIN}/", "again": "yes"}),
    ("spec", {"prefix": f"{DOMAIN}/", "spec": ["chunk_size"]}),
    ("chunk_sise", {"prefix": f"{DOMAIN}/", "spec": {"chunk_sise": 96}}),
    ("chunk_size", {"prefix": f"{DOMAIN}/", "spec": {"chunk_size": "big"}}),
    ("chunk_size", {"prefix": f"{DOMAIN}/", "spec": {"chunk_size": 1}}),
    ("prompts", {"prefix": f"{DOMAIN}/", "spec": {"prompts": "poem"}}),
    ("p", {"prefix": f"{DOMAIN}/", "spec": {"p": 1e308}}),
    ("seed", {"prefix": f"{DOMAIN}/", "spec": {"seed": 2**80}}),
    ("splits.train", {"prefix": f"{DOMAIN}/", "spec": {"splits": {"train": 2}}}),
    ("student.method", {"prefix": f"{DOMAIN}/", "spec": {"student": {"method": "rlhf"}}}),
]


@pytest.fixture(scope="module")
def folder(_shared: Stack) -> str:
    """A folder with one small document, gathered: too little to train on, so its runs are short."""
    upload(_shared, DOMAIN, {"1.pdf": text_pdf(prose(100, 1)), "raft.yaml": UNJUDGED})
    _shared.wait_for_run(new_run(_shared, DOMAIN), PATIENCE)
    return DOMAIN


@pytest.mark.parametrize(
    ("field", "body"), WRONG, ids=[f"{f}-{n}" for n, (f, _) in enumerate(WRONG)]
)
def test_a_wrong_body_is_refused_naming_the_field(
    stack: Stack, folder: str, field: str, body: Any
) -> None:
    before = runs_of(stack, folder)
    answer = post(stack, body)
    assert answer.status == 400
    assert answer.body["error"]["field"] == field
    assert answer.body["error"]["message"]
    assert runs_of(stack, folder) == before


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe{}", b'{"spec": NaN}', b'["\\ud800"]']
)
def test_a_body_that_is_no_json_object_is_refused(stack: Stack, body: bytes) -> None:
    answer = http(f"{stack.url}/api/runs", "POST", body)
    assert answer.status == 400
    assert "JSON" in answer.body["error"]["message"]


def test_a_good_post_is_accepted_with_links_that_answer(stack: Stack, folder: str) -> None:
    answer = post(stack, {"documents": [DOCUMENT], "spec": {"questions": 2}})
    run = answer.body["run"]
    assert answer.status == 202
    assert answer.body["created"] is True
    assert answer.headers["Location"] == answer.body["statusQueryGetUri"]
    assert answer.body["id"] == run

    status = http(answer.body["statusQueryGetUri"])
    assert status.status in (200, 202)
    assert status.body["instanceId"] == run
    assert status.body["name"] == "raft_run"
    own = http(answer.body["runUri"])
    assert own.status == 200
    assert own.body["run"] == run

    stack.wait_for_run(run, PATIENCE)
    ended = until(lambda: _ended(answer.body["statusQueryGetUri"]), "end of the orchestration")
    assert ended["runtimeStatus"] == "Failed"
    assert "training rows at most, fewer than the 10" in ended["output"]
    assert_clean(stack)


def test_a_repeated_post_is_the_same_run_and_another_spec_another(
    stack: Stack, folder: str
) -> None:
    body = {"prefix": f"{folder}/", "spec": {"seed": 7}}
    first, second = post(stack, body), post(stack, body)
    assert (first.status, second.status) == (202, 202)
    assert second.body["run"] == first.body["run"]
    assert (first.body["created"], second.body["created"]) == (True, False)
    other = post(stack, {**body, "spec": {"seed": 8}})
    assert other.body["run"] != first.body["run"]
    for answer in (first, other):
        stack.wait_for_run(answer.body["run"], PATIENCE)


def test_a_failed_run_is_tried_again_only_when_asked(stack: Stack, folder: str) -> None:
    (run,) = [each for each in runs_of(stack, folder)[-1:]]
    assert post(stack, {"prefix": f"{folder}/"}).body["run"] == run
    again = post(stack, {"prefix": f"{folder}/", "again": True}).body
    assert again["run"] == f"{run}-2"
    assert again["created"] is True
    stack.wait_for_run(again["run"], PATIENCE)


def test_runs_are_listed_newest_first_and_shown_one_by_one(stack: Stack, folder: str) -> None:
    listed = http(f"{stack.url}/api/runs")
    assert listed.status == 200
    created = [run["created"] for run in listed.body["runs"]]
    assert len(created) > 1
    assert created == sorted(created, reverse=True)
    for run in runs_of(stack, folder):
        shown = http(f"{stack.url}/api/runs/{run}")
        assert shown.status == 200
        assert (shown.body["run"], shown.body["domain"]) == (run, folder)


@pytest.mark.parametrize(
    "path",
    [
        "/api/runs/" + "a" * 3_000,
        "/api/runs/none",
        "/api/runs/none/report",
        "/api/runs/..%2fwork",
        "/api/runs/%00",
        "/api/runs/..%2fdocuments%2fhttp/report",
    ],
)
def test_an_unknown_run_is_not_found(stack: Stack, path: str) -> None:
    answer = http(stack.url + path)
    assert answer.status == 404
    assert answer.body["error"]["message"]


def test_the_schema_of_the_spec_names_every_field(stack: Stack) -> None:
    answer = http(f"{stack.url}/api/spec")
    assert answer.status == 200
    assert set(answer.body["properties"]) == set(RunSpec.model_fields)
    assert answer.body["additionalProperties"] is False


def _ended(link: str) -> dict[str, Any] | None:
    answer = http(link)
    return answer.body if answer.status == 200 else None
