"""What views make of records: stages in their states, the spec as fields, numbers as words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from console import words
from console.forms import fields_of
from console.runs import timeline
from shared.spec import RunSpec, spec_schema
from tests.console import samples

NOW = datetime(2026, 1, 1, 0, 2, tzinfo=UTC)


def states(**over: Any) -> dict[str, str]:
    stages = timeline(samples.view("bank", **over), NOW)
    return {stage["name"]: stage["state"] for stage in stages}


def test_stages_are_behind_under_way_or_ahead() -> None:
    found = states()
    assert (found["ingest"], found["approve"], found["train"]) == ("done", "now", "ahead")
    assert states(state="failed")["approve"] == "failed"
    assert states(state="cancelled")["report"] == "skipped"
    none = states(stages={}, stage=None, state="pending")
    assert set(none.values()) == {"ahead"}
    assert "approve" not in none


def test_a_stage_under_way_counts_as_its_lanes_do() -> None:
    (now,) = [s for s in timeline(samples.view("x", done=3, total=9), NOW) if s["state"] == "now"]
    assert (now["done"], now["total"], now["seconds"]) == (3, 9, 60)


def test_every_field_of_the_spec_is_in_the_form_with_its_bounds() -> None:
    fields = {f["name"]: f for group in fields_of(spec_schema()) for f in group["fields"]}

    def leaves(value: Any, prefix: str = "") -> set[str]:
        if not isinstance(value, dict):
            return {prefix}
        return {
            leaf
            for name, each in value.items()
            for leaf in leaves(each, f"{prefix}.{name}" if prefix else name)
        }

    assert fields.keys() == leaves(RunSpec().model_dump())
    assert (fields["questions"]["kind"], fields["questions"]["low"]) == ("whole", 1)
    assert fields["student.method"]["kind"] == "choice"
    assert "dpo" in fields["student.method"]["choices"]
    assert fields["verification.support"]["kind"] == "truth"
    assert fields["budget.usd"]["kind"] == "number"
    assert fields["evaluation.distractor_sweep"]["kind"] == "wholes"
    assert fields["exports"]["kind"] == "choices"
    assert fields["student.hyperparameters.reasoning_effort"]["choices"] == [
        "low",
        "medium",
        "high",
    ]


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (words.usd(0.00012), "$0.0001"),
        (words.usd(1234.5), "$1,234.50"),
        (words.usd(None), "–"),
        (words.score(float("nan")), "–"),
        (words.change(-0.25), "−0.250"),
        (words.change(-0.0001), "0.000"),
        (words.count(1e6), "1,000,000"),
        (words.duration(3_700), "1 h 1 min"),
        (words.counted(1, "pages_by_vision"), "1 page by vision"),
        (words.counted(2, "pages"), "2 pages"),
        (words.moment("2026-01-02T03:04:05+01:00"), "2 Jan 2026, 02:04 UTC"),
        (words.moment("soon"), "–"),
        (words.pages([3]), "page 3"),
        (words.pages([5, 3, 4]), "pages 3–5"),
        (words.pages([1, 3]), "pages 1, 3"),
        (words.pages([]), ""),
        (words.label("closed_book", words.METRICS), "Closed book"),
        (words.label("new_metric", words.METRICS), "New metric"),
    ],
)
def test_values_are_shown_as_people_write_them(shown: str, wanted: str) -> None:
    assert shown == wanted
