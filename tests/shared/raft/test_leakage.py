"""The leakage report finds each planted leak, and nothing in rows that have none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.raft.answers import abstention, without_source
from shared.raft.examples import Row, ShownDocument
from shared.raft.leakage import LeakageReport

TEXTS = {f"d#{n}": f"Fact {n} is here. It costs {n} pounds." for n in range(12)}
LEAKS = (
    "oracle_groups_in_two_splits",
    "questions_in_two_splits",
    "test_oracles_shown_in_train_or_valid",
    "rows_quoting_text_not_shown",
)


def row(n: int, split: str, **changes: Any) -> Row:
    """A row whose oracle d#n stands beside the chunk after it, both of its own split."""
    label = f"It says ##begin_quote##Fact {n} is here.##end_quote##\n<ANSWER>: {n}"
    documents = [ShownDocument(f"d#{k}", TEXTS[f"d#{k}"]) for k in (n, n + 1)]
    clean = Row(
        f"d#{n}/0", split, f"d#{n}", f"What is fact {n}?", documents, [0], label, label, str(n), []
    )
    return replace(clean, **changes)


def clean() -> list[Row]:
    return [row(0, "train"), row(2, "train"), row(4, "valid"), row(6, "test"), row(8, "test")]


def report(rows: list[Row], texts: dict[str, str] = TEXTS) -> dict[str, Any]:
    found = LeakageReport(r.quotes for r in rows if r.split == "test")
    for one in rows:
        found.add(one, [texts[one.id.rpartition("/")[0]]])
    return found.figures()


def test_clean_rows_have_no_leak() -> None:
    figures = report(clean())
    assert [figures[name] for name in LEAKS] == [0, 0, 0, 0]
    assert figures["test_oracles"] == 2
    assert figures["oracle_positions"] == [5, 0]


def test_a_group_in_two_splits_is_found() -> None:
    leaky = row(10, "test", group="d#0")
    assert report([*clean(), leaky])["oracle_groups_in_two_splits"] == 1


def test_a_group_in_three_splits_is_one_group() -> None:
    leaky = [row(0, "train"), row(2, "valid", group="d#0"), row(4, "test", group="d#0")]
    assert report(leaky)["oracle_groups_in_two_splits"] == 1


def test_a_question_in_two_splits_is_found_whatever_its_form() -> None:
    leaky = row(10, "test", question="what is  FACT 0")
    assert report([*clean(), leaky])["questions_in_two_splits"] == 1


def test_a_question_twice_in_one_split_is_no_leak() -> None:
    leaky = row(10, "train", question="What is fact 0?")
    assert report([*clean(), leaky])["questions_in_two_splits"] == 0


@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_test_oracle_shown_as_a_distractor_is_found(split: str) -> None:
    leaky = row(10, split, documents=[ShownDocument("d#10", TEXTS["d#10"]),
                                      ShownDocument("d#6", TEXTS["d#6"])])  # fmt: skip
    assert report([*clean(), leaky])["test_oracles_shown_in_train_or_valid"] == 1


def test_a_copy_of_a_test_oracle_under_another_id_is_found() -> None:
    copy = TEXTS["d#6"].replace(" ", "\n ")
    leaky = row(10, "train", documents=[ShownDocument("e#0", copy)], oracles=[], label=abstention())
    assert report([*clean(), leaky])["test_oracles_shown_in_train_or_valid"] == 1


def test_an_oracle_that_train_answers_about_without_showing_it_is_found() -> None:
    hidden = row(0, "train", documents=[], oracles=[], label=without_source("0"))
    again = row(0, "test", id="d#0/1", question="Which fact is it?")
    assert report([hidden, again])["test_oracles_shown_in_train_or_valid"] == 1


def test_quotes_of_text_that_is_not_shown_are_found() -> None:
    unseen = row(10, "train", documents=[ShownDocument("d#0", TEXTS["d#0"])], oracles=[])
    assert report([*clean(), unseen])["rows_quoting_text_not_shown"] == 1


@pytest.mark.parametrize("label", [abstention(), without_source("10")])
def test_labels_of_rows_without_oracle_quote_nothing_unseen(label: str) -> None:
    hidden = row(10, "train", documents=[], oracles=[], label=label)
    assert report([*clean(), hidden])["rows_quoting_text_not_shown"] == 0


def test_positions_count_only_rows_that_show_their_oracle() -> None:
    rows = [row(0, "train", oracles=[1]), row(2, "train"), row(4, "valid", oracles=[])]
    assert report(rows)["oracle_positions"] == [1, 1]


def test_no_rows_have_a_report_too() -> None:
    figures = report([])
    assert all(figures[name] == 0 for name in LEAKS)
    assert figures["oracle_positions"] == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_test_quote_that_train_shows_is_found_in_whatever_order_rows_come(order: int) -> None:
    quote = "Fact 6 is here. It costs"
    shown = ShownDocument("e#0", f"As they say: {quote.replace(' ', '  ')} 6 pounds, or 7.")
    rows = [row(0, "train", documents=[shown]), row(6, "test", quotes=[quote])]
    assert report(rows[::order])["test_quotes_in_train_or_valid"] == 1
    assert report([replace(rows[0], split="test"), rows[1]])["test_quotes_in_train_or_valid"] == 0


def test_both_oracles_of_a_row_count() -> None:
    both = row(0, "train", oracles=[1, 0])
    assert report([both])["oracle_positions"] == [1, 1]
    found = LeakageReport([[]])
    found.add(row(0, "train"), [TEXTS["d#0"], TEXTS["d#7"]])
    found.add(row(6, "test"), [TEXTS["d#6"], TEXTS["d#7"]])
    assert found.figures()["test_oracles_shown_in_train_or_valid"] == 1
    assert found.figures()["test_oracles"] == 2
