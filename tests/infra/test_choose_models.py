"""The helper: whatever it offers can be completed, and what cannot be is explained."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from shared.raft.costs import LIST_PRICES
from shared.spec import RunSpec
from shared.spec.student import Student
from tests.infra.bicep import INFRA
from tests.infra.fakes import Commands
from tests.infra.loading import load

helper = load("choose_models")
CATALOG = helper.load_catalog()
LLAMA = "azureml://registries/azureml-meta/models/Meta-Llama-3.1-8B-Instruct/versions/4"
RAW = yaml.safe_load((INFRA / "models.yaml").read_text(encoding="utf-8"))


def holds_all(choice: object) -> bool:
    """Whether the region has every model of the choice, by the file itself."""
    region = choice.region
    entries = {(e["model"], role): e for e in RAW["models"] for role in e["roles"]}
    students = {(e["model"], e["platform"]): e for e in RAW["students"]}
    for role, offer in choice.offers.items():
        entry = (
            students[offer.model, offer.platform]
            if role == "student"
            else entries[offer.model, role]
        )
        if entry["regions"] != "anywhere" and region not in entry["regions"]:
            return False
    return region in RAW["app"]["regions"]


def test_every_pair_of_choices_that_is_offered_has_a_region_with_all_roles() -> None:
    """Each student and region first, then each model that is offered for each further role."""
    seen = 0
    for region in ("", *CATALOG.app_regions):
        for student in helper.offered(CATALOG, "student", {}, region):
            first = {"student": student.key}
            for role in helper.ROLES[1:]:
                for offer in helper.offered(CATALOG, role, first, region):
                    choice = helper.choose(CATALOG, {**first, role: offer.key}, region)
                    assert choice.region == (region or choice.region)
                    assert set(choice.offers) == set(helper.ROLES)
                    assert holds_all(choice)
                    seen += 1
    assert seen > 1_000


def test_answering_question_by_question_never_ends_in_a_dead_end() -> None:
    """Down each path of last offers, the least preferred, and of first ones."""
    for student in helper.offered(CATALOG, "student", {}):
        for pick in (0, -1):
            wishes = {"student": student.key}
            for role in helper.ROLES[1:]:
                options = helper.offered(CATALOG, role, wishes)
                assert options, (wishes, role)
                wishes[role] = options[pick].key
            assert holds_all(helper.choose(CATALOG, wishes))


def test_every_model_of_the_file_can_be_had_in_each_of_its_roles() -> None:
    for entry in RAW["models"]:
        for role in entry["roles"]:
            assert (
                helper.choose(CATALOG, {role: entry["model"]}).offers[role].model == entry["model"]
            )


def test_defaults_are_those_of_the_templates() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))
    given = {name: one["value"] for name, one in parameters["parameters"].items()}
    choice = helper.choose(CATALOG, {})
    for role, offer in choice.offers.items():
        if role == "student":
            continue
        assert given[f"{role}Model"] == f"${{{role.upper()}_MODEL={offer.model}}}"
        assert given[f"{role}Sku"] == f"${{{role.upper()}_SKU={offer.sku}}}"
    assert choice.offers["student"].model == RunSpec().student.model


def test_values_written_are_parameters_of_the_templates() -> None:
    text = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    read = set(re.findall(r"\$\{([A-Z_]+)", text))
    choice = helper.choose(CATALOG, {"student": LLAMA})
    values = helper.environment_of(choice)
    assert set(values) <= read
    assert values["ML_ENABLED"] == "true"
    assert values["AZURE_LOCATION"] == "westus3"
    assert helper.environment_of(helper.choose(CATALOG, {}))["ML_ENABLED"] == "false"


def test_the_judge_is_another_model_than_the_teacher_unless_asked_for() -> None:
    for teacher in ("gpt-4.1", "gpt-4o", "gpt-4.1-mini"):
        choice = helper.choose(CATALOG, {"teacher": teacher})
        assert choice.offers["judge"].model != choice.offers["teacher"].model
    same = helper.choose(CATALOG, {"teacher": "gpt-4o", "judge": "gpt-4o"})
    assert same.offers["judge"].model == same.offers["teacher"].model


def test_the_baseline_is_the_students_base_unless_asked_for() -> None:
    choice = helper.choose(CATALOG, {"student": "gpt-4.1-nano-2025-04-14"})
    assert choice.offers["baseline"].model == "gpt-4.1-nano@2025-04-14"
    other = helper.choose(CATALOG, {"baseline": "gpt-4.1"})
    assert other.offers["baseline"].model == "gpt-4.1@2025-04-14"


def test_a_model_that_is_not_listed_is_taken_at_its_word() -> None:
    choice = helper.choose(CATALOG, {"teacher": "gpt-5@2025-08-07"})
    assert choice.offers["teacher"].model == "gpt-5@2025-08-07"
    assert not choice.offers["teacher"].listed


def test_a_role_that_is_brought_along_is_not_deployed() -> None:
    choice = helper.choose(CATALOG, {"teacher": "none", "vision": "none"})
    values = helper.environment_of(choice)
    assert values["TEACHER_MODEL"] == values["VISION_MODEL"] == "none"
    assert "TEACHER_SKU" not in values
    assert values["JUDGE_MODEL"] != "none"


@pytest.mark.parametrize(
    ("wishes", "region", "words"),
    [
        (
            {"student": "o4-mini-2025-04-16"},
            "westus3",
            ["eastus2, swedencentral", "another student", "another region, for example sweden"],
        ),
        (
            {"student": LLAMA, "teacher": "gpt-4.1"},
            "uksouth",
            [f"student {LLAMA}: westus3", "another student", "another region"],
        ),
        ({"teacher": "gpt-9"}, "", ["no model gpt-9 is known", "any name@version"]),
        ({}, "mars", ["the app cannot be in mars", "swedencentral"]),
        ({"student": "none"}, "", ["there must be one"]),
    ],
)
def test_an_impossible_wish_is_explained(
    wishes: dict[str, str], region: str, words: list[str]
) -> None:
    with pytest.raises(helper.Impossible) as raised:
        helper.choose(CATALOG, wishes, region)
    for word in words:
        assert word in str(raised.value)


def test_what_is_said_to_be_possible_is() -> None:
    with pytest.raises(helper.Impossible) as raised:
        helper.choose(CATALOG, {"student": "o4-mini-2025-04-16", "teacher": "gpt-4o"}, "westus3")
    another = re.search(r"another student, for example (\S+)", str(raised.value))
    assert another is not None
    student = another[1]
    assert helper.choose(CATALOG, {"student": student, "teacher": "gpt-4o"}, "westus3")


def test_students_are_those_that_a_spec_takes() -> None:
    for entry in RAW["students"]:
        for method in entry["methods"]:
            student = Student(platform=entry["platform"], model=entry["model"], method=method)
            assert student.model == entry["model"]


def test_every_entry_says_where_it_was_read() -> None:
    for entry in (*RAW["models"], *RAW["students"], RAW["app"]):
        source = RAW["sources"][entry["source"]]
        assert source["url"].startswith("https://")
        assert re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", source["date"])
        assert source["note"]


def test_prices_are_known_for_the_models_chosen_by_default() -> None:
    for model in RAW["preferred"].values():
        assert any(model.startswith(name) for name in LIST_PRICES), model


# as a command


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = helper.main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def test_flags_write_azd_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = Commands(tmp_path / "bin")
    (fake.folder / "rules").write_text("[]", encoding="utf-8")
    monkeypatch.setenv("PATH", str(fake.folder), prepend=":")
    code, out, _ = run(capsys, "--student", "gpt-4.1-mini-2025-04-14", "--vision", "none")
    assert code == 0
    written = {call.words[3]: call.words[4] for call in fake.calls}
    assert all(call.words[:3] == ["azd", "env", "set"] for call in fake.calls)
    assert written == helper.environment_of(
        helper.choose(CATALOG, {"student": "gpt-4.1-mini-2025-04-14", "vision": "none"})
    )
    assert "student: {platform: azure_openai, model: 'gpt-4.1-mini-2025-04-14'}" in out


def test_a_dry_run_writes_nothing_and_an_impossible_wish_exits_with_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert run(capsys, "--location", "swedencentral", "--dry-run")[0] == 0
    code, _, err = run(capsys, "--location", "mars")
    assert code == 2
    assert "cannot be in mars" in err


def test_a_missing_azd_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    code, _, err = run(capsys, "--location", "swedencentral")
    assert code == 1
    assert "azd env set failed" in err


def test_questions_offer_only_what_fits_and_take_enter_for_the_suggestion(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [offer.key for offer in CATALOG.offers["student"]]
    number = next(str(n) for n, key in enumerate(keys, 1) if key.endswith(LLAMA))
    answers = iter(["99", number, "", "", "", "", "", ""])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    code, out, _ = run(capsys, "--dry-run")
    assert code == 0
    assert "a number from 1 to" in out
    assert f"student    {LLAMA}" in out
    assert "region:\n   1 westus3  (suggested)\nregion " in out
