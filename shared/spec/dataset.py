"""The parts of a spec that shape the dataset, and what may be spent."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from shared.spec.part import Part


class Splits(Part):
    """Shares of the chunk groups; they add up to 1."""

    train: float = Field(0.8, gt=0, lt=1)
    valid: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _add_up(self) -> Splits:
        total = self.train + self.valid + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train, valid and test must add up to 1, not {total:g}")
        return self


class QuestionKinds(Part):
    """Mix of the questions asked for, as weights. What a chunk does not lend itself to (a table
    question without a table) goes to the other kinds."""

    factual: float = Field(0.4, ge=0, le=1, description="one stated fact")
    procedural: float = Field(0.2, ge=0, le=1, description="how something is done")
    comparison: float = Field(0.15, ge=0, le=1, description="how two things differ")
    table: float = Field(0.15, ge=0, le=1, description="read off a table")
    multi_hop: float = Field(0.1, ge=0, le=1, description="needs two neighbouring chunks together")

    @model_validator(mode="after")
    def _some_kind(self) -> QuestionKinds:
        if not sum(self.model_dump().values()):
            raise ValueError("at least one kind of question needs a weight over 0")
        return self


class Verification(Part):
    """Checks that an example passes before it is used. Quotes are always checked."""

    support: bool = Field(True, description="the final answer follows from its quotes alone")
    round_trip: bool = Field(True, description="the JUDGE gives it too, from the oracle alone")
    distractors: bool = Field(True, description="the JUDGE finds no answer in the distractors")
    injections: bool = Field(True, description="no instruction in a document was followed")
    repairs: int = Field(1, ge=0, le=3, description="second tries, with the failure shown")


class Budget(Part):
    """What a run may spend, and whether a person is asked before training is paid for."""

    usd: float | None = Field(None, gt=0, le=1_000_000, description="no limit if not set")
    approval: Literal["never", "over_budget", "always"] = Field(
        "never",
        description="over_budget: where what is expected exceeds usd; never: the run ends then",
    )
    approval_hours: float = Field(72, gt=0, le=144, description="how long approval is waited for")


class Completion(Part):
    """Form of the completion export."""

    prompt_column: str = Field("prompt", min_length=1, max_length=60)
    completion_column: str = Field("completion", min_length=1, max_length=60)
    stop: str = Field("<STOP>", max_length=60, description="text that ends each completion")
