"""Settings: names of the ecosystem, numbers within bounds, and no secret in any repr."""

from __future__ import annotations

import pytest

from shared.errors import SpecError
from shared.settings import Role, event_grid_triggers, read_settings

NUMBERS = {
    "QUIET_PERIOD_SECONDS": ("quiet_seconds", 30, 0, 86_400),
    "POLL_SECONDS": ("poll_seconds", 30, 0.05, 300),
    "MODEL_CONCURRENCY": ("model_concurrency", 16, 1, 1_000),
    "MODEL_TIMEOUT_SECONDS": ("model_timeout_seconds", 120, 0.1, 600),
    "LANES": ("lanes", 4, 1, 20),
}


def test_an_empty_environment_connects_to_nothing_and_has_defaults() -> None:
    settings = read_settings({})
    assert not any(endpoint.configured for endpoint in settings.models.values())
    for field, default, _, _ in NUMBERS.values():
        assert getattr(settings, field) == default


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_read_to_both_ends_of_their_range(name: str) -> None:
    field, default, low, high = NUMBERS[name]
    for text in (low, high):
        assert getattr(read_settings({name: str(text)}), field) == text
    assert getattr(read_settings({name: ""}), field) == default


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("text", ["soon", "nan", "inf", "-1", "1e9", "0x10"])
def test_a_number_out_of_range_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SpecError, match=f"{name}: must be a number from .* not '{text}'"):
        read_settings({name: text})


@pytest.mark.parametrize("role", Role)
def test_a_role_is_read_under_azures_names(role: Role) -> None:
    prefix = f"{role.value}_AZURE_OPENAI_"
    names = {"ENDPOINT": "https://a", "API_KEY": "k", "DEPLOYMENT": "d", "API_VERSION": "v"}
    endpoint = read_settings({prefix + name: value for name, value in names.items()}).model(role)
    assert (endpoint.azure_endpoint, endpoint.api_key) == ("https://a", "k")
    assert (endpoint.deployment, endpoint.api_version) == ("d", "v")


@pytest.mark.parametrize("role", Role)
def test_a_role_is_read_under_openais_names(role: Role) -> None:
    prefix = f"{role.value}_OPENAI_"
    names = {"BASE_URL": "https://a/v1", "API_KEY": "k", "DEPLOYMENT": "d", "API_VERSION": "v"}
    endpoint = read_settings({prefix + name: value for name, value in names.items()}).model(role)
    assert (endpoint.base_url, endpoint.azure_endpoint) == ("https://a/v1", "")
    assert (endpoint.deployment, endpoint.api_key, endpoint.api_version) == ("d", "k", "v")


@pytest.mark.parametrize("name", ["BASE_URL", "ENDPOINT"])
@pytest.mark.parametrize("azure", ["AZURE_", ""])
def test_azure_before_openai_is_accepted_everywhere(name: str, azure: str) -> None:
    settings = read_settings({f"JUDGE_{azure}OPENAI_{name}": "https://a"})
    assert settings.model(Role.JUDGE).configured


def test_one_roles_settings_are_no_other_roles() -> None:
    settings = read_settings({"TEACHER_AZURE_OPENAI_ENDPOINT": "https://a"})
    assert [role for role in Role if settings.models[role].configured] == [Role.TEACHER]


def test_the_teacher_is_also_read_as_completion() -> None:
    settings = read_settings(
        {"COMPLETION_OPENAI_BASE_URL": "https://c", "COMPLETION_OPENAI_API_KEY": "ck"}
    )
    teacher = settings.model(Role.TEACHER)
    assert (teacher.base_url, teacher.api_key) == ("https://c", "ck")


def test_a_key_is_never_sent_to_another_names_endpoint() -> None:
    teacher = read_settings(
        {
            "TEACHER_AZURE_OPENAI_ENDPOINT": "https://entra-only",
            "COMPLETION_OPENAI_BASE_URL": "https://c",
            "COMPLETION_OPENAI_API_KEY": "ck",
        }
    ).model(Role.TEACHER)
    assert (teacher.azure_endpoint, teacher.base_url, teacher.api_key) == (
        "https://entra-only", "", "",
    )  # fmt: skip


def test_a_missing_model_is_noticed_at_use_and_says_what_to_set() -> None:
    with pytest.raises(SpecError, match="STUDENT_AZURE_OPENAI_ENDPOINT") as caught:
        read_settings({}).model(Role.STUDENT)
    assert "STUDENT_OPENAI_BASE_URL" in str(caught.value)


def test_no_secret_is_in_a_repr() -> None:
    settings = read_settings(
        {
            "TEACHER_AZURE_OPENAI_ENDPOINT": "https://a",
            "TEACHER_AZURE_OPENAI_API_KEY": "s3cret-key",
            "DocumentsStorage": "AccountKey=s3cret-storage",
        }
    )
    assert settings.model(Role.TEACHER).api_key == "s3cret-key"
    assert settings.storage.connection_string == "AccountKey=s3cret-storage"
    assert "s3cret" not in repr(settings)


def test_storage_is_read_with_a_string_or_with_an_identity() -> None:
    storage = read_settings(
        {"DocumentsStorage__blobServiceUri": "https://b", "DocumentsStorage__clientId": "id"}
    ).storage
    assert (storage.connection_string, storage.service_uri, storage.client_id) == (
        "", "https://b", "id",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"BLOB_TRIGGER_SOURCE": "EventGrid"}, True),
        ({"BLOB_TRIGGER_SOURCE": "LogsAndContainerScan"}, False),
        ({"BLOB_TRIGGER_SOURCE": "logsandcontainerscan"}, False),
    ],
)
def test_events_come_from_event_grid_unless_polling_is_asked_for(
    environ: dict[str, str], expected: bool
) -> None:
    assert event_grid_triggers(environ) is expected


def test_the_processs_environment_is_read_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANES", "7")
    assert read_settings().lanes == 7


def test_a_deployments_model_is_known_where_it_is_said() -> None:
    environ = {"TEACHER_AZURE_OPENAI_ENDPOINT": "https://a", "TEACHER_AZURE_OPENAI_MODEL": "gpt-4o"}
    assert read_settings(environ).model(Role.TEACHER).model == "gpt-4o"


def test_a_run_does_without_a_vision_model() -> None:
    assert not read_settings({}).has(Role.VISION)
    assert read_settings({"VISION_OPENAI_BASE_URL": "https://a"}).has(Role.VISION)


def test_prices_are_a_json_object_or_refused() -> None:
    assert read_settings({}).prices == {}
    given = read_settings({"MODEL_PRICES": '{"gpt-4o": {"prompt": 2}}'}).prices
    assert given == {"gpt-4o": {"prompt": 2}}
    for wrong in ("{", "[]", "3"):
        with pytest.raises(SpecError, match="MODEL_PRICES"):
            read_settings({"MODEL_PRICES": wrong})
