"""The app's own configuration files: host.json and local.settings.json.

Only the settings that this host honours are read; the rest of host.json is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """A configuration file or a `%SETTING%` reference that cannot be used."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    route_prefix: str = "api"
    task_hub: str = "LocalHub"
    max_activities: int = 10
    poison_threshold: int = 5


def read_host_json(app_dir: Path) -> HostSettings:
    extensions = _read(app_dir / "host.json").get("extensions", {})
    durable = extensions.get("durableTask", {})
    return HostSettings(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        task_hub=durable.get("hubName", "LocalHub"),
        max_activities=int(durable.get("maxConcurrentActivityFunctions", 10)),
        poison_threshold=int(extensions.get("blobs", {}).get("poisonBlobThreshold", 5)),
    )


def read_local_settings(app_dir: Path) -> dict[str, str]:
    """The `Values` of local.settings.json; empty if there is no such file."""
    values = _read(app_dir / "local.settings.json").get("Values", {})
    return {name: str(value) for name, value in values.items()}


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Replaces every `%NAME%` by that setting's value."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise SettingsError(f"setting {name!r}, used in {text!r}, is not defined")
        return environment[name]

    return re.sub(r"%([^%\s]+)%", value, text)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise SettingsError(f"{path.name} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name} must hold a JSON object")
    return content
