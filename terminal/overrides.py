"""What the options of `raft run` change of a run's spec: a preset, then the options above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from local.azurite import ROOT
from shared.spec import parse_spec_yaml
from terminal.exits import CliError, Exit

_PRESETS = ROOT / "presets"
# Where no preset is named: the first to try, by method. azure_ml serves other models.
FIRST_CHOICE: Mapping[str, str] = {
    "supervised": "gpt-4o-mini-supervised",
    "dpo": "gpt-4o-mini-dpo",
    "supervised_then_dpo": "gpt-4o-mini-supervised_then_dpo",
    "reinforcement": "o4-mini-reinforcement",
}
FIRST_CHOICE_AZURE_ML = "llama-3.1-8b-azure_ml-supervised"


def preset_names() -> list[str]:
    """All presets, by name."""
    return sorted(path.stem for path in _PRESETS.glob("*.yaml"))


def read_preset(name: str) -> dict[str, Any]:
    """A preset's spec fields."""
    if name not in preset_names():
        known = ", ".join(preset_names())
        raise CliError(Exit.USAGE, f"there is no preset {name}; there are {known}")
    path: Path = _PRESETS / f"{name}.yaml"
    return parse_spec_yaml(path.read_text(encoding="utf-8"), path.name)


def layers(
    platform: str = "",
    model: str = "",
    method: str = "",
    preset: str = "",
    sets: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Spec layers, later ones winning; [] when nothing is asked for.

    A platform or a method without a preset takes the first choice among the presets.
    """
    if not preset and (platform or method):
        preset = _first_choice(platform, method)
    found = [read_preset(preset)] if preset else []
    given = {"platform": platform, "model": model, "method": method}
    if student := {name: value for name, value in given.items() if value}:
        found.append({"student": student})
    return [*found, *map(_setting, sets)]


def _first_choice(platform: str, method: str) -> str:
    if platform == "azure_ml":
        return FIRST_CHOICE_AZURE_ML
    return FIRST_CHOICE[method or "supervised"]


def _setting(text: str) -> dict[str, Any]:
    """`student.hyperparameters.n_epochs=2` as nested fields; the value is read as YAML."""
    name, equals, value = text.partition("=")
    keys = name.strip().split(".")
    if not equals or not all(keys):
        raise CliError(Exit.USAGE, f"--set takes field=value, as in questions=3, not {text!r}")
    try:
        layer: Any = yaml.safe_load(value)
    except (yaml.YAMLError, ValueError):
        raise CliError(Exit.USAGE, f"--set {name}: the value is not valid YAML") from None
    for key in reversed(keys):
        layer = {key: layer}
    return dict(layer)
