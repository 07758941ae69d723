"""What a developer gets of the deployed app's settings: models and limits, no identity, no key."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from shared.settings import Role, read_settings
from tests.infra.loading import load
from tests.infra.test_names import deployed

helper = load("developer_settings")
ACCOUNT = "https://st.blob.core.windows.net/"
APP = {name: "text" for name in deployed()} | {
    "DocumentsStorage__blobServiceUri": ACCOUNT,
    "TEACHER_AZURE_OPENAI_ENDPOINT": "https://ai.openai.azure.com",
    "TEACHER_TPM": "100000",
    "QUIET_PERIOD_SECONDS": "60",
    "POLL_SECONDS": "30",
    "MODEL_CONCURRENCY": "16",
    "MODEL_TIMEOUT_SECONDS": "120",
    "LANES": "4",
    "OPENAI_API_KEY": "canary",
    "TEACHER_2_AZURE_OPENAI_API_KEY": "canary",
    **{f"{role}_TPM": "1000" for role in ("JUDGE", "BASELINE", "EMBEDDING", "VISION")},
}


def test_the_apps_own_reader_takes_them() -> None:
    settings = read_settings(helper.developer_settings(APP, "local", {}))
    assert settings.model(Role.TEACHER).azure_endpoint == "https://ai.openai.azure.com"
    assert settings.model(Role.TEACHER).tpm == 100_000
    assert settings.storage.connection_string == "UseDevelopmentStorage=true"
    assert settings.client_id == ""


def test_with_the_apps_storage_one_signs_in_oneself() -> None:
    settings = read_settings(helper.developer_settings(APP, "azure", {}))
    assert settings.storage.connection_string == ""
    assert settings.storage.service_uri == ACCOUNT
    assert settings.storage.client_id == ""


@pytest.mark.parametrize("storage", ["local", "azure"])
def test_no_key_and_nothing_that_only_azure_has_is_taken(storage: str) -> None:
    given = helper.developer_settings(APP, storage, {})
    assert "canary" not in json.dumps(given)
    assert [name for name in given if "INSIGHTS" in name or "SCHEDULER" in name] == []
    assert [name for name in given if name.startswith("AzureFunctionsJobHost")] == []
    assert given["TASKHUB_NAME"] == "local"
    assert given["BLOB_TRIGGER_SOURCE"] == "LogsAndContainerScan"


def test_what_was_added_stays_and_what_was_deployed_wins() -> None:
    present = {"LANES": "2", "OPENAI_API_KEY": "mine"}
    given = helper.developer_settings(APP, "local", present)
    assert (given["LANES"], given["OPENAI_API_KEY"]) == ("4", "mine")


def test_an_empty_file_is_filled_and_wrong_input_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.json"
    file.touch()
    monkeypatch.setattr(sys, "stdin", io.StringIO('[{"name": "LANES", "value": null}]'))
    assert helper.main(["--storage", "local", str(file)]) == 0
    assert json.loads(file.read_text(encoding="utf-8"))["Values"]["LANES"] == ""
    before = file.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"error": "no"}'))
    assert helper.main(["--storage", "local", str(file)]) == 1
    assert file.read_bytes() == before
