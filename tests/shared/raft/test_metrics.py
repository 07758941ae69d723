"""Metrics and settings are named alike wherever they are known."""

from __future__ import annotations

from typing import get_args

import pytest

from shared.raft.metrics import (
    CONTEXT_PRECISION,
    DISTRACTORS,
    JUDGE_METRICS,
    LOCAL_METRICS,
    NO_ORACLE,
    OPEN_BOOK,
    RETRIEVED,
    better_way,
    is_judged,
    local_metrics,
    scale_of,
)
from shared.spec.evaluation import DECISIVE, JudgeMetric, Setting


def test_the_spec_offers_what_the_judge_can_score() -> None:
    assert get_args(JudgeMetric) == (*JUDGE_METRICS, CONTEXT_PRECISION)


@pytest.mark.parametrize("setting", get_args(Setting))
def test_a_promotion_can_rest_on_every_metric_that_has_a_better_way(setting: str) -> None:
    judged = JUDGE_METRICS if is_judged(setting) else ()
    measured = (*local_metrics(setting), *judged)
    assert DECISIVE[setting] == tuple(one for one in measured if better_way(setting, one))


def test_every_local_metric_belongs_to_some_setting() -> None:
    settings = (*get_args(Setting), DISTRACTORS)
    assert {one for setting in settings for one in local_metrics(setting)} == set(LOCAL_METRICS)


def test_abstaining_is_right_without_the_oracle_and_wrong_beside_it() -> None:
    settings = (NO_ORACLE, OPEN_BOOK, DISTRACTORS, RETRIEVED)
    assert [better_way(setting, "abstention") for setting in settings] == [1, -1, -1, 0]


def test_ratings_run_from_one_to_five() -> None:
    assert (scale_of("groundedness"), scale_of("similarity")) == ((1, 5), (1, 5))
    assert scale_of("faithfulness") == (0, 1)
