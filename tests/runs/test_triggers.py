"""What starts a run: uploads, however often they are announced or asked for, and the sweep."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.stack import Stack
from tests.pdfs import prose, text_pdf
from tests.runs.helpers import (
    MODEL_OPTIONS,
    PATIENCE,
    SETTINGS,
    UNJUDGED,
    assert_clean,
    blob,
    documents,
    finish,
    http,
    manifest,
    new_run,
    post,
    runs_of,
    upload,
)

TINY = {n: text_pdf(prose(n, 1)) for n in range(300, 312)}  # too little to train on: short runs
QUIET = float(SETTINGS["QUIET_PERIOD_SECONDS"])


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that no blob event reaches, and whose sweep comes every two seconds."""
    stack = Stack(
        tmp_path_factory.mktemp("deaf"),
        settings={**SETTINGS, "SWEEP_SCHEDULE": "*/2 * * * * *"},
        host_options=("--strict", "--blob-poll", "3600"),
        model_options=MODEL_OPTIONS,
    )
    with stack:
        yield stack


def test_an_uploaded_file_starts_one_run_of_its_folder(stack: Stack) -> None:
    upload(stack, "one", {"1.pdf": TINY[300], "raft.yaml": UNJUDGED})
    view = finish(stack, "one")
    assert [each["name"] for each in manifest(stack, view["run"])["documents"]] == ["one/1.pdf"]
    _assert_still(stack, "one", [view["run"]])


def test_ten_concurrent_attempts_and_the_event_make_one_run(stack: Stack) -> None:
    upload(stack, "ten", {"1.pdf": TINY[301], "raft.yaml": UNJUDGED})
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: post(stack, {"prefix": "ten/"}), range(10)))
    assert {answer.status for answer in answers} == {202}
    (run,) = {answer.body["run"] for answer in answers}
    assert sum(answer.body["created"] for answer in answers) <= 1
    stack.wait_for_run(run, PATIENCE)
    _assert_still(stack, "ten", [run])
    instances = http(f"{stack.url}/runtime/webhooks/durabletask/instances?instanceIdPrefix=ten-")
    assert [each["instanceId"] for each in instances.body if each["name"] == "raft_run"] == [run]


def test_ten_files_in_one_folder_are_one_run(stack: Stack) -> None:
    files = {f"{n}.pdf": TINY[n] for n in range(300, 310)}
    files["raft.yaml"] = b"chunk_size: 2000\nquestions: 1\n"
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda name: upload(stack, "batch", {name: files[name]}), sorted(files)))
    run = new_run(stack, "batch")
    assert len(manifest(stack, run)["documents"]) == 10
    stack.wait_for_run(run, PATIENCE)
    _assert_still(stack, "batch", [run])


def test_a_replaced_file_is_another_run(stack: Stack) -> None:
    upload(stack, "replaced", {"1.pdf": TINY[302], "raft.yaml": UNJUDGED})
    first = finish(stack, "replaced")["run"]
    upload(stack, "replaced", {"1.pdf": TINY[303]})
    second = finish(stack, "replaced", known=1)["run"]
    assert second != first
    before, after = (manifest(stack, run)["documents"][0] for run in (first, second))
    assert before["name"] == after["name"]
    assert before["etag"] != after["etag"]
    texts = [blob(stack, f"{run}/documents/00000.json").decode() for run in (first, second)]
    assert "Meadow 302-0" in texts[0] and "Meadow 303-0" in texts[1]
    _assert_still(stack, "replaced", [second, first])


def test_a_file_added_while_a_run_works_is_another_run(stack: Stack) -> None:
    upload(stack, "late", {"1.pdf": TINY[304], "raft.yaml": UNJUDGED})
    first = new_run(stack, "late")
    upload(stack, "late", {"2.pdf": TINY[305]})
    second = finish(stack, "late", known=1)
    assert second["documents"] == 2
    stack.wait_for_run(first, PATIENCE)
    _assert_still(stack, "late", [second["run"], first])


def test_a_file_at_the_root_is_a_domain_of_its_own(stack: Stack) -> None:
    documents(stack).upload_blob("root.pdf", TINY[306])
    documents(stack).upload_blob("root.pdf.pdf", TINY[307])
    for domain in ("root.pdf", "root.pdf.pdf"):
        view = finish(stack, domain)
        assert [each["name"] for each in manifest(stack, view["run"])["documents"]] == [domain]


def test_the_sweep_finds_a_file_that_no_event_announced(deaf: Stack) -> None:
    upload(deaf, "missed", {"1.pdf": TINY[308], "raft.yaml": UNJUDGED})
    view = finish(deaf, "missed")
    assert view["documents"] == 1
    time.sleep(4.5)  # two more sweeps
    assert runs_of(deaf, "missed") == [view["run"]]
    assert_clean(deaf)


def _assert_still(stack: Stack, domain: str, runs: list[str]) -> None:
    """No further run comes, in the time in which one would."""
    time.sleep(3 * QUIET)
    assert runs_of(stack, domain) == runs
