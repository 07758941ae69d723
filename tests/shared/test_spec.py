"""A spec is validated, later layers win, and each refusal names its field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from shared.errors import SpecError
from shared.spec import RunSpec, Splits, parse_spec, parse_spec_yaml, spec_schema


def test_no_layers_give_the_defaults_of_the_paper() -> None:
    spec = parse_spec()
    assert spec == RunSpec()
    assert (spec.chunk_size, spec.questions, spec.distractors, spec.p) == (512, 5, 4, 0.8)
    assert spec.splits == Splits(train=0.8, valid=0.1, test=0.1)


def test_later_layers_win_field_by_field_also_in_nested_parts() -> None:
    spec = parse_spec(
        {"p": 0.6, "student": {"model": "gpt-4.1-mini", "hyperparameters": {"n_epochs": 2}}},
        {"questions": 3, "student": {"hyperparameters": {"batch_size": 8}}},
        {"p": 1},
    )
    assert (spec.p, spec.questions, spec.student.model) == (1.0, 3, "gpt-4.1-mini")
    hyper = spec.student.hyperparameters
    assert (hyper.n_epochs, hyper.batch_size, hyper.learning_rate_multiplier) == (2, 8, None)


def test_layers_are_not_changed() -> None:
    base: dict[str, Any] = {"splits": {"train": 0.8}}
    parse_spec(base, {"splits": {"valid": 0.1}})
    assert base == {"splits": {"train": 0.8}}


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        ({"chunk_sise": 512}, "chunk_sise"),
        ({"student": {"modell": "x"}}, "student.modell"),
        ({"chunk_size": 63}, "chunk_size"),
        ({"chunk_size": "many"}, "chunk_size"),
        ({"questions": 0}, "questions"),
        ({"questions": 2.5}, "questions"),
        ({"distractors": -1}, "distractors"),
        ({"p": 1.01}, "p"),
        ({"p": float("nan")}, "p"),
        ({"oracle_absent": "guess"}, "oracle_absent"),
        ({"prompts": "mistral"}, "prompts"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**31}, "seed"),
        ({"splits": None}, "splits"),
        ({"splits": {"train": 0.9}}, "splits"),
        ({"splits": {"train": 1.0, "valid": 0.0, "test": 0.0}}, "splits.train"),
        ({"student": {"hyperparameters": {"n_epochs": 0}}}, "student.hyperparameters.n_epochs"),
        ({"deployment": {"sku": "Provisioned"}}, "deployment.sku"),
        ({"evaluation": {"settings": []}}, "evaluation.settings"),
        ({"evaluation": {"settings": ["open_book", "open_book"]}}, "evaluation"),
        ({"evaluation": {"settings": ["oracle"]}}, "evaluation.settings.0"),
        ({"evaluation": {"metrics": ["similarity", "similarity"]}}, "evaluation"),
        ({"evaluation": {"distractor_sweep": [31]}}, "evaluation.distractor_sweep.0"),
        ({"evaluation": {"judge_repeats": 1.1}}, "evaluation.judge_repeats"),
        ({"promote_if": {"metric": "beauty"}}, "promote_if"),
        ({"promote_if": {"setting": "no_oracle"}}, "promote_if"),
        ({"promote_if": {"not_worse": ["beauty"]}}, "promote_if"),
        ({"promote_if": {"not_worse": ["nowhere.token_f1"]}}, "promote_if"),
        ({"promote_if": {"at_least": 6}}, "promote_if.at_least"),
        ({1: 2}, "1"),
    ],
)
def test_a_wrong_field_is_refused_by_its_dotted_path(layer: dict[Any, Any], field: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(layer)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
    assert "\n" not in str(caught.value)


def test_an_unknown_field_says_where_the_known_ones_are() -> None:
    with pytest.raises(SpecError, match="GET /api/spec"):
        parse_spec({"wishes": 5})


def test_an_overlap_of_half_a_chunk_is_refused_and_less_is_not() -> None:
    with pytest.raises(SpecError, match="chunk_overlap must be under half of chunk_size"):
        parse_spec({"chunk_size": 100, "chunk_overlap": 50})
    assert parse_spec({"chunk_size": 100, "chunk_overlap": 49}).chunk_overlap == 49


def test_a_promotion_rests_on_a_setting_that_is_evaluated() -> None:
    with pytest.raises(SpecError, match=r"retrieved is not among evaluation\.settings"):
        parse_spec(
            {"promote_if": {"setting": "retrieved"}, "evaluation": {"settings": ["open_book"]}}
        )


def test_what_must_not_be_worse_is_of_the_same_setting_unless_it_names_one() -> None:
    rule = {"setting": "retrieved", "not_worse": ["bleu", "no_oracle.abstention"]}
    assert parse_spec({"promote_if": rule}).promote_if.guards == (
        ("retrieved", "bleu"),
        ("no_oracle", "abstention"),
    )


def test_splits_may_add_up_to_one_but_for_rounding() -> None:
    assert parse_spec({"splits": {"train": 0.7, "valid": 0.2, "test": 0.1}}).splits.train == 0.7


def test_a_spec_survives_its_own_record() -> None:
    spec = parse_spec({"p": 0.5, "student": {"hyperparameters": {"n_epochs": 3}}})
    assert parse_spec(json.loads(json.dumps(spec.model_dump(mode="json")))) == spec


def test_a_spec_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RunSpec().p = 0.1  # type: ignore[misc]


def test_yaml_overrides_are_read() -> None:
    text = "# ours\nchunk_size: 256\nsplits: {train: 0.6, valid: 0.2, test: 0.2}\n"
    spec = parse_spec(parse_spec_yaml(text, "bank/raft.yaml"))
    assert (spec.chunk_size, spec.splits.train) == (256, 0.6)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null"])
def test_an_empty_yaml_overrides_nothing(text: str) -> None:
    assert parse_spec_yaml(text, "bank/raft.yaml") == {}


@pytest.mark.parametrize(
    "text",
    [
        "- a\n- b",
        "just words",
        "a: b: c",
        "a: [1",
        "\tp: 1",
        "\x00",
        "? [1]\n: 2",
        "seed: 2024-13-45",
        "[" * 3_000,
        "p: !!python/object/apply:os.getcwd []",
    ],
)
def test_a_broken_yaml_is_refused_by_its_name_in_one_line(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec_yaml(text, "bank/raft.yaml")
    assert caught.value.field == "bank/raft.yaml"
    assert "\n" not in str(caught.value)


def parts(model: type[BaseModel]) -> list[type[BaseModel]]:
    nested = [f.annotation for f in model.model_fields.values()]
    found = [n for n in nested if isinstance(n, type) and issubclass(n, BaseModel)]
    return [model, *(part for one in found for part in parts(one))]


def test_the_schema_names_every_field_and_forbids_others() -> None:
    schema = spec_schema()
    for part in parts(RunSpec):
        own = schema if part is RunSpec else schema["$defs"][part.__name__]
        assert set(own["properties"]) == set(part.model_fields)
        assert own["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema


def test_every_default_is_within_its_own_bounds() -> None:
    assert RunSpec.model_validate(RunSpec().model_dump()) == RunSpec()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"budget": {"usd": 0}}, "budget.usd"),
        ({"budget": 5}, "budget"),
        ({"qa_threshold": 0}, "qa_threshold"),
        ({"question_kinds": {"factual": -1}}, "question_kinds.factual"),
        ({"question_kinds": {"poetic": 1}}, "question_kinds.poetic"),
        ({"verification": {"repairs": 9}}, "verification.repairs"),
        ({"reading": "aloud"}, "reading"),
        ({"duplicate_similarity": 1.5}, "duplicate_similarity"),
        ({"deployment": {"keep": "sometimes"}}, "deployment.keep"),
        ({"deployment": {"ttl_hours": 0}}, "deployment.ttl_hours"),
        ({"deployment": {"ttl_hours": 8_761}}, "deployment.ttl_hours"),
    ],
)
def test_a_wrong_value_is_named_by_its_field(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(wrong)
    assert caught.value.field == field


def test_some_kind_of_question_has_to_be_wanted() -> None:
    none = dict.fromkeys(("factual", "procedural", "comparison", "table", "multi_hop"), 0)
    with pytest.raises(SpecError, match="at least one kind of question"):
        parse_spec({"question_kinds": none})


@pytest.mark.parametrize(
    "student",
    [
        {"method": "dpo", "hyperparameters": {"beta": 0.1, "n_epochs": 1}},
        {
            "method": "reinforcement",
            "model": "o4-mini-2025-04-16",
            "hyperparameters": {
                "reasoning_effort": "low",
                "compute_multiplier": 1.5,
                "eval_interval": 2,
                "eval_samples": 3,
                "batch_size": 4,
            },
        },
    ],
)
def test_a_method_has_its_own_hyperparameters(student: dict[str, Any]) -> None:
    given = parse_spec({"student": student}).student.hyperparameters
    assert given.model_dump(exclude_none=True) == student["hyperparameters"]


O4 = {"method": "reinforcement", "model": "o4-mini-2025-04-16"}
PHI = "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"
ON_ML = {"platform": "azure_ml", "model": PHI}
COMPLETION = {"student": ON_ML, "format": "completion"}


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({"student": {"hyperparameters": {"beta": 0.1}}}, r"hyperparameters\.beta .* supervised"),
        (
            {"student": {"method": "dpo", "hyperparameters": {"eval_samples": 1}}},
            r"hyperparameters\.eval_samples .* dpo",
        ),
        ({"student": {**O4, "hyperparameters": {"beta": 1}}}, r"hyperparameters\.beta"),
        ({"student": {"method": "dpo", "hyperparameters": {"beta": 2.1}}}, r"\.beta: "),
        ({"student": {**O4, "hyperparameters": {"reasoning_effort": "all"}}}, "reasoning_effort"),
        ({"student": {"method": "reinforcement"}}, "gpt-4o-mini-2024-07-18 .* o4-mini-2025-04-16"),
        ({"student": {"method": "orpo"}}, r"student\.method: "),
        ({**COMPLETION, "completion": {"prompt_column": "text"}}, "columns prompt, completion"),
        ({"format": "completion"}, "format completion is azure_ml's"),
        ({**COMPLETION, "exports": ["eval"]}, "add completion to exports"),
        ({"student": {**ON_ML, "method": "dpo"}}, "azure_ml has no method dpo"),
        ({"student": {"platform": "azure_ml"}}, "gpt-4o-mini-2024-07-18 is none of .* azure_ml"),
        ({"student": {"model": PHI}}, "is none of the platform azure_openai"),
        (
            {"student": {**ON_ML, "hyperparameters": {"learning_rate_multiplier": 1}}},
            "learning_rate_multiplier is none of the method supervised on azure_ml",
        ),
        ({"student": {"hyperparameters": {"learning_rate": 0.1}}}, "learning_rate is none of"),
        ({"student": {"dpo_hyperparameters": {"beta": 0.1}}}, "the second job"),
        ({"student": {"comparisons": "a-1"}}, "comparisons are preferences of a dpo job"),
        ({"student": {"graders": {"exact": 1}}}, "graders reward reinforcement"),
        (
            {"student": {**O4, "graders": {"exact": 0, "grounded": 0}}},
            "at least one grader needs a weight",
        ),
        ({"student": {"method": "dpo"}, "exports": ["eval"]}, "add dpo to exports"),
        ({"student": O4, "exports": ["dpo"]}, "add reinforcement to exports"),
        ({"student": {"method": "dpo"}, "distractors": 0}, "dpo needs distractors"),
    ],
)
def test_what_a_method_does_not_have_or_needs_is_named(layer: dict[str, Any], why: str) -> None:
    with pytest.raises(SpecError, match=why):
        parse_spec(layer)


def test_supervised_training_needs_no_export() -> None:
    assert parse_spec({"exports": []}).student.method == "supervised"
