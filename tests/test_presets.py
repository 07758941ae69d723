"""Every preset is a valid raft.yaml and does what its name says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from shared.spec import RunSpec, parse_spec, parse_spec_yaml
from shared.spec.student import Method

PRESETS = sorted((Path(__file__).parents[1] / "presets").glob("*.yaml"))


def spec_of(path: Path) -> RunSpec:
    return parse_spec(parse_spec_yaml(path.read_text(encoding="utf-8"), path.name))


def test_each_method_has_a_preset() -> None:
    assert {path.stem.rpartition("-")[2] for path in PRESETS} == set(get_args(Method))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_a_spec_of_the_model_and_method_it_is_named_for(path: Path) -> None:
    student = spec_of(path).student
    stem, _, method = path.stem.rpartition("-")
    named, on_ml, _ = stem.partition("-azure_ml")
    named = named.removesuffix("-completion")
    platform = "azure_ml" if on_ml else "azure_openai"
    assert (student.method, student.platform) == (method, platform)
    assert student.model.rpartition("/models/")[2].lower().removeprefix("meta-").startswith(named)
    assert path.read_text(encoding="utf-8").startswith("# "), "says when to use it"


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_in_the_form_it_is_named_for(path: Path) -> None:
    form = "completion" if "-completion-" in path.stem else "chat"
    assert spec_of(path).format == form
