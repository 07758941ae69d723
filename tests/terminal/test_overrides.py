"""Options become the spec they mean, for each platform and method."""

from __future__ import annotations

from typing import get_args

import pytest

from shared.errors import SpecError
from shared.spec import parse_spec
from shared.spec.student import Method
from terminal.exits import CliError
from terminal.overrides import FIRST_CHOICE, FIRST_CHOICE_AZURE_ML, layers, preset_names

LLAMA = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B-Instruct/versions/4"


def test_nothing_asked_for_changes_nothing() -> None:
    assert layers() == []


@pytest.mark.parametrize("method", get_args(Method))
@pytest.mark.parametrize("platform", ["azure_openai", "openai"])
def test_each_method_of_a_platform_has_a_first_choice(platform: str, method: str) -> None:
    spec = parse_spec(*layers(platform, method=method))
    assert (spec.student.platform, spec.student.method) == (platform, method)
    assert spec.student.model.startswith("o4" if method == "reinforcement" else "gpt-4o")


def test_azure_ml_takes_a_llama_with_its_prompts() -> None:
    spec = parse_spec(*layers("azure_ml"))
    assert (spec.student.platform, spec.student.model) == ("azure_ml", LLAMA)
    assert (spec.prompts, spec.format) == ("llama", "chat")
    assert spec.student.hyperparameters.learning_rate == 2e-5


@pytest.mark.parametrize("method", sorted(set(get_args(Method)) - {"supervised"}))
def test_a_method_that_azure_ml_lacks_is_refused_in_words(method: str) -> None:
    with pytest.raises(SpecError, match=f"azure_ml has no method {method}"):
        parse_spec(*layers("azure_ml", method=method))


def test_options_go_over_a_preset_and_settings_over_options() -> None:
    spec = parse_spec(
        *layers(
            model="gpt-4.1-nano-2025-04-14",
            preset="gpt-4o-mini-dpo",
            sets=["student.model=gpt-4.1-2025-04-14", "splits={train: 0.6, valid: 0.2, test: 0.2}"],
        )
    )
    assert (spec.student.model, spec.student.method) == ("gpt-4.1-2025-04-14", "dpo")
    assert spec.student.hyperparameters.beta == 0.1
    assert spec.splits.train == 0.6


def test_a_preset_of_another_platform_does_not_fit() -> None:
    with pytest.raises(SpecError, match="on openai"):
        parse_spec(*layers("openai", preset=FIRST_CHOICE_AZURE_ML))


def test_values_are_read_as_yaml() -> None:
    (layer,) = layers(sets=["verification.support=no"])
    assert layer == {"verification": {"support": False}}


@pytest.mark.parametrize("text", ["questions", "=3", "a..b=1", ".a=1", "p=[", "p=2024-13-45"])
def test_a_setting_that_cannot_be_read_is_wrong_use(text: str) -> None:
    with pytest.raises(CliError):
        layers(sets=[text])


def test_unknown_presets_are_answered_with_those_there_are() -> None:
    with pytest.raises(CliError, match="gpt-4o-mini-dpo"):
        layers(preset="../secret")


def test_first_choices_are_presets() -> None:
    assert {FIRST_CHOICE_AZURE_ML, *FIRST_CHOICE.values()} <= set(preset_names())
    assert set(FIRST_CHOICE) == set(get_args(Method))
