"""Documents and specs that cannot be used: each costs itself alone, and the record says why."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from local.models.tokens import count_prompt
from local.stack import Stack
from shared.raft.prompts import answer_prompt, questions_prompt
from shared.spec import RunSpec
from tests.pdfs import bomb_pdf, prose, scanned_pdf, text_pdf
from tests.runs.helpers import (
    UNJUDGED,
    View,
    blob,
    completed,
    corpus,
    finish,
    jobs,
    manifest,
    requests,
    upload,
)

GOOD = text_pdf(prose(200, 1))
BAD: dict[str, tuple[bytes, str, str]] = {
    # name: content, code, words of the reason
    "encrypted.pdf": (text_pdf(prose(201, 1), password="secret"), "encrypted", "password"),
    "truncated.pdf": (GOOD[: len(GOOD) // 2], "damaged", "cannot be read"),
    "zero.pdf": (b"", "empty_file", "0 bytes"),
    "scanned.pdf": (scanned_pdf(2), "no_text", "may be scanned"),
    "page.pdf": (b"<!doctype html><html><body>Hello</body></html>", "not_a_pdf", "not a PDF"),
    "letter.docx": (b"PK\x03\x04 a letter", "unsupported", "was not read: only"),
}
BOMB = "bomb.pdf"


def test_bad_documents_cost_themselves_and_the_run_completes(stack: Stack) -> None:
    bomb = bomb_pdf()
    assert len(bomb) < 32_000
    files = {name: content for name, (content, _, _) in BAD.items()} | {BOMB: bomb}
    upload(stack, "mixed", corpus(210) | files)
    view = completed(stack, "mixed")

    run = view["run"]
    assert view["documents"] == len(BAD) + 3
    record = manifest(stack, run)
    stage = record["stages"]["ingest"]
    bomb_code, bomb_reason = _reason_of(stack, run, f"mixed/{BOMB}")
    read = 2 + (bomb_code == "")  # a reader that is quick enough may read it after all
    assert bomb_code == "" or f"mixed/{BOMB}" in bomb_reason
    assert (stage["ok"], stage["rejected"]) == (read, 1)
    assert stage["ok"] + stage["rejected"] + stage["failed"] == view["documents"]
    codes = Counter([bomb_code, *(code for _, code, _ in BAD.values())])
    expected = {f"document_{code}": count for code, count in codes.items() if code}
    found = {name: n for name, n in stage["counts"].items() if name.startswith("document_")}
    assert found == expected
    for name, (_, code, words) in BAD.items():
        assert _problem_of(record, f"mixed/{name}").count(words) == 1, name
        assert _reason_of(stack, run, f"mixed/{name}")[0] == code
    _assert_no_stack_trace(stack, view)
    _assert_no_empty_document_asked(stack)


def test_only_bad_documents_fail_before_any_question_is_asked(stack: Stack) -> None:
    before = len(jobs(stack))
    files = {name: content for name, (content, _, _) in BAD.items()}
    upload(stack, "hopeless", files | {"raft.yaml": UNJUDGED})
    view = finish(stack, "hopeless")
    assert view["state"] == "failed"
    assert view["reason"].startswith("no document gave any text. First: hopeless/")
    record = manifest(stack, view["run"])
    for name, (_, _, words) in BAD.items():
        assert words in _problem_of(record, f"hopeless/{name}")
    assert {each["deployment"] or "" for each in requests(stack)} <= {"", "vision"}
    assert len(jobs(stack)) == before
    _assert_no_stack_trace(stack, view)


@pytest.mark.parametrize(
    ("domain", "text", "words"),
    [
        ("typo", "chunk_sise: 96\n", "chunk_sise: unknown field"),
        ("range", "chunk_size: 1\n", "chunk_size: "),
        ("nested", "splits: {train: 0.9}\n", "splits: train, valid and test must add up"),
        ("syntax", "chunk_size: [\n", "syntax/raft.yaml: not valid YAML"),
        ("scalar", "chunk_size\n", "scalar/raft.yaml: must be a mapping"),
        ("binary", b"\x00\xff\xfe", "binary/raft.yaml: not valid YAML"),
    ],
)
def test_a_broken_spec_file_is_a_failed_run_that_names_the_field(
    stack: Stack, domain: str, text: str | bytes, words: str
) -> None:
    upload(stack, domain, {"1.pdf": GOOD, "raft.yaml": text})
    view = finish(stack, domain)
    assert view["state"] == "failed"
    assert view["reason"].startswith(words)
    assert requests(stack) == []
    _assert_no_stack_trace(stack, view)


def _problem_of(record: View, name: str) -> str:
    """What the run record says of a document."""
    problems: list[str] = record["stages"]["ingest"]["problems"]
    return next(each for each in problems if each.startswith(name))


def _reason_of(stack: Stack, run: str, name: str) -> tuple[str, str]:
    """Code and problem in the document's own record."""
    names = [each["name"] for each in manifest(stack, run)["documents"]]
    record = json.loads(blob(stack, f"{run}/documents/{names.index(name):05}.json"))
    return record["code"], record["problem"]


def _assert_no_stack_trace(stack: Stack, view: View) -> None:
    """In nothing that a person is shown."""
    shown = [json.dumps(view), blob(stack, f"{view['run']}/manifest.json").decode()]
    if report := view["links"].get("report"):
        shown.append(blob(stack, report).decode())
    for text in shown:
        for trace in ("Traceback", 'File "', "\\n  File", ".py", "site-packages"):
            assert trace not in text


def _assert_no_empty_document_asked(stack: Stack) -> None:
    """Every teacher's prompt is longer than the shortest one around no document at all."""
    spec = RunSpec(chunk_size=96)
    empty = min(
        count_prompt(questions_prompt(spec.prompts, [""], {"factual": spec.questions})),
        count_prompt(answer_prompt(spec.prompts, [""], "")),
    )
    asked = [each["usage"]["prompt_tokens"] for each in requests(stack, "teacher")]
    assert asked
    assert min(asked) > empty
