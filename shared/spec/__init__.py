"""RunSpec: everything a user may decide about a run, validated, with one JSON Schema.

Defaults are overridden by `documents/{domain}/raft.yaml`, then by the POST body. A field that is
here works; what later releases add appears here with them. Field names are the field's own:
RAFT (arXiv 2403.10131), Gorilla's raft.py, Azure OpenAI's fine-tuning REST API.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from shared.errors import SpecError
from shared.spec.dataset import Budget, Completion, QuestionKinds, Splits, Verification
from shared.spec.evaluation import Evaluation, PromoteIf
from shared.spec.part import Part
from shared.spec.student import Deployment, Student

Export = Literal["completion", "eval", "parquet", "dpo", "reinforcement"]


class RunSpec(Part):
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
    format: Literal["chat", "completion"] = Field(
        "chat", description="form of the rows that training reads; completion on azure_ml only"
    )
    budget: Budget = Budget()
    student: Student = Student()
    deployment: Deployment = Deployment()
    evaluation: Evaluation = Evaluation()
    promote_if: PromoteIf = PromoteIf()

    @model_validator(mode="after")
    def _fields_agree(self) -> RunSpec:
        if self.chunk_overlap >= self.chunk_size / 2:
            raise ValueError("chunk_overlap must be under half of chunk_size")
        if self.fewest_distractors is not None and self.fewest_distractors > self.distractors:
            raise ValueError("fewest_distractors must not be over distractors")
        if self.promote_if.setting not in self.evaluation.settings:
            raise ValueError(
                f"promote_if.setting {self.promote_if.setting} is not among evaluation.settings"
            )
        needed = [method for method in self.student.methods if method != "supervised"]
        if self.format == "completion":
            needed.append("completion")
            columns = (self.completion.prompt_column, self.completion.completion_column)
            if columns != ("prompt", "completion"):
                raise ValueError("format completion is trained on the columns prompt, completion")
            if self.student.platform != "azure_ml":
                raise ValueError(
                    f"format completion is azure_ml's; {self.student.platform} trains on chat rows"
                )
        for form in needed:
            if form not in self.exports:
                raise ValueError(f"training reads the export {form}: add {form} to exports")
        if "dpo" in self.student.methods and not self.distractors:
            raise ValueError("dpo needs distractors: worse answers quote them")
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
