"""The only reader of the environment: what the operator decides, as one frozen record.

Model roles use the names the ecosystem already uses: `{ROLE}_AZURE_OPENAI_ENDPOINT` or
`{ROLE}_OPENAI_BASE_URL`, `{ROLE}_OPENAI_API_KEY`, `{ROLE}_OPENAI_DEPLOYMENT`,
`{ROLE}_OPENAI_API_VERSION`; with `AZURE_` before `OPENAI` accepted everywhere. No key means
Entra ID. TEACHER is also read as COMPLETION.

Further endpoints of a role are numbered, `TEACHER_2_AZURE_OPENAI_ENDPOINT` and so on; what one of
them leaves out is as in the role's first. `{ROLE}_RPM` and `{ROLE}_TPM`, numbered alike, are the
limits of one endpoint: they are not inherited. `{ROLE}_AZURE_OPENAI_MODEL` names the model that a
deployment serves. MODEL_PRICES overrides the price table.

Students of the platform openai are trained with OPENAI_API_KEY (there is no Entra ID), those of
azure_ml in the workspace AZURE_ML_WORKSPACE.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import urlsplit

from shared.errors import SpecError

DOCUMENTS_CONTAINER = "documents"
RUNS_CONTAINER = "runs"
DOCUMENTS_CONNECTION = "DocumentsStorage"


class Role(StrEnum):
    """What a model is used for."""

    TEACHER = "TEACHER"
    BASELINE = "BASELINE"
    STUDENT = "STUDENT"
    JUDGE = "JUDGE"
    EMBEDDING = "EMBEDDING"
    VISION = "VISION"


OPTIONAL_ROLES = frozenset({Role.VISION})


@dataclass(frozen=True)
class ModelEndpoint:
    """Where a role's model answers. `azure_endpoint` is the account's root, `base_url` a v1 URL.

    `model` is what the deployment serves, by which estimates are priced; its own name if not said.
    `rpm` and `tpm` are its limits per minute; None where they are not known.
    """

    deployment: str = ""
    model: str = ""
    base_url: str = ""
    azure_endpoint: str = ""
    api_key: str = field(default="", repr=False)
    api_version: str = ""
    rpm: int | None = None
    tpm: int | None = None

    @property
    def configured(self) -> bool:
        """Whether there is anything to call."""
        return bool(self.base_url or self.azure_endpoint)


@dataclass(frozen=True)
class Storage:
    """The storage account: a connection string (local), or a service URI with Entra ID."""

    connection_string: str = field(default="", repr=False)
    service_uri: str = ""
    client_id: str = ""


@dataclass(frozen=True)
class ControlPlane:
    """The account in which fine-tuned models are deployed, and its resource manager."""

    subscription: str
    resource_group: str
    account: str
    endpoint: str


@dataclass(frozen=True)
class MachineLearning:
    """The Azure ML workspace in which serverless students are trained and served."""

    subscription: str
    resource_group: str
    workspace: str
    endpoint: str


@dataclass(frozen=True)
class Settings:
    """All settings; times in seconds."""

    storage: Storage
    models: Mapping[Role, ModelEndpoint]
    control_plane: ControlPlane
    machine_learning: MachineLearning
    public_openai: ModelEndpoint
    client_id: str
    quiet_seconds: float
    poll_seconds: float
    model_concurrency: int
    model_timeout_seconds: float
    lanes: int
    further_models: Mapping[Role, tuple[ModelEndpoint, ...]] = field(default_factory=dict)
    prices: Mapping[str, object] = field(default_factory=dict)

    @property
    def models_are_local(self) -> bool:
        """Whether some model answers on this machine: a stand-in."""
        further = [model for models in self.further_models.values() for model in models]
        models = [*self.models.values(), *further]
        urls = [model.azure_endpoint or model.base_url for model in models]
        return any(is_loopback(url) for url in urls)

    def has(self, role: Role) -> bool:
        """Whether a model is configured for the role."""
        return self.models[role].configured

    def model(self, role: Role) -> ModelEndpoint:
        """The role's endpoint; raises SpecError naming the settings when there is none."""
        endpoint = self.models[role]
        if not endpoint.configured:
            raise SpecError(
                f"{role}_AZURE_OPENAI_ENDPOINT",
                f"no model is configured for the role {role}: set {role}_AZURE_OPENAI_ENDPOINT "
                f"and {role}_AZURE_OPENAI_DEPLOYMENT (or {role}_OPENAI_BASE_URL)",
            )
        return endpoint

    def endpoints(self, role: Role) -> tuple[ModelEndpoint, ...]:
        """All endpoints that share the role's load, the first one first; raises as `model`."""
        return (self.model(role), *self.further_models.get(role, ()))


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; nothing is connected, missing models are noticed at use."""
    env = os.environ if environ is None else environ
    subscription = env.get("AZURE_SUBSCRIPTION_ID", "")
    resource_group = env.get("AZURE_RESOURCE_GROUP", "")
    manager = env.get("AZURE_RESOURCE_MANAGER_ENDPOINT", "https://management.azure.com")
    return Settings(
        storage=Storage(
            connection_string=env.get(DOCUMENTS_CONNECTION, ""),
            service_uri=env.get(f"{DOCUMENTS_CONNECTION}__blobServiceUri", ""),
            client_id=env.get(f"{DOCUMENTS_CONNECTION}__clientId", ""),
        ),
        models={role: _endpoint(env, role) for role in Role},
        control_plane=ControlPlane(
            subscription=subscription,
            resource_group=resource_group,
            account=env.get("AZURE_OPENAI_ACCOUNT", ""),
            endpoint=manager,
        ),
        machine_learning=MachineLearning(
            subscription=env.get("AZURE_ML_SUBSCRIPTION_ID", "") or subscription,
            resource_group=env.get("AZURE_ML_RESOURCE_GROUP", "") or resource_group,
            workspace=env.get("AZURE_ML_WORKSPACE", ""),
            endpoint=manager,
        ),
        public_openai=ModelEndpoint(
            base_url=env.get("OPENAI_BASE_URL", "") or "https://api.openai.com/v1",
            api_key=env.get("OPENAI_API_KEY", ""),
        ),
        client_id=env.get("AZURE_CLIENT_ID", ""),
        quiet_seconds=_number(env, "QUIET_PERIOD_SECONDS", 30, low=0, high=86_400),
        poll_seconds=_number(env, "POLL_SECONDS", 30, low=0.05, high=300),
        model_concurrency=int(_number(env, "MODEL_CONCURRENCY", 16, low=1, high=1_000)),
        model_timeout_seconds=_number(env, "MODEL_TIMEOUT_SECONDS", 120, low=0.1, high=600),
        lanes=int(_number(env, "LANES", 4, low=1, high=20)),
        further_models={role: _further_endpoints(env, role) for role in Role},
        prices=_prices(env),
    )


def is_loopback(url: str) -> bool:
    """Whether the URL names this machine."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def event_grid_triggers(environ: Mapping[str, str] | None = None) -> bool:
    """Whether blob events come from Event Grid (Flex Consumption) rather than by polling."""
    env = os.environ if environ is None else environ
    return env.get("BLOB_TRIGGER_SOURCE", "EventGrid").lower() != "logsandcontainerscan"


def _endpoint(env: Mapping[str, str], role: Role) -> ModelEndpoint:
    return _endpoint_named(env, _name(env, role))


def _name(env: Mapping[str, str], role: Role) -> str:
    if role is Role.TEACHER and not _endpoint_named(env, role.value).configured:
        return "COMPLETION"  # whole: a key goes to its own name's endpoints only
    return role.value


def _further_endpoints(env: Mapping[str, str], role: Role) -> tuple[ModelEndpoint, ...]:
    name = _name(env, role)
    first = _endpoint_named(env, name)
    numbers = {
        int(match[1])
        for key in env
        if (match := re.fullmatch(rf"{name}_(\d+)_(?:AZURE_)?OPENAI_(?:ENDPOINT|BASE_URL)", key))
    }
    if numbers and not first.configured:
        raise SpecError(
            f"{name}_AZURE_OPENAI_ENDPOINT", f"is missing, but {name}_{min(numbers)} is set"
        )
    further = []
    for number in sorted(numbers):
        given = _endpoint_named(env, f"{name}_{number}")
        if given.configured:
            further.append(
                replace(
                    given,
                    deployment=given.deployment or first.deployment,
                    api_key=given.api_key or first.api_key,
                    api_version=given.api_version or first.api_version,
                )
            )
    return tuple(further)


def _endpoint_named(env: Mapping[str, str], prefix: str) -> ModelEndpoint:
    def first(*names: str) -> str:
        return next((value for name in names if (value := env.get(f"{prefix}_{name}", ""))), "")

    return ModelEndpoint(
        deployment=first("AZURE_OPENAI_DEPLOYMENT", "OPENAI_DEPLOYMENT"),
        model=first("AZURE_OPENAI_MODEL", "OPENAI_MODEL"),
        base_url=first("AZURE_OPENAI_BASE_URL", "OPENAI_BASE_URL"),
        azure_endpoint=first("AZURE_OPENAI_ENDPOINT", "OPENAI_ENDPOINT"),
        api_key=first("AZURE_OPENAI_API_KEY", "OPENAI_API_KEY"),
        api_version=first("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"),
        rpm=_limit(env, f"{prefix}_RPM"),
        tpm=_limit(env, f"{prefix}_TPM"),
    )


def _prices(env: Mapping[str, str]) -> dict[str, object]:
    try:
        prices = json.loads(env.get("MODEL_PRICES") or "{}")
    except ValueError as error:
        raise SpecError("MODEL_PRICES", f"is not JSON: {error}") from None
    if not isinstance(prices, dict):
        raise SpecError("MODEL_PRICES", "must be a JSON object of prices by model name")
    return prices


def _limit(env: Mapping[str, str], name: str) -> int | None:
    return int(_number(env, name, 0, low=1, high=1e9)) if env.get(name) else None


def _number(env: Mapping[str, str], name: str, default: float, *, low: float, high: float) -> float:
    text = env.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise SpecError(name, f"must be a number from {low:g} to {high:g}, not {text!r}")
    return value
