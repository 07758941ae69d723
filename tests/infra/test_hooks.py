"""The hooks of azd under sh, with fake az and azd: the commands they send, and what they do when
one fails."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.infra.bicep import ROOT
from tests.infra.fakes import Commands

KEY = "k3y-of-blobs-extension"
PROVISIONED = {
    "AZURE_RESOURCE_GROUP": "rg-test",
    "AZURE_FUNCTION_APP_NAME": "func-raft-x",
    "AZURE_FUNCTION_APP_URL": "https://func-raft-x.azurewebsites.net",
    "AZURE_STORAGE_ACCOUNT_ID": "/subscriptions/s/resourceGroups/rg-test/providers/st",
    "AZURE_EVENTGRID_TOPIC_NAME": "evgt-raft-x",
    "AZURE_OPENAI_ENDPOINT": "https://ai-raft-x.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENTS": "teacher judge embedding",
}
APP = ["--resource-group", "rg-test", "--name", "func-raft-x"]
DEPLOYED = [
    {"name": "TEACHER_AZURE_OPENAI_ENDPOINT", "value": "https://ai-raft-x.openai.azure.com"},
    {"name": "AzureWebJobsStorage__blobServiceUri", "value": "https://st.blob.core.windows.net"},
    {"name": "DocumentsStorage__blobServiceUri", "value": "https://st.blob.core.windows.net"},
    {"name": "OPENAI_API_KEY", "value": "secret"},
    {"name": "BLOB_TRIGGER_SOURCE", "value": "EventGrid"},
]


@pytest.fixture
def fake(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "bin")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A working copy with the hooks' programs and no .venv."""
    shutil.copytree(ROOT / "infra", tmp_path / "copy" / "infra")
    return tmp_path / "copy"


@pytest.mark.parametrize("hook", ["postprovision", "postdeploy", "smoke"])
def test_a_hook_says_which_value_is_missing_and_sends_nothing(fake: Commands, hook: str) -> None:
    done = fake.run(hook)
    assert done.returncode != 0
    assert "AZURE_RESOURCE_GROUP: is not set: run azd provision" in done.stderr
    assert fake.calls == []


# postdeploy


def test_postdeploy_subscribes_to_blobs_of_documents(fake: Commands) -> None:
    fake.on("keys list", KEY)
    done = fake.run("postdeploy", **PROVISIONED)
    assert done.returncode == 0, done.stderr
    keys, create = fake.calls
    assert keys.words == [
        *("az", "functionapp", "keys", "list", *APP),
        *("--query", "systemKeys.blobs_extension", "--output", "tsv"),
    ]
    endpoint = create.option("--endpoint")
    assert create.words == [
        *("az", "eventgrid", "system-topic", "event-subscription", "create"),
        *("--resource-group", "rg-test", "--system-topic-name", "evgt-raft-x"),
        *("--name", "documents", "--endpoint-type", "webhook", "--endpoint", endpoint),
        *("--included-event-types", "Microsoft.Storage.BlobCreated"),
        *("--subject-begins-with", "/blobServices/default/containers/documents/"),
        *("--advanced-filter", "data.api", "StringIn"),
        *("CopyBlob", "PutBlob", "PutBlockList", "FlushWithClose"),
        *("--max-delivery-attempts", "30", "--event-ttl", "1440"),
        *("--deadletter-identity", "systemassigned", "--deadletter-identity-endpoint"),
        f"{PROVISIONED['AZURE_STORAGE_ACCOUNT_ID']}/blobServices/default/containers/deadletters",
        *("--output", "none"),
    ]
    assert create.files == [
        "https://func-raft-x.azurewebsites.net/runtime/webhooks/blobs"
        f"?functionName=Host.Functions.document_uploaded&code={KEY}"
    ]


def test_postdeploy_shows_the_key_to_nobody_and_leaves_no_file(fake: Commands) -> None:
    fake.on("keys list", KEY)
    done = fake.run("postdeploy", **PROVISIONED)
    assert KEY not in done.stdout + done.stderr
    create = fake.calls[1]
    assert KEY not in " ".join(create.words)
    assert not Path(create.option("--endpoint")[1:]).exists()


def test_postdeploy_waits_for_a_key_that_is_not_there_yet(fake: Commands) -> None:
    fake.on("keys list", "", times=1)
    fake.on("keys list", "None", times=1)
    fake.on("keys list", KEY)
    done = fake.run("postdeploy", **PROVISIONED)
    assert done.returncode == 0
    assert [call.words[1] for call in fake.calls] == ["functionapp"] * 3 + ["eventgrid"]
    assert fake.waited == 2


def test_postdeploy_gives_up_when_there_is_never_a_key(fake: Commands) -> None:
    fake.on("keys list", code=1, error="ERROR: not found")
    done = fake.run("postdeploy", **PROVISIONED)
    assert done.returncode == 1
    assert "no blobs_extension key after 3 looks" in done.stderr
    assert "ERROR: not found" in done.stderr
    assert len(fake.calls) == 3


def test_postdeploy_subscribes_again_when_a_cold_app_refuses(fake: Commands) -> None:
    fake.on("keys list", KEY)
    fake.on("event-subscription create", code=1, error="handshake failed", times=2)
    assert fake.run("postdeploy", **PROVISIONED).returncode == 0
    assert len(fake.calls) == 4


def test_postdeploy_says_what_works_without_a_subscription(fake: Commands) -> None:
    fake.on("keys list", KEY)
    fake.on("event-subscription create", code=1, error="handshake failed")
    done = fake.run("postdeploy", **PROVISIONED)
    assert done.returncode == 1
    assert "sweep finds new documents every five minutes" in done.stderr
    assert "azd hooks run postdeploy" in done.stderr
    assert len(fake.calls) == 4


# postprovision


def test_postprovision_makes_a_developers_settings(fake: Commands, place: Path) -> None:
    fake.on("appsettings list", json.dumps(DEPLOYED))
    done = fake.run("postprovision", place, **PROVISIONED)
    assert done.returncode == 0, done.stderr
    (listed,) = fake.calls
    assert listed.words == [
        *("az", "functionapp", "config", "appsettings", "list", *APP, "--output", "json")
    ]
    file = place / "local.settings.json"
    assert json.loads(file.read_text(encoding="utf-8"))["Values"] == {
        "TEACHER_AZURE_OPENAI_ENDPOINT": "https://ai-raft-x.openai.azure.com",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "DocumentsStorage": "UseDevelopmentStorage=true",
        "BLOB_TRIGGER_SOURCE": "LogsAndContainerScan",
        "TASKHUB_NAME": "local",
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_postprovision_keeps_what_a_developer_added(fake: Commands, place: Path) -> None:
    file = place / "local.settings.json"
    file.write_text('{"Values": {"LANES": "2"}}', encoding="utf-8")
    fake.on("appsettings list", json.dumps(DEPLOYED))
    assert fake.run("postprovision", place, **PROVISIONED).returncode == 0
    assert json.loads(file.read_text(encoding="utf-8"))["Values"]["LANES"] == "2"


def test_postprovision_writes_nothing_when_az_fails(fake: Commands, place: Path) -> None:
    fake.on("appsettings list", code=1, error="ERROR: Please run az login")
    done = fake.run("postprovision", place, **PROVISIONED)
    assert done.returncode == 1
    assert "cannot be read (az login?)" in done.stderr
    assert not (place / "local.settings.json").exists()


def test_postprovision_writes_nothing_when_the_answer_is_no_list(
    fake: Commands, place: Path
) -> None:
    fake.on("appsettings list", "no json")
    done = fake.run("postprovision", place, **PROVISIONED)
    assert done.returncode == 1
    assert "no list of settings came in" in done.stderr
    assert not (place / "local.settings.json").exists()


# smoke


def test_smoke_asks_every_model_one_question(fake: Commands, place: Path) -> None:
    done = fake.run("smoke", place, **PROVISIONED)
    assert done.returncode == 0, done.stderr
    assert "every model answers: teacher judge embedding" in done.stdout
    asked = [(call.option("--url"), json.loads(call.option("--body"))) for call in fake.calls]
    url = "https://ai-raft-x.openai.azure.com/openai/v1"
    assert [(at, body["model"]) for at, body in asked] == [
        (f"{url}/chat/completions", "teacher"),
        (f"{url}/chat/completions", "judge"),
        (f"{url}/embeddings", "embedding"),
    ]
    assert asked[0][1]["messages"][0]["role"] == "user"
    assert asked[2][1]["input"]
    for call in fake.calls:
        assert call.words[:4] == ["az", "rest", "--method", "post"]
        assert call.option("--resource") == "https://cognitiveservices.azure.com"


def test_smoke_asks_again_while_roles_are_not_known_yet(fake: Commands, place: Path) -> None:
    fake.on("rest", code=1, error="Forbidden", times=2)
    done = fake.run("smoke", place, **PROVISIONED)
    assert done.returncode == 0
    assert len(fake.calls) == 5
    assert fake.waited == 2


def test_smoke_names_the_models_that_do_not_answer(fake: Commands, place: Path) -> None:
    fake.on("rest https://ai-raft-x.openai.azure.com/openai/v1/embeddings", code=1)
    done = fake.run("smoke", place, **PROVISIONED)
    assert done.returncode == 1
    assert "no answer from: embedding" in done.stderr


def test_smoke_says_that_private_models_cannot_be_asked(fake: Commands, place: Path) -> None:
    done = fake.run("smoke", place, **PROVISIONED, VNET_ENABLED="true")
    assert done.returncode == 0
    assert "private and cannot be asked from here" in done.stdout
    assert fake.calls == []


@pytest.mark.parametrize("code", [0, 9])
def test_smoke_runs_the_doctor_on_the_deployed_settings(
    fake: Commands, place: Path, code: int
) -> None:
    """`python` and `cli.py` are stand-ins here: what the doctor finds is tested elsewhere."""
    python = place / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nexec python3 "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (place / "cli.py").write_text(
        "import json, sys\n"
        "words, file = sys.argv[1:3], sys.argv[3]\n"
        f"print(words, open(file).read())\nsys.exit({code})\n",
        encoding="utf-8",
    )
    fake.on("appsettings list", json.dumps(DEPLOYED))
    done = fake.run("smoke", place, **PROVISIONED)
    assert done.returncode == code
    assert "['doctor', '--settings']" in done.stdout
    assert '"DocumentsStorage__blobServiceUri": "https://st.blob.core.windows.net"' in done.stdout
    assert "secret" not in done.stdout


# preprovision


def test_preprovision_lets_models_and_region_that_fit_pass(fake: Commands) -> None:
    done = fake.run("preprovision", AZURE_LOCATION="swedencentral", JUDGE_MODEL="gpt-4.1-mini")
    assert done.returncode == 0, done.stderr
    assert fake.calls == []


def test_preprovision_stops_before_anything_is_made(fake: Commands) -> None:
    done = fake.run("preprovision", AZURE_LOCATION="mars")
    assert done.returncode == 1
    assert "the app cannot be in mars" in done.stderr
    assert "infra/choose_models.py" in done.stderr


def test_preprovision_goes_on_where_models_cannot_be_compared(fake: Commands, place: Path) -> None:
    python = fake.folder / "python3"
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    done = fake.run("preprovision", place, AZURE_LOCATION="mars")
    assert done.returncode == 0
    assert "are not compared" in done.stderr
