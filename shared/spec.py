"""RunSpec: everything a user may decide about a run, validated, with one JSON Schema.

Defaults are overridden by `documents/{domain}/raft.yaml`, then by the POST body. A field that is
here works; what later releases add appears here with them. Field names are the field's own:
RAFT (arXiv 2403.10131), Gorilla's raft.py, Azure OpenAI's fine-tuning REST API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import SpecError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Splits(_Part):
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


Method = Literal["supervised", "dpo", "reinforcement"]
_REASONS = re.compile(r"o\d|gpt-5")
_OF_ALL = ("n_epochs", "batch_size", "learning_rate_multiplier")
_OF_METHOD: Mapping[str, tuple[str, ...]] = {
    "supervised": (),
    "dpo": ("beta",),
    "reinforcement": ("reasoning_effort", "compute_multiplier", "eval_interval", "eval_samples"),
}


class Hyperparameters(_Part):
    """Passed to the fine-tuning job; absent ones are left to the service."""

    n_epochs: int | None = Field(None, ge=1, le=50)
    batch_size: int | None = Field(None, ge=1, le=256)
    learning_rate_multiplier: float | None = Field(None, gt=0, le=100)
    beta: float | None = Field(
        None, gt=0, le=2, description="dpo: how closely the student stays to its base model"
    )
    reasoning_effort: Literal["low", "medium", "high"] | None = Field(
        None, description="reinforcement: of the student while it is trained"
    )
    compute_multiplier: float | None = Field(
        None, gt=0, le=10, description="reinforcement: more of it explores more answers"
    )
    eval_interval: int | None = Field(
        None, ge=1, le=1_000, description="reinforcement: steps between evaluations"
    )
    eval_samples: int | None = Field(
        None, ge=1, le=100, description="reinforcement: answers per evaluation"
    )


class Student(_Part):
    """The model to fine-tune on Azure OpenAI, and how."""

    model: str = Field("gpt-4o-mini-2024-07-18", min_length=1, max_length=100)
    method: Method = Field(
        "supervised",
        description="supervised: to write the verified answers; dpo: to prefer them to answers "
        "from a distractor; reinforcement: to reach them, as our checks grade (reasoning models)",
    )
    training_type: Literal["Standard", "GlobalStandard", "developerTier"] = "GlobalStandard"
    hyperparameters: Hyperparameters = Hyperparameters()

    @property
    def billed_by_token(self) -> bool:
        """Whether a token price tells what training costs; reinforcement is billed by the hour."""
        return self.method != "reinforcement"

    @model_validator(mode="after")
    def _method_fits(self) -> Student:
        known = (*_OF_ALL, *_OF_METHOD[self.method])
        for name in self.hyperparameters.model_dump(exclude_none=True):
            if name not in known:
                raise ValueError(
                    f"hyperparameters.{name} is none of the method {self.method}, which has "
                    f"{', '.join(known)}"
                )
        if self.method == "reinforcement" and not _REASONS.match(self.model):
            raise ValueError(
                f"model {self.model} cannot be trained by reinforcement, which is for reasoning "
                "models: o4-mini-2025-04-16"
            )
        return self


class Deployment(_Part):
    """How the student is served. Hosting is billed by the hour on the Standard SKUs."""

    sku: Literal["Standard", "GlobalStandard", "DeveloperTier"] = "DeveloperTier"
    capacity: int = Field(50, ge=1, le=10_000, description="thousands of tokens per minute")
    keep: Literal["always", "never"] = Field(
        "always", description="never: removed once the report is written"
    )
    ttl_hours: float | None = Field(
        None,
        gt=0,
        le=8_760,
        description="removed by the daily sweep so long after it was created; stays if not set",
    )


class Evaluation(_Part):
    """How baseline and student are compared on the test split."""

    judge_sample: int = Field(
        100, ge=0, le=10_000, description="rows that the judge metrics score; others score all"
    )
    bootstrap_draws: int = Field(2_000, ge=100, le=100_000)


class QuestionKinds(_Part):
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


class Verification(_Part):
    """Checks that an example passes before it is used. Quotes are always checked."""

    support: bool = Field(True, description="the final answer follows from its quotes alone")
    round_trip: bool = Field(True, description="the JUDGE gives it too, from the oracle alone")
    distractors: bool = Field(True, description="the JUDGE finds no answer in the distractors")
    injections: bool = Field(True, description="no instruction in a document was followed")
    repairs: int = Field(1, ge=0, le=3, description="second tries, with the failure shown")


class Budget(_Part):
    """What a run may spend, and whether a person is asked before training is paid for."""

    usd: float | None = Field(None, gt=0, le=1_000_000, description="no limit if not set")
    approval: Literal["never", "over_budget", "always"] = Field(
        "never",
        description="over_budget: where what is expected exceeds usd; never: the run ends then",
    )
    approval_hours: float = Field(72, gt=0, le=144, description="how long approval is waited for")


class Completion(_Part):
    """Form of the completion export."""

    prompt_column: str = Field("prompt", min_length=1, max_length=60)
    completion_column: str = Field("completion", min_length=1, max_length=60)
    stop: str = Field("<STOP>", max_length=60, description="text that ends each completion")


Export = Literal["completion", "eval", "parquet", "dpo", "reinforcement"]


class RunSpec(_Part):
    """One run's parameters. `RunSpec()` is a sensible default for English prose PDFs."""

    doctype: Literal["auto", "pdf", "markdown", "txt", "html", "json", "api"] = Field(
        "auto", description="how files are read; auto: by their names; api: Gorilla's API entries"
    )
    reading: Literal["text", "vision", "auto"] = Field(
        "auto",
        description="of PDF pages: text layer; vision: pictures read by the VISION model; auto: "
        "vision for pages with a missing or poor text layer, where a VISION model is configured",
    )
    chunking: Literal["tokens", "markdown", "semantic"] = Field(
        "markdown",
        description="tokens: full chunks; markdown: sections kept together; semantic: cut where "
        "the meaning changes, by embeddings",
    )
    chunk_size: int = Field(512, ge=64, le=8_000, description="tokens")
    chunk_overlap: int = Field(0, ge=0, le=2_000, description="tokens")
    questions: int = Field(5, ge=1, le=20, description="asked of the teacher, per chunk")
    question_kinds: QuestionKinds = QuestionKinds()
    qa_threshold: int | None = Field(
        None, ge=1, description="stop at so many examples, sampled over the whole corpus"
    )
    verification: Verification = Verification()
    duplicate_similarity: float = Field(
        0.95,
        ge=0.5,
        le=1,
        description="cosine of their embeddings from which two questions count as the same",
    )
    distractors: int = Field(4, ge=0, le=20, description="the most shown in a row")
    fewest_distractors: int | None = Field(
        None, ge=0, le=20, description="the number varies from this up; always the most if not set"
    )
    distractor_choice: Literal["random", "hard", "mixed"] = Field(
        "mixed", description="hard: what a retriever finds for the question; mixed: half of each"
    )
    p: float = Field(0.8, ge=0, le=1, description="share of rows that keep the oracle document")
    oracle_absent: Literal["answer", "abstain"] = Field(
        "answer", description="label of rows without the oracle: the answer without quotes, or none"
    )
    prompts: Literal["gpt", "llama"] = "gpt"
    splits: Splits = Splits()
    split_by: Literal["chunk", "document"] = "chunk"
    seed: int = Field(42, ge=0, le=2**31 - 1)
    quorum: float = Field(
        0.7, ge=0, le=1, description="share of chunks that must not fail before training is paid"
    )
    exports: tuple[Export, ...] = Field(
        ("completion", "eval", "parquet", "dpo", "reinforcement"),
        description="forms of the dataset written beside the chat files that training reads",
    )
    completion: Completion = Completion()
    budget: Budget = Budget()
    student: Student = Student()
    deployment: Deployment = Deployment()
    evaluation: Evaluation = Evaluation()

    @model_validator(mode="after")
    def _fields_agree(self) -> RunSpec:
        if self.chunk_overlap >= self.chunk_size / 2:
            raise ValueError("chunk_overlap must be under half of chunk_size")
        if self.fewest_distractors is not None and self.fewest_distractors > self.distractors:
            raise ValueError("fewest_distractors must not be over distractors")
        if self.student.method not in ("supervised", *self.exports):
            raise ValueError(
                f"student.method {self.student.method} is trained on the export of that name: "
                f"add {self.student.method} to exports"
            )
        if self.student.method == "dpo" and not self.distractors:
            raise ValueError("student.method dpo needs distractors: the worse answers quote them")
        return self


def spec_schema() -> dict[str, Any]:
    """The JSON Schema served at GET /api/spec."""
    return RunSpec.model_json_schema()


def parse_spec(*layers: Mapping[str, Any]) -> RunSpec:
    """A RunSpec from override layers, later ones winning, nested fields merged.

    Raises SpecError naming the first wrong field.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer)
    try:
        return RunSpec.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = "unknown field; GET /api/spec lists the known ones"
        raise SpecError(field, message) from None


def parse_spec_yaml(text: str, name: str) -> dict[str, Any]:
    """The overrides in a raft.yaml; raises SpecError naming the file when it is not a mapping."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # 2024-13-45 is a ValueError
        raise SpecError(name, f"not valid YAML: {' '.join(str(error).split())}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SpecError(name, "must be a mapping of spec fields")
    return data


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both_maps = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(old, value) if both_maps else value  # type: ignore[arg-type]
    return merged
