"""Records cross the wire unchanged and within their budgets; tallies are sums."""

from __future__ import annotations

import dataclasses
import json
import random
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from shared import contracts
from shared.contracts import (
    ACTIVITY_BYTES,
    BATCH_LIMIT,
    ORCHESTRATION_BYTES,
    FanOut,
    JobState,
    JobStatus,
    Outcome,
    OutcomeStatus,
    RunRef,
    Spend,
    Stage,
    StageRecord,
    Survey,
    Tally,
    from_wire,
    to_wire,
)
from shared.errors import REASON_CHARACTERS, WireTooLarge

RECORDS = [
    kind
    for kind in vars(contracts).values()
    if dataclasses.is_dataclass(kind) and kind.__module__.startswith(contracts.__name__)
]


def value_of(kind: Any, rng: random.Random) -> Any:
    """Some value of the annotated type."""
    if dataclasses.is_dataclass(kind):
        return record_of(kind, rng)
    if isinstance(kind, UnionType):
        return value_of(rng.choice(get_args(kind)), rng)
    if kind is type(None):
        return None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return rng.choice(list(kind))
    if get_origin(kind) is dict:
        return {f"drop_{n}": value_of(get_args(kind)[1], rng) for n in range(rng.randint(0, 4))}
    if get_origin(kind) is list:
        return [value_of(get_args(kind)[0], rng) for _ in range(rng.randint(0, 4))]
    simple: dict[type, Any] = {
        bool: rng.random() < 0.5,
        int: rng.randint(-1, 10_000),
        float: round(rng.uniform(0, 100), 6),
        str: rng.choice(["", "bank/guide.pdf", 'é "quoted" \\ \n 🙂', "</b>"]),
    }
    return simple[kind]


def record_of(kind: Any, rng: random.Random) -> Any:
    hints = get_type_hints(kind)
    return kind(**{f.name: value_of(hints[f.name], rng) for f in dataclasses.fields(kind)})


def outcome(n: int = 0, **changes: Any) -> Outcome:
    return dataclasses.replace(Outcome(f"item {n}", ref=f"run/item/{n}"), **changes)


def total(outcomes: list[Outcome]) -> Tally:
    tally = Tally()
    for one in outcomes:
        tally = tally.add(one)
    return tally


def test_the_records_of_the_module_are_found() -> None:
    assert {Spend, Outcome, Tally, FanOut, RunRef, StageRecord} <= set(RECORDS)


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_survives_the_wire_as_values_and_as_text(kind: type) -> None:
    rng = random.Random(kind.__name__)
    for _ in range(30):
        record = record_of(kind, rng)
        wire = to_wire(record, ORCHESTRATION_BYTES)
        assert from_wire(kind, wire) == record
        assert from_wire(kind, json.loads(json.dumps(wire))) == record
        assert from_wire(kind, json.dumps(wire)) == record


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_is_frozen(kind: type) -> None:
    record = record_of(kind, random.Random(1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, dataclasses.fields(kind)[0].name, None)


def test_wire_values_are_plain_json() -> None:
    wire = to_wire(JobStatus(JobState.RUNNING, "queued"))
    assert wire == {"state": "running", "status": "queued", "detail": ""}
    assert type(wire["state"]) is str


def test_records_of_earlier_and_later_releases_are_read() -> None:
    assert from_wire(RunRef, {"run": "r"}) == RunRef("r")
    assert from_wire(RunRef, {"run": "r", "index": 2, "later": True}) == RunRef("r", 2)


@pytest.mark.parametrize("data", [{}, {"run": None}, {"run": "r", "index": "x"}, "[]", "null"])
def test_what_is_no_such_record_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        from_wire(RunRef, data)


def test_a_payload_over_its_budget_is_refused_and_one_at_it_passes() -> None:
    room = ACTIVITY_BYTES - len(json.dumps(to_wire(Survey("", "f", 1))).encode())
    assert to_wire(Survey("x" * room, "f", 1))["domain"] == "x" * room
    with pytest.raises(WireTooLarge, match=f"Survey has {ACTIVITY_BYTES + 1} bytes"):
        to_wire(Survey("x" * (room + 1), "f", 1))


def test_budgets_count_bytes_and_not_characters() -> None:
    with pytest.raises(WireTooLarge):
        to_wire(Survey("é" * (ACTIVITY_BYTES // 2), "f", 1))


def test_an_orchestration_may_carry_more_than_an_activity() -> None:
    survey = Survey("x" * 8_000, "f", 1)
    assert from_wire(Survey, to_wire(survey, ORCHESTRATION_BYTES)) == survey
    with pytest.raises(WireTooLarge):
        to_wire(Survey("x" * ORCHESTRATION_BYTES, "f", 1), ORCHESTRATION_BYTES)


@pytest.mark.parametrize("letter", ["x", "é", "账", '"', "🙂"])
def test_an_outcome_with_a_long_name_and_reason_fits_an_activity(letter: str) -> None:
    long = Outcome(letter * 1_024, OutcomeStatus.FAILED, letter * 2_000, ref="r" * 200)
    assert len(long.reason) == REASON_CHARACTERS
    assert from_wire(Outcome, to_wire(long)) == long


@pytest.mark.parametrize("letter", ["x", "é", "账", '"', "\\"])
def test_a_stage_of_nothing_but_problems_still_fits_an_activity(letter: str) -> None:
    failed = [
        outcome(n, item=letter * 300, status=OutcomeStatus.FAILED, reason=letter * 500, fatal=True)
        for n in range(200)
    ]
    tally = dataclasses.replace(total(failed), counts={f"drop_reason_{n}": 9 for n in range(20)})
    assert tally.failed == 200
    assert tally.problems
    assert to_wire(StageRecord("bank-20250101-abcdef", Stage.GENERATE, True, 200, tally))


def test_a_lane_carries_its_tally_within_an_orchestrations_budget() -> None:
    failed = [
        outcome(n, status=OutcomeStatus.FAILED, reason="账" * 500, fatal=True) for n in range(99)
    ]
    assert to_wire(FanOut("run", 10_000, tally=total(failed)), ORCHESTRATION_BYTES)


def test_tallies_count_by_status_and_sum_counts_and_spend() -> None:
    tally = total(
        [
            outcome(1, counts={"examples": 3, "drop_no_quote": 1}, spend=Spend(2, 10, 5, 0.1)),
            outcome(2, counts={"examples": 4}, spend=Spend(1, 20, 6, 0.2, reused=3)),
            outcome(3, status=OutcomeStatus.REJECTED, reason="no question"),
            outcome(
                4, status=OutcomeStatus.FAILED, reason="throttled", counts={"drop_no_quote": 2}
            ),
        ]
    )
    assert (tally.ok, tally.rejected, tally.failed, tally.done) == (2, 1, 1, 4)
    assert tally.counts == {"examples": 7, "drop_no_quote": 3}
    assert tally.spend == Spend(3, 30, 11, 0.3, 3)
    assert tally.problems == ["item 3: no question", "item 4: throttled"]
    assert tally.fatal == ""


def test_merging_lanes_is_the_same_as_counting_all_items_in_one() -> None:
    rng = random.Random(2)
    outcomes = [
        outcome(
            n,
            status=rng.choice(list(OutcomeStatus)),
            counts={rng.choice("abc"): rng.randint(1, 5)},
            spend=Spend(1, rng.randint(1, 99), rng.randint(1, 99), rng.randint(1, 99) / 1e6),
        )
        for n in range(BATCH_LIMIT)
    ]
    merged = total(outcomes[:20]).merge(total(outcomes[20:35])).merge(total(outcomes[35:]))
    whole = total(outcomes)
    assert dataclasses.replace(merged, problems=[]) == dataclasses.replace(whole, problems=[])
    assert merged.problems == whole.problems


def test_adding_changes_no_tally() -> None:
    before = Tally(counts={"a": 1})
    before.add(outcome(counts={"a": 1}, status=OutcomeStatus.FAILED))
    assert before == Tally(counts={"a": 1})


def test_the_first_fatal_reason_stays() -> None:
    tally = total(
        [
            outcome(1, status=OutcomeStatus.FAILED, reason="harmless"),
            outcome(2, status=OutcomeStatus.FAILED, reason="401", fatal=True),
            outcome(3, status=OutcomeStatus.FAILED, reason="403", fatal=True),
        ]
    )
    assert tally.fatal == "401"


def test_spends_add_up_without_drift() -> None:
    spend = Spend()
    for _ in range(10_000):
        spend += Spend(1, 3, 2, 0.000_000_1)
    assert spend == Spend(10_000, 30_000, 20_000, 0.001)


def test_names_are_registered_once_and_say_the_function() -> None:
    names = [*contracts.Activity, *contracts.Orchestrator]
    assert len({name.value for name in names}) == len(names)
    assert all(name.value == name.name.lower() for name in names)
