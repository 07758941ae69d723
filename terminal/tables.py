"""What commands show people, as plain lines that read without colour and in few columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local import session
from terminal.live import progress_words, wait_words

_LABEL = 11
_MARKS = {"ok": "ok   ", "wrong": "WRONG", "unused": "-    "}


def run_table(runs: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    """A line per run; two where the terminal is narrow."""
    if not runs:
        yield "There are no runs yet."
        return
    header = ("run", "state", "stage", "cost", "created")
    rows = [header, *(_run_cells(run) for run in runs)]
    sizes = [max(len(row[column]) for row in rows) for column in range(len(header))]
    if sum(sizes) + 2 * (len(sizes) - 1) <= width:
        for row in rows:
            yield "  ".join(map(str.ljust, row, sizes)).rstrip()
        return
    for name, *facts in rows[1:]:
        yield name
        yield f"  {', '.join(filter(None, facts))}"


def _run_cells(run: Mapping[str, Any]) -> tuple[str, ...]:
    cost = f"${run['usd']:.4f}"
    return run["run"], run["state"], run.get("stage") or "", cost, _minute(run["created"])


def run_lines(view: Mapping[str, Any]) -> Iterator[str]:
    """All that is known of one run."""
    yield _labelled("run", view["run"])
    yield _labelled("state", f"{view['state']}: {view['reason']}".rstrip(": "))
    yield _labelled("created", _minute(view["created"]))
    if view.get("ended"):
        yield _labelled("ended", _minute(view["ended"]))
    elif view.get("stage"):
        yield _labelled("now", f"{view['stage']}, {progress_words(dict(view))}")
        if words := wait_words(view):
            yield _labelled("cloud", words)
    yield _labelled("documents", str(view["documents"]))
    for line in session.stage_lines(dict(view), set()):
        yield f"  {line}"
    budget = f" of ${view['budget_usd']:g}" if view.get("budget_usd") else ""
    yield _labelled("spent", f"${view['usd']:.4f}{budget}, {view['calls']:,} paid calls")
    yield from _decisions(view)
    yield from _student(view["student"])


def _decisions(view: Mapping[str, Any]) -> Iterator[str]:
    approval, cancel = view.get("approval") or {}, view.get("cancel") or {}
    if approval:
        words = approval["state"]
        if words == "waiting":
            words = f"waiting until {_minute(approval['expires'])}: raft approve {view['run']}"
        yield _labelled("approval", words + _who(approval))
    if cancel:
        yield _labelled("cancelled", _who(cancel).strip(", "))


def _student(student: Mapping[str, Any]) -> Iterator[str]:
    if "model" not in student:
        return
    yield _labelled("student", student["model"])
    if "removed" in student:
        yield _labelled("deployment", f"removed: {student.get('removed_because', '')}")
    elif "deployment" in student:
        hourly = student.get("usd_per_hour")
        cost = f", ${hourly:g} an hour" if hourly else ""
        yield _labelled("deployment", f"{student['deployment']}{cost}")


def report_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """The comparison, its sentence, and what is to be known of the figures."""
    yield from session.comparison_lines(dict(report))
    yield ""
    yield report["headline"]["sentence"]
    scores = report["scores"]
    if "judged_rows" in scores and "rows" in scores:
        yield (
            f"Judged metrics score a seeded sample of {scores['judged_rows']} of {scores['rows']} "
            "test rows; the others score all."
        )
    yield from report.get("notes", ())


def dataset_lines(page: Mapping[str, Any]) -> Iterator[str]:
    """Rows of a page to be read: question, label, documents (* holds the answer)."""
    if not page["rows"]:
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(page["kinds"].items()))
        splits = ", ".join(f"{count} {name}" for name, count in sorted(page["splits"].items()))
        yield f"No such rows. There are {splits}; {kinds}."
        return
    for number, row in enumerate(page["rows"], page["offset"] + 1):
        yield f"[{number} of {page['total']}] {row['split']}, {row['kind']}, {row['id']}"
        yield from _block("Q", row["question"])
        yield from _block("A", row["label"])
        for at, document in enumerate(row["documents"]):
            mark = "*" if at in row["oracles"] else " "
            pages = ", ".join(map(str, document["pages"]))
            place = f" (page {pages})" if pages else ""
            yield f"  {mark} {document['chunk']}{place} {document['heading']}".rstrip()
        yield ""
    if page["next"] is not None:
        yield f"More: --offset {page['next']}"


def answer_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """The documents found for a question, and both models' answers with their quotes."""
    yield f"Q  {answer['question']}"
    for document in answer["documents"]:
        yield f"   found {document['chunk']}"
    for model in ("baseline", "student"):
        yield ""
        yield model
        yield from _block(" ", answer[model]["answer"])
        for quote in answer[model]["quotes"]:
            yield from _block('"', quote["text"])
            yield f"    from {quote['chunk'] or 'no document that was shown'}"


def finding_lines(findings: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """What doctor found, and what to change."""
    for finding in findings:
        yield f"{_MARKS[finding['state']]} {finding['what']}: {finding['words']}"
        if finding["fix"]:
            yield f"      {finding['fix']}"


def _labelled(label: str, text: str) -> str:
    return f"{label:<{_LABEL}} {text}"


def _block(mark: str, text: str) -> Iterator[str]:
    """Text under a mark, each of its lines indented."""
    first, *others = textwrap.dedent(text).strip().splitlines() or [""]
    yield f"  {mark} {first}"
    for line in others:
        yield f"    {line}"


def _who(decision: Mapping[str, Any]) -> str:
    by = f", by {decision['by']}" if decision.get("by") else ""
    return by + (f", {decision['why']}" if decision.get("why") else "")


def _minute(time: str) -> str:
    """An ISO time to the minute, in UTC as it is stored."""
    return time[:16].replace("T", " ")
