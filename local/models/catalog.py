"""Which deployments exist and which model answers under each name.

Some exist from the start; others come from the control plane and answer only once their
provisioning has succeeded. A fine-tuned model answers with the weights that its job left on disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.models.errors import deployment_not_found
from local.models.student import Student

BASE_MODELS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-2024-08-06": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4o-mini-2024-07-18": "gpt-4o-mini-2024-07-18",
    "gpt-4.1": "gpt-4.1-2025-04-14",
    "gpt-4.1-2025-04-14": "gpt-4.1-2025-04-14",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-mini-2025-04-14": "gpt-4.1-mini-2025-04-14",
    "gpt-4.1-nano": "gpt-4.1-nano-2025-04-14",
    "gpt-4.1-nano-2025-04-14": "gpt-4.1-nano-2025-04-14",
    "o4-mini": "o4-mini-2025-04-16",
    "o4-mini-2025-04-16": "o4-mini-2025-04-16",
}


class Behaviour(StrEnum):
    """What computes the answers of a deployment."""

    TEACHER = "teacher"
    BASELINE = "baseline"
    JUDGE = "judge"
    EMBEDDING = "embedding"
    VISION = "vision"
    STUDENT = "student"


@dataclass(frozen=True)
class Deployment:
    """A name under which a model answers. Only a student has weights."""

    name: str
    model: str
    behaviour: Behaviour
    weights: Path | None = None


FIRST_DEPLOYMENTS = {
    deployment.name: deployment
    for deployment in (
        Deployment("teacher", "gpt-4o-2024-08-06", Behaviour.TEACHER),
        Deployment("baseline", "gpt-4o-mini-2024-07-18", Behaviour.BASELINE),
        Deployment("judge", "gpt-4o-2024-08-06", Behaviour.JUDGE),
        Deployment("embedding", "text-embedding-3-large", Behaviour.EMBEDDING),
        Deployment("vision", "gpt-4o-2024-08-06", Behaviour.VISION),
    )
}


def behaviour_of(model: str) -> Behaviour:
    """What computes the answers of a model that was not fine-tuned."""
    if "embedding" in model:
        return Behaviour.EMBEDDING
    small = "mini" in model or "nano" in model
    return Behaviour.BASELINE if small else Behaviour.TEACHER


class Catalog:
    """Finds deployments by name and keeps the students that were loaded."""

    def __init__(
        self,
        deployed_model: Callable[[str], str | None],
        weights_of: Callable[[str], Path | None],
    ) -> None:
        self._deployed_model = deployed_model
        self._weights_of = weights_of
        self._students: dict[Path, Student] = {}

    def find(self, name: str) -> Deployment:
        """The deployment of that name; DeploymentNotFound while there is none that answers."""
        model = self._deployed_model(name)
        if model is None:
            if name not in FIRST_DEPLOYMENTS:
                raise deployment_not_found(name)
            return FIRST_DEPLOYMENTS[name]
        weights = self._weights_of(model)
        if weights is not None:
            return Deployment(name, model, Behaviour.STUDENT, weights)
        return Deployment(name, BASE_MODELS.get(model, model), behaviour_of(model))

    def find_model(self, name: str) -> Deployment:
        """A model under its own name, as the public platform serves them; raises as `find`."""
        weights = self._weights_of(name)
        if weights is not None:
            return Deployment(name, name, Behaviour.STUDENT, weights)
        if name not in BASE_MODELS:
            raise deployment_not_found(name)
        return Deployment(name, BASE_MODELS[name], behaviour_of(name))

    def student(self, deployment: Deployment) -> Student:
        """The trained student behind a deployment, loaded once."""
        if deployment.weights is None:
            raise ValueError(f"{deployment.name} has no weights")
        if deployment.weights not in self._students:
            self._students[deployment.weights] = Student.load(deployment.weights)
        return self._students[deployment.weights]

    @staticmethod
    def first() -> list[dict[str, Any]]:
        """The deployments that exist from the start, for the status route."""
        return [
            {"name": d.name, "model": d.model, "behaviour": d.behaviour.value}
            for d in FIRST_DEPLOYMENTS.values()
        ]
