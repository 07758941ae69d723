"""Every preset is a valid raft.yaml and does what its name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.spec import parse_spec, parse_spec_yaml

PRESETS = sorted((Path(__file__).parents[1] / "presets").glob("*.yaml"))
METHODS = {"supervised", "dpo", "reinforcement"}


def test_each_method_has_a_preset() -> None:
    assert {path.stem.rpartition("-")[2] for path in PRESETS} == METHODS


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_a_spec_of_the_model_and_method_it_is_named_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    student = parse_spec(parse_spec_yaml(text, path.name)).student
    model, _, method = path.stem.rpartition("-")
    assert student.method == method
    assert student.model.startswith(f"{model}-20")
    assert text.startswith("# "), "says when to use it"
