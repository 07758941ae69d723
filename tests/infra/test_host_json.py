"""host.json holds only known keys, in the ranges that the host accepts."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.infra.bicep import ROOT

# Keys that we use, with the values the host takes; from the reference of host.json and of the
# Durable extension. https://learn.microsoft.com/azure/azure-functions/functions-host-json
KNOWN = {
    "version": lambda value: value == "2.0",
    "functionTimeout": lambda value: 0 < seconds(value) <= 1_800,  # Flex Consumption's default
    "extensionBundle.id": lambda value: value == "Microsoft.Azure.Functions.ExtensionBundle",
    "extensionBundle.version": lambda value: value == "[4.*, 5.0.0)",
    "extensions.durableTask.hubName": lambda value: value == "%TASKHUB_NAME%",
    "extensions.durableTask.maxConcurrentActivityFunctions": lambda value: 1 <= value <= 100,
    "extensions.durableTask.maxConcurrentOrchestratorFunctions": lambda value: 1 <= value <= 20,
    "extensions.durableTask.storageProvider.maxQueuePollingInterval": (
        lambda value: 0 < seconds(value) <= 30
    ),
    "extensions.durableTask.tracing.distributedTracingEnabled": lambda value: value is True,
    "extensions.durableTask.tracing.version": lambda value: value == "V2",
    "extensions.blobs.poisonBlobThreshold": lambda value: 1 <= value <= 10,
    "logging.applicationInsights.samplingSettings.isEnabled": lambda value: value is True,
    "logging.applicationInsights.samplingSettings.excludedTypes": (
        lambda value: set(value.split(";")) == {"Request", "Exception"}
    ),
}


def seconds(text: str) -> int:
    hours, minutes, rest = map(int, re.fullmatch(r"(\d\d):(\d\d):(\d\d)", text).groups())
    return hours * 3_600 + minutes * 60 + rest


def flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        name = f"{prefix}{key}"
        found.update(flat(value, f"{name}.") if isinstance(value, dict) else {name: value})
    return found


def test_keys_are_known_and_values_in_range() -> None:
    given = flat(json.loads((ROOT / "host.json").read_text(encoding="utf-8")))
    assert set(given) == set(KNOWN)
    assert [key for key, value in given.items() if not KNOWN[key](value)] == []


def test_the_task_hub_is_named_as_storage_allows() -> None:
    """Letters and digits, 3 to 45, first a letter: blobs, queues and tables are named after it."""
    example = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))
    for name in ("raft", example["Values"]["TASKHUB_NAME"]):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", name)
