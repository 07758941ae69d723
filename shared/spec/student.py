"""The parts of a spec that say which model is fine-tuned, where and how, and how it is served."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from shared.spec.part import Part

PlatformName = Literal["azure_openai", "azure_ml", "openai"]
Method = Literal["supervised", "dpo", "reinforcement", "supervised_then_dpo"]

_REASONS = re.compile(r"o\d|gpt-5")
_IN_A_REGISTRY = "azureml://registries/"
# https://learn.microsoft.com/azure/ai-services/openai/how-to/fine-tuning says 10;
# https://learn.microsoft.com/azure/ai-foundry/how-to/fine-tune-serverless has jobs below 65 fail
_FEWEST_ROWS: Mapping[str, int] = {"azure_openai": 10, "openai": 10, "azure_ml": 65}
_OF_PLATFORM: Mapping[str, tuple[str, ...]] = {
    "azure_openai": ("n_epochs", "batch_size", "learning_rate_multiplier"),
    "openai": ("n_epochs", "batch_size", "learning_rate_multiplier"),
    "azure_ml": ("n_epochs", "batch_size", "learning_rate"),
}
_OF_METHOD: Mapping[str, tuple[str, ...]] = {
    "supervised": (),
    "dpo": ("beta",),
    "reinforcement": ("reasoning_effort", "compute_multiplier", "eval_interval", "eval_samples"),
}


class Hyperparameters(Part):
    """Passed to the fine-tuning job; absent ones are left to the service."""

    n_epochs: int | None = Field(None, ge=1, le=50)
    batch_size: int | None = Field(None, ge=1, le=256)
    learning_rate_multiplier: float | None = Field(
        None, gt=0, le=100, description="azure_openai and openai: of the service's own rate"
    )
    learning_rate: float | None = Field(None, gt=0, le=1, description="azure_ml: the rate itself")
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


class Graders(Part):
    """What makes up the reward of reinforcement, as weights; their sum counts as 1."""

    exact: float = Field(
        0.2, ge=0, le=1, description="string_check: the final answer, word by word"
    )
    grounded: float = Field(
        0.8, ge=0, le=1, description="python: nearness of the final answer, verbatim right quotes"
    )
    similar: float = Field(0, ge=0, le=1, description="text_similarity: fuzzy match with the label")
    judged: float = Field(0, ge=0, le=1, description="score_model: a model's opinion, paid for")
    judge_model: Literal["gpt-4o-2024-08-06", "o3-mini-2025-01-31"] = Field(
        "gpt-4o-2024-08-06", description="the one that `judged` asks; the service knows these"
    )

    @property
    def weights(self) -> dict[str, float]:
        """Weight by grader, of those that have one."""
        all_of_them = self.model_dump(exclude={"judge_model"})
        return {name: weight for name, weight in all_of_them.items() if weight}

    @model_validator(mode="after")
    def _some_grader(self) -> Graders:
        if not self.weights:
            raise ValueError("at least one grader needs a weight over 0")
        return self


class Student(Part):
    """The model to fine-tune, and how."""

    platform: PlatformName = Field(
        "azure_openai",
        description="azure_openai: models of the account; azure_ml: serverless fine-tuning of a "
        "registry's models (Llama, Mistral, Phi); openai: the public platform",
    )
    model: str = Field(
        "gpt-4o-mini-2024-07-18",
        min_length=1,
        max_length=200,
        description="its name; on azure_ml its id, azureml://registries/…/models/…",
    )
    method: Method = Field(
        "supervised",
        description="supervised: to write the verified answers; dpo: to prefer them to worse ones; "
        "supervised_then_dpo: one after the other; reinforcement: to reach them, as our checks "
        "grade (reasoning models)",
    )
    rejected: Literal["baseline", "distractor"] = Field(
        "baseline",
        description="dpo, the answer not preferred: the baseline's own where it is worse, else "
        "and otherwise one from a distractor",
    )
    comparisons: str = Field(
        "",
        max_length=100,
        description="dpo: id of a run whose blind comparisons, made by people, are pairs as well",
    )
    training_type: Literal["Standard", "GlobalStandard", "developerTier"] = Field(
        "GlobalStandard", description="azure_openai only"
    )
    hyperparameters: Hyperparameters = Hyperparameters()
    graders: Graders = Graders()
    dpo_hyperparameters: Hyperparameters = Field(
        Hyperparameters(), description="supervised_then_dpo: of the second job"
    )

    @property
    def methods(self) -> tuple[str, ...]:
        """Of the jobs that make the student, one after the other."""
        return tuple(self.method.split("_then_"))

    @property
    def billed_by_token(self) -> bool:
        """Whether a token price tells what training costs; reinforcement is billed by the hour."""
        return self.method != "reinforcement"

    @property
    def compares_answers(self) -> bool:
        """Whether the baseline answers the training rows, for preferences."""
        return "dpo" in self.methods and self.rejected == "baseline"

    @property
    def fewest_rows(self) -> int:
        """Training rows below which the platform refuses a job."""
        return _FEWEST_ROWS[self.platform]

    def hyperparameters_of(self, job: int) -> Hyperparameters:
        """Those of the student's first (0) or second (1) job."""
        return self.dpo_hyperparameters if job else self.hyperparameters

    @model_validator(mode="after")
    def _method_fits(self) -> Student:
        if self.platform == "azure_ml" and self.method != "supervised":
            raise ValueError(f"azure_ml has no method {self.method}: supervised only")
        for job, method in enumerate(self.methods):
            self._check_hyperparameters(job, method)
        if len(self.methods) == 1 and self.dpo_hyperparameters != Hyperparameters():
            raise ValueError(
                "dpo_hyperparameters are those of the second job of supervised_then_dpo; the "
                f"method {self.method} has hyperparameters only"
            )
        if self.method != "reinforcement" and self.graders != Graders():
            raise ValueError(f"graders reward reinforcement; {self.method} has none")
        if self.comparisons and not self.compares_answers:
            raise ValueError("comparisons are preferences of a dpo job that rejects the baseline's")
        if self.method == "reinforcement" and not _REASONS.match(self.model):
            raise ValueError(
                f"model {self.model} cannot be trained by reinforcement, which is for reasoning "
                "models: o4-mini-2025-04-16"
            )
        in_a_registry = self.model.startswith(_IN_A_REGISTRY)
        if in_a_registry != (self.platform == "azure_ml"):
            raise ValueError(
                f"model {self.model} is none of the platform {self.platform}: azure_ml takes ids "
                f"as {_IN_A_REGISTRY}azureml-meta/models/Meta-Llama-3.1-8B-Instruct/versions/4, "
                "the others a name"
            )
        return self

    def _check_hyperparameters(self, job: int, method: str) -> None:
        known = (*_OF_PLATFORM[self.platform], *_OF_METHOD[method])
        where = "dpo_hyperparameters" if job else "hyperparameters"
        for name in self.hyperparameters_of(job).model_dump(exclude_none=True):
            if name not in known:
                raise ValueError(
                    f"{where}.{name} is none of the method {method} on {self.platform}, which has "
                    f"{', '.join(known)}"
                )


class Deployment(Part):
    """How the student is served. Hosting is billed by the hour on the Standard SKUs.

    SKU and capacity are azure_openai's; on openai nothing is deployed.
    """

    sku: Literal["Standard", "GlobalStandard", "DeveloperTier"] = "DeveloperTier"
    capacity: int = Field(50, ge=1, le=10_000, description="thousands of tokens per minute")
    keep: Literal["always", "if_promoted", "never"] = Field(
        "always",
        description="never: removed once the report is written; if_promoted: so where the student "
        "was not promoted",
    )
    ttl_hours: float | None = Field(
        None,
        gt=0,
        le=8_760,
        description="removed by the daily sweep so long after it was created; stays if not set",
    )
