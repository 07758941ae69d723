"""The part of a spec that says how student and baseline are compared."""

from __future__ import annotations

from pydantic import Field

from shared.spec.part import Part


class Evaluation(Part):
    """How baseline and student are compared on the test split."""

    judge_sample: int = Field(
        100, ge=0, le=10_000, description="rows that the judge metrics score; others score all"
    )
    bootstrap_draws: int = Field(2_000, ge=100, le=100_000)
