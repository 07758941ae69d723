"""What people read: complete in few columns, without colour, whatever a document says."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from terminal import tables
from terminal.output import Output, printable
from tests.terminal.views import ANSWER, SPEND, WAITING, dataset_page, report, run_view

LISTED = {
    "run": "bank-1360c6b814",
    "domain": "bank",
    "state": "completed",
    "created": "2026-11-21T16:00:00+00:00",
    "stage": "report",
    "usd": 7.1367,
}


def shown(lines: Any, width: int) -> str:
    """Lines as a terminal of that width shows them."""
    out = Output()
    file = StringIO()
    out.console = Console(file=file, width=width, markup=False, highlight=False)
    out.live = True
    out.lines(lines)
    return file.getvalue()


@pytest.mark.parametrize("width", [200, 80, 40, 20])
def test_a_list_of_runs_is_whole_in_any_width(width: int) -> None:
    text = shown(tables.run_table([LISTED] * 2, width), width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for fact in ("bank-1360c6b814", "completed", "$7.1367", "2026-11-21"):
        assert words.count(fact) == 2


def test_no_runs_are_told_in_words() -> None:
    assert list(tables.run_table([], 80)) == ["There are no runs yet."]


def test_a_run_shows_what_goes_on_and_what_waits() -> None:
    text = "\n".join(tables.run_lines(run_view(approval=WAITING, budget_usd=25, seconds_left=9)))
    assert "now         generate, 1 of 4, $0.5000, 9 s left" in text
    assert "  ingest    2 of 2, 27 chunks, 3 paid calls, $0.5000" in text
    assert "spent       $0.5000 of $25, 3 paid calls" in text
    assert "raft approve bank-1360c6b814" in text


def test_a_run_in_the_cloud_shows_what_the_cloud_says() -> None:
    wait = {"status": "running", "event": "Step 20 of 90", "looks": 4}
    lines = list(tables.run_lines(run_view(stage="train", wait=wait)))
    assert "cloud       running: Step 20 of 90" in lines
    assert not any(line.startswith("cloud") for line in tables.run_lines(run_view()))


def test_a_run_that_ended_in_a_stage_shows_how_far_it_came() -> None:
    stage = {"started": "2026", "ended": "2026", "total": 0}
    view = run_view(
        "failed", reason="no money", ended="2026-11-21T17:00:00", stages={"train": stage}
    )
    text = "\n".join(tables.run_lines(view))
    assert "state       failed: no money" in text
    assert "train     not finished" in text


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ({"model": "m", "deployment": "raft-1", "usd_per_hour": 1.7}, "raft-1, $1.7 an hour"),
        ({"model": "m", "deployment": "raft-1", "usd_per_hour": 0.0}, "deployment  raft-1"),
        ({"model": "m", "removed": "2026", "removed_because": "its time"}, "removed: its time"),
    ],
)
def test_a_student_shows_what_it_costs_and_why_it_is_gone(
    student: dict[str, Any], words: str
) -> None:
    assert words in "\n".join(tables.run_lines(run_view(student=student)))


def test_who_decided_is_shown() -> None:
    approval = {"state": "rejected", "by": "Ada", "why": "too dear"}
    view = run_view("cancelled", approval=approval, cancel={"by": "Bo", "why": ""})
    text = "\n".join(tables.run_lines(view))
    assert "approval    rejected, by Ada, too dear" in text
    assert "cancelled   by Bo" in text


def test_a_report_shows_comparison_sentence_and_notes() -> None:
    text = "\n".join(tables.report_lines(report()))
    assert "+0.200  [+0.100, +0.300]" in text
    assert "The student answers better." in text
    assert "4 of 12 test rows" in text
    assert text.endswith("stand-ins.")


def test_rows_mark_the_document_that_holds_the_answer_and_say_how_to_go_on() -> None:
    lines = list(tables.dataset_lines(dataset_page()))
    assert "[1 of 3] test, factual, bank/fees.pdf#1/0" in lines
    assert "  * bank/fees.pdf#1" in lines
    assert "    bank/guide.pdf#2 (page 2, 3) Guide > Cards" in lines
    assert lines[-1] == "More: --offset 1"


def test_rows_that_are_not_there_are_answered_with_those_that_are() -> None:
    (line,) = tables.dataset_lines(dataset_page(rows=[], next=None))
    assert line == "No such rows. There are 3 test; 3 factual."


def test_both_answers_are_shown_with_their_quotes() -> None:
    text = "\n".join(tables.answer_lines(ANSWER))
    assert text.index("baseline") < text.index("I do not know.") < text.index("student")
    assert '" A card costs 5 pounds.\n    from bank/fees.pdf#1' in text
    assert '" So they say.\n    from no document that was shown' in text
    assert "found bank/fees.pdf#1" in text


def test_a_document_cannot_write_on_the_screen() -> None:
    hostile = "\x1b[2J\x9b31m\x07[bold]red[/bold]\rgone\nnext"
    text = shown(tables.dataset_lines(dataset_page(hostile)), 80)
    assert not any((ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160 for char in text)
    assert "[2J31m[bold]red[/bold]" in text
    assert printable("a\tb\nc") == "a\tb\nc"


def test_findings_name_what_is_wrong_without_colour() -> None:
    finding = {"what": "storage", "state": "wrong", "words": "no", "fix": "check DocumentsStorage"}
    assert list(tables.finding_lines([finding])) == [
        "WRONG storage: no",
        "      check DocumentsStorage",
    ]


def test_reused_work_is_told_apart() -> None:
    stage = {
        **run_view()["stages"]["ingest"],
        "spend": {**SPEND, "calls": 0, "usd": 0, "reused": 4},
    }
    assert "4 reused" in "\n".join(tables.run_lines(run_view(stages={"ingest": stage})))
