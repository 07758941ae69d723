"""The parts of a spec that say how student and baseline are compared, and what promotes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from shared.spec.part import Part

Setting = Literal["open_book", "no_oracle", "retrieved", "closed_book"]
Judged = Literal[
    "faithfulness",
    "answer_relevancy",
    "semantic_similarity",
    "answer_correctness",
    "factual_correctness",
    "groundedness",
    "similarity",
]
JudgeMetric = Literal[Judged, "context_precision"]
Distractors = Annotated[int, Field(ge=0, le=30)]

_ANSWER = ("exact_match", "token_f1", "rouge_l", "bleu")
_QUOTES = ("quote_accuracy", "quotes_from_oracle", "oracle_quoted", "oracle_picked")
# Metrics of a setting that have a better way, so that a promotion can rest on them.
DECISIVE: Mapping[str, tuple[str, ...]] = {
    "open_book": (*_ANSWER, *_QUOTES, "abstention", *get_args(Judged)),
    "no_oracle": ("abstention", "unsupported_answer"),
    "retrieved": (*_ANSWER, *_QUOTES, *get_args(Judged)),
    "closed_book": _ANSWER,
}


class Evaluation(Part):
    """How baseline and student are compared on the test split."""

    settings: tuple[Setting, ...] = Field(
        get_args(Setting),
        min_length=1,
        description="what is shown with a question: open_book, its row; no_oracle, further "
        "distractors instead of the oracle; retrieved, what a search over all chunks finds; "
        "closed_book, nothing",
    )
    distractor_sweep: tuple[Distractors, ...] = Field(
        (0, 1, 3, 5, 9), max_length=20, description="numbers of distractors beside the oracle"
    )
    top_k: int = Field(5, ge=1, le=30, description="chunks that retrieved shows")
    sample: int = Field(
        40,
        ge=0,
        le=10_000,
        description="rows asked about in the sweep and in settings other than open_book, which "
        "has all",
    )
    judge_sample: int = Field(
        100,
        ge=0,
        le=10_000,
        description="rows whose answers the judge scores, open_book and retrieved",
    )
    metrics: tuple[JudgeMetric, ...] = Field(
        get_args(JudgeMetric),
        description="what the judge scores; metrics that need no model are always there",
    )
    judge_repeats: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of the judged open_book rows that are judged twice, to see whether "
        "the judge agrees with itself",
    )
    bootstrap_draws: int = Field(2_000, ge=100, le=100_000)

    @model_validator(mode="after")
    def _each_once(self) -> Evaluation:
        for name in ("settings", "metrics"):
            given = getattr(self, name)
            if len(set(given)) < len(given):
                raise ValueError(f"{name} has one of its entries twice")
        return self


class PromoteIf(Part):
    """When a student counts as promoted: a gain that is shown, and nothing shown worse."""

    metric: str = Field("token_f1", description="the metric that decides")
    setting: Setting = "open_book"
    at_least: float = Field(
        0.0,
        ge=-5,
        le=5,
        description="the lower end of the 95 % interval of the gain must exceed this",
    )
    not_worse: tuple[str, ...] = Field(
        ("answer_correctness",),
        max_length=20,
        description="metrics, or setting.metric, of which none may be shown worse",
    )

    @property
    def guards(self) -> tuple[tuple[str, str], ...]:
        """Setting and metric of each in `not_worse`."""
        named = (name.rpartition(".") for name in self.not_worse)
        return tuple((setting or self.setting, metric) for setting, _, metric in named)

    @model_validator(mode="after")
    def _measured(self) -> PromoteIf:
        for setting, metric in ((self.setting, self.metric), *self.guards):
            if setting not in DECISIVE:
                raise ValueError(f"{setting} is no setting: {', '.join(DECISIVE)}")
            if metric not in DECISIVE[setting]:
                known = ", ".join(DECISIVE[setting])
                raise ValueError(f"{setting} has no metric {metric} to decide by, only {known}")
        return self
