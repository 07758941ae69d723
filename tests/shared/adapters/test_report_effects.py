"""What is drawn and told of the comparison."""

from __future__ import annotations

from shared.adapters.report_effects import (
    judge_view,
    row_of,
    settings_view,
    slices_view,
    sweep_view,
)
from tests.shared.adapters.reports import metric, realistic, scores


def test_a_gain_counts_in_the_better_way() -> None:
    fewer = metric("unsupported_answer", 40, 0, 0.9, 0.3, -0.6, -0.75, -0.45, setting="no_oracle")
    row = row_of(fewer)
    assert (row["gain"], row["low"], row["high"]) == (0.6, 0.45, 0.75)
    assert (row["difference"], row["from"], row["to"]) == (-0.6, -0.75, -0.45)
    assert (row["tone"], row["note"]) == ("better", "lower is better")


def test_where_neither_way_is_better_there_is_no_gain() -> None:
    row = row_of(metric("abstention", 40, 0, 0.1, 0.5, 0.4, 0.2, 0.6, setting="retrieved"))
    assert (row["gain"], row["finding"], row["tone"]) == (None, "higher", "none")
    assert (row["from"], row["to"]) == (0.2, 0.6)


def test_settings_come_in_a_fixed_order_on_one_scale() -> None:
    views = settings_view(scores())
    assert [view["key"] for view in views] == [
        *("open_book", "retrieved", "no_oracle", "closed_book")
    ]
    zeros = {str(view["chart"]).partition('class="zero" x1="')[2][:6] for view in views}
    assert len(zeros) == 1
    assert [group["judged"] for group in views[0]["groups"]] == [False, True]


def test_ratings_and_what_was_not_measured_are_told_and_not_drawn() -> None:
    open_book = settings_view({**scores(), "verdict": {"metric": "groundedness"}})[0]
    drawn = {row["metric"] for row in open_book["drawn"]}
    assert "token_f1" in drawn
    assert not drawn & {"groundedness", "answer_correctness"}
    told = {row["metric"] for group in open_book["groups"] for row in group["metrics"]}
    assert told >= {"groundedness", "answer_correctness"}


def test_what_the_verdict_looks_at_is_drawn() -> None:
    verdict = {"metric": "token_f1", "not_worse": ["open_book.answer_relevancy"]}
    open_book = settings_view({**scores(), "verdict": verdict})[0]
    assert "answer_relevancy" in {row["metric"] for row in open_book["drawn"]}


def test_slices_under_ten_questions_have_no_finding() -> None:
    documents, kinds = slices_view(scores())
    assert [(row["label"], row["tone"], row["few"]) for row in documents["rows"]] == [
        ("fees-and-charges.pdf", "better", False),
        ("accounts-guide.pdf", "none", True),
    ]
    assert "accounts-guide.pdf, n 9" in documents["chart"]
    assert documents["left_out"] == 2
    assert kinds["rows"][0]["label"] == "Multi hop"
    assert [part["rows"] for part in slices_view({})] == [[], []]


def test_each_point_of_the_curve_has_its_paired_difference() -> None:
    view = sweep_view(scores(), realistic()["robustness"])
    assert [point["paired"]["difference"] for point in view["points"]] == [0.2, 0.2, 0.2]
    assert sweep_view({}, []) == {"metric": "", "chart": "", "points": []}


def test_a_run_without_a_judge_has_no_trust_to_tell() -> None:
    assert judge_view({}) is None
    judge = judge_view(scores())
    assert judge is not None and judge["agreement"][0]["label"] == "Faithfulness"
