"""The settings that the app reads, found by having it read them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from shared.settings import Role, event_grid_triggers, read_settings
from tests.infra.bicep import ROOT

_BINDING = re.compile(r"%([A-Z_]+)%")
# Of the Functions host, its worker, and the SDK of Application Insights.
PLATFORM = {
    *("FUNCTIONS_WORKER_RUNTIME", "PYTHON_THREADPOOL_THREAD_COUNT", "AzureWebJobsStorage"),
    *(f"AzureWebJobsStorage__{end}" for end in ("credential", "clientId")),
    *(f"AzureWebJobsStorage__{service}ServiceUri" for service in ("blob", "queue", "table")),
    *("DocumentsStorage__credential", "DocumentsStorage__queueServiceUri"),
    *("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"),
    *("DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"),
    "AzureFunctionsJobHost__extensions__durableTask__storageProvider__type",
    "AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName",
}


@cache
def read_by_the_app() -> frozenset[str]:
    """Names read by settings.py and by binding expressions, each by its longest spelling:
    `{ROLE}_AZURE_OPENAI_…` stands for `{ROLE}_OPENAI_…`, and TEACHER for COMPLETION."""
    seen: set[str] = set()

    class Watched(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            seen.add(name)
            return super().get(name, default)

    read_settings(Watched())
    event_grid_triggers(Watched())
    for source in (*(ROOT / "triggers").glob("*.py"), ROOT / "host.json"):
        seen.update(_BINDING.findall(source.read_text(encoding="utf-8")))
    return frozenset(canonical(name) for name in seen)


def canonical(name: str) -> str:
    """The spelling that the docs use."""
    match = re.fullmatch(r"([A-Z]+)_(?:AZURE_)?OPENAI_(\w+)", name)
    if match and match[1] != "AZURE":
        return f"{_role(match[1])}_AZURE_OPENAI_{match[2]}"
    head, _, tail = name.partition("_")
    return f"{_role(head)}_{tail}" if tail in {"RPM", "TPM"} else name


def by_role(names: frozenset[str]) -> frozenset[str]:
    """With {ROLE} in place of each role's name."""
    roles = "|".join(Role)
    pattern = rf"(?:{roles})_(AZURE_OPENAI_\w+|RPM|TPM)"
    return frozenset(re.sub(rf"^{pattern}$", r"{ROLE}_\1", name) for name in names)


def _role(name: str) -> str:
    return "TEACHER" if name == "COMPLETION" else name
