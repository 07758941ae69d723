"""Serverless endpoints through the real SDK: named once, asked by their own key in both forms."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared.adapters import ml_workspace
from shared.adapters.azure_ml import AzureMLTrainer
from shared.adapters.serverless import ServerlessChat, ServerlessDeployer
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelError, ModelRefusesUs, ModelUnavailable
from shared.ports import ChatRequest
from shared.raft.examples import Row, ShownDocument
from shared.raft.exports import completion_record
from shared.raft.prompts import student_prompt
from tests.local.models.support import Server, ask
from tests.shared.adapters.ml_support import (
    PATH,
    body_of,
    import_sdk,
    request,
    running,
    sent,
    uploader,
    workspace,
)
from tests.shared.support import KEY, Canned, completion, free, settled

BIRCH = "The Birch account has a monthly fee of 9 pounds."
QUESTION = ask([BIRCH, "Branches open at nine."], "What is the fee of the Birch account?")
MakeChat = Callable[..., ServerlessChat]


@dataclass(frozen=True)
class Trained:
    """A stand-in, and the model that it has trained."""

    server: Server
    model: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, storage: str) -> Iterator[Trained]:
    import_sdk()
    with running(tmp_path_factory.mktemp("models"), storage) as server:

        async def train() -> str:
            trainer = AzureMLTrainer(workspace(server.url), uploader(storage))
            job = await trainer.submit(request())
            await settled(lambda: trainer.check(job))
            return (await trainer.result(job)).model

        yield Trained(server, asyncio.run(train()))


@pytest.fixture
def models(trained: Trained) -> Iterator[Server]:
    """The stand-in without faults and with an empty log."""
    server = trained.server
    server.admin("faults", "DELETE")
    server.admin("requests", "DELETE")
    yield server
    server.admin("faults", "DELETE")


@pytest.fixture
def deployer(models: Server) -> ServerlessDeployer:
    return ServerlessDeployer(workspace(models.url))


@pytest.fixture
async def chat() -> AsyncIterator[MakeChat]:
    """Makes chats with an endpoint, and closes their connections."""
    made: list[ServerlessChat] = []

    def make(url: str, name: str, form: str = "chat", places: int = 4) -> ServerlessChat:
        concurrency = asyncio.Semaphore(places)
        options: Any = {"form": form, "concurrency": concurrency, "timeout": 5.0, "stop": "<END>"}
        made.append(ServerlessChat(workspace(url), name, **options))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def name() -> str:
    """An endpoint name of its own."""
    return f"raft-{uuid.uuid4().hex[:8]}"


@pytest.fixture
async def online(trained: Trained, deployer: ServerlessDeployer, name: str) -> str:
    """The name of an endpoint that serves the chat model."""
    await deployer.create(name, trained.model, "", 0)
    assert (await settled(lambda: deployer.check(name))).state is JobState.SUCCEEDED
    trained.server.admin("requests", "DELETE")
    return name


def requests(models: Server, method: str, ending: str = "") -> int:
    return sum(verb == method and path.endswith(ending) for verb, path, _ in sent(models))


def shown(state: str, uri: str = "", model: str = "azureml://1") -> dict[str, Any]:
    """An endpoint as the resource manager shows it."""
    properties: dict[str, Any] = {"authMode": "Key", "provisioningState": state}
    properties["modelSettings"] = {"modelId": model}
    if uri:
        properties["inferenceEndpoint"] = {"uri": uri}
    return {
        "id": f"{PATH}/serverlessEndpoints/raft-1",
        "name": "raft-1",
        "location": "local",
        "properties": properties,
    }


def scripted(canned: Canned, *answers: tuple[Any, ...]) -> None:
    """An endpoint that is online and answers so."""
    keys = {"primaryKey": KEY, "secondaryKey": "other"}
    canned.answers = [(200, shown("Succeeded", canned.url)), (200, keys), *answers]


async def test_before_during_and_after(
    trained: Trained, deployer: ServerlessDeployer, models: Server, name: str
) -> None:
    assert await deployer.check(name) == JobStatus(JobState.RUNNING, "NotFound", "not listed yet")
    await deployer.create(name, trained.model, "DeveloperTier", 50)
    assert await deployer.check(name) == JobStatus(JobState.RUNNING, "Creating")
    assert await settled(lambda: deployer.check(name)) == JobStatus(JobState.SUCCEEDED, "Succeeded")
    assert body_of(models, "PUT", f"/serverlessEndpoints/{name}") == {
        "location": "local",
        "sku": {"name": "Consumption"},
        "properties": {"modelSettings": {"modelId": trained.model}},
    }
    versions = {m["api_version"] for _, path, m in sent(models) if "Endpoints" in path}
    assert versions == {"2024-01-01-preview"}


async def test_creating_twice_is_one_endpoint(trained: Trained, models: Server, name: str) -> None:
    for _ in range(2):
        one = ServerlessDeployer(workspace(models.url))
        await one.create(name, trained.model, "", 0)
    assert requests(models, "PUT") == 1


async def test_a_name_taken_by_another_model_is_refused_and_left_alone(
    trained: Trained, deployer: ServerlessDeployer, models: Server, online: str
) -> None:
    with pytest.raises(JobError, match=f"taken by the model {trained.model}") as caught:
        await deployer.create(online, "azureml://another", "", 0)
    assert caught.value.fatal
    assert await deployer.delete(online, "azureml://another") is False
    assert requests(models, "PUT") == requests(models, "DELETE") == 0


async def test_refused_quota_is_told_in_the_clouds_words_and_what_to_change(
    trained: Trained, deployer: ServerlessDeployer, models: Server, name: str
) -> None:
    models.fault("quota_refused", name)
    with pytest.raises(JobError, match=r"QuotaExceeded: The workspace .*To go on, delete an end"):
        await deployer.create(name, trained.model, "", 0)
    models.admin("faults", "DELETE")
    await deployer.create(name, trained.model, "", 0)
    assert (await deployer.check(name)).status == "Creating"


async def test_a_model_or_a_name_that_the_cloud_refuses_is_told_in_its_words(
    trained: Trained, deployer: ServerlessDeployer, name: str
) -> None:
    with pytest.raises(JobError, match="refused: ModelNotFound: The model 'azureml://none'"):
        await deployer.create(name, "azureml://none", "", 0)
    with pytest.raises(JobError, match="3 to 52 letters, digits and hyphens"):
        await deployer.create("raft_1", trained.model, "", 0)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("Failed", JobState.FAILED),
        ("Canceled", JobState.FAILED),
        ("Deleting", JobState.FAILED),
        ("Updating", JobState.RUNNING),
    ],
)
async def test_the_clouds_own_word_is_passed_on(
    canned: Canned, state: str, expected: JobState
) -> None:
    canned.answers = [(200, shown(state))]
    one = ServerlessDeployer(workspace(canned.url))
    assert await one.check("raft-1") == JobStatus(expected, state)


async def test_a_failed_endpoint_is_made_again(canned: Canned) -> None:
    place = {"id": PATH, "name": "workspace", "location": "local", "properties": {}}
    canned.answers = [(200, shown("Failed")), (200, place), (201, shown("Creating"))]
    await ServerlessDeployer(workspace(canned.url)).create("raft-1", "azureml://1", "", 0)
    assert [entry.split()[0] for entry in canned.asked] == ["GET", "GET", "PUT"]


async def test_an_endpoint_is_removed_once(
    trained: Trained, deployer: ServerlessDeployer, models: Server, online: str
) -> None:
    assert await deployer.delete(online, trained.model) is True
    assert (await deployer.check(online)).status == "NotFound"
    assert await deployer.delete(online, trained.model) is False
    assert requests(models, "DELETE") == 1


async def test_an_endpoint_that_goes_already_is_not_removed_again(canned: Canned) -> None:
    canned.answers = [(200, shown("Deleting"))]
    one = ServerlessDeployer(workspace(canned.url))
    assert await one.delete("raft-1", "azureml://1") is True
    assert [entry.split()[0] for entry in canned.asked] == ["GET"]


@pytest.mark.parametrize(("status", "error"), [(403, JobError), (501, ModelUnavailable)])
async def test_a_refusal_ends_the_run_and_trouble_of_the_service_does_not(
    canned: Canned, monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]
) -> None:
    monkeypatch.setattr(ml_workspace, "_RETRIES", 0)
    canned.answers = [(status, {"error": {"code": "Odd", "message": "as it is"}})]
    one = ServerlessDeployer(workspace(canned.url))
    calls = [one.check("raft-1"), one.create("raft-1", "m", "", 0), one.delete("raft-1", "m")]
    for call in calls:
        with pytest.raises(error, match="Odd: as it is"):
            await call


async def test_the_student_answers_in_both_forms_and_is_billed(
    trained: Trained, models: Server, chat: MakeChat, online: str
) -> None:
    spent = {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
    for calls, form in enumerate(("chat", "completion"), start=1):
        one = chat(models.url, online, form)
        reply = await one.complete(ChatRequest(QUESTION, seed=3), free)
        assert reply.text.endswith(f"##begin_quote##{BIRCH}##end_quote##\n<ANSWER>: 9 pounds")
        assert (reply.finish_reason, one.deployment) == ("stop", online)
        assert reply.model in trained.model.replace("/versions/", ":")
        spent["calls"] = calls
        spent["prompt_tokens"] += reply.prompt_tokens
        spent["completion_tokens"] += reply.completion_tokens
        assert models.admin("ledger")["deployments"][online] == spent
    assert requests(models, "POST", "/listKeys") == 2
    await one.complete(ChatRequest(QUESTION), free)
    assert requests(models, "POST", "/listKeys") == 2  # each asked for it once


async def test_a_prompt_is_asked_as_the_rows_that_were_trained_on(
    canned: Canned, chat: MakeChat
) -> None:
    row = Row("1", "test", "g", "What fee?", [ShownDocument("c", BIRCH)], [0], "", "", "", [])
    said = {"index": 0, "finish_reason": "stop", "text": "9 pounds", "logprobs": None}
    reply = completion(None) | {"object": "text_completion", "choices": [said]}
    scripted(canned, (200, reply))
    asked = ChatRequest(student_prompt([BIRCH], "What fee?"), max_tokens=7, seed=3)
    answer = await chat(canned.url, "raft-1", "completion").complete(asked, free)
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("9 pounds", 7, 3)
    assert canned.asked[-1] == "POST /v1/completions"
    assert json.loads(canned.bodies[-1]) == {
        "model": "raft-1",
        "prompt": completion_record(row, "prompt", "completion", "")["prompt"],
        "max_tokens": 7,
        "temperature": 0.0,
        "seed": 3,
        "stop": ["<END>"],
    }


async def test_messages_are_asked_as_they_are_and_options_that_are_refused_are_left_out(
    canned: Canned, chat: MakeChat
) -> None:
    refusals = [
        (422, {"error": {"message": "extra field: seed"}}),
        (400, {"error": {"message": "temperature is not supported"}}),
    ]
    scripted(canned, *refusals, (200, completion("9 pounds")))
    one = chat(canned.url, "raft-1")
    for _ in range(2):
        assert (await one.complete(ChatRequest(QUESTION, seed=3), free)).text == "9 pounds"
    *_, first, second = canned.bodies
    assert json.loads(first) == json.loads(second)
    assert json.loads(first) == {"model": "raft-1", "max_tokens": 1_024, "messages": QUESTION}
    assert canned.asked[-1] == "POST /v1/chat/completions"


async def test_a_prompt_that_is_refused_costs_one_item(canned: Canned, chat: MakeChat) -> None:
    scripted(canned, (400, {"error": {"message": "too long"}}))
    with pytest.raises(ModelError, match="raft-1 answered 400: too long") as caught:
        await chat(canned.url, "raft-1").complete(ChatRequest(QUESTION), free)
    assert not caught.value.fatal


def regenerate_key(models: Server, name: str) -> None:
    """What the portal does; the SDK's own call of 1.35.2 lacks an argument and fails."""
    path = f"{PATH}/serverlessEndpoints/{name}/regenerateKeys?api-version=2024-10-01-preview"
    headers = {"authorization": "Bearer local"}
    body = json.dumps({"keyType": "Primary"}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(urllib.request.Request(models.url + path, body, headers), timeout=10).close()


async def test_a_key_that_was_changed_is_looked_up_again(
    models: Server, chat: MakeChat, online: str
) -> None:
    one, permits = chat(models.url, online), []

    async def permit() -> None:
        permits.append(1)

    await one.complete(ChatRequest(QUESTION), permit)
    await asyncio.to_thread(regenerate_key, models, online)
    models.admin("requests", "DELETE")
    asked = [one.complete(ChatRequest(QUESTION), permit) for _ in range(3)]
    assert len({reply.text for reply in await asyncio.gather(*asked)}) == 1
    assert requests(models, "POST", "/listKeys") == 1
    statuses = [e["status"] for e in models.admin("requests")["requests"] if not e["managed"]]
    assert statuses.count(200) == 3
    assert len(permits) == 1 + len(statuses)


async def test_a_refused_key_is_looked_up_once_and_told_to_nobody(
    canned: Canned, chat: MakeChat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys = {"primaryKey": KEY, "secondaryKey": "other"}
    scripted(canned, (401, {"error": {"message": "Access denied"}}), (200, keys))
    one = chat(canned.url, "raft-1")
    with pytest.raises(ModelRefusesUs, match="raft-1 answered 401") as caught:
        await one.complete(ChatRequest(QUESTION), free)
    assert caught.value.fatal
    assert sum(entry.endswith("/listKeys") for entry in canned.asked) == 2
    for shown_to_someone in (str(caught.value), repr(one), repr(one.__dict__), caplog.text):
        assert KEY not in shown_to_someone


async def test_throttling_is_waited_out_and_few_calls_are_in_flight(
    models: Server, chat: MakeChat, online: str
) -> None:
    models.fault("throttle", online, count=1, retry_after=0.01)
    models.fault("latency", online, ms=40)
    one = chat(models.url, online, places=2)
    calls = [one.complete(ChatRequest(QUESTION), free) for _ in range(6)]
    assert len(await asyncio.gather(*calls)) == 6
    assert models.admin("requests")["max_in_flight"] == 2
    assert models.admin("ledger")["deployments"][online]["calls"] == 6


async def test_an_endpoint_that_is_gone_is_said_to_be(
    trained: Trained, deployer: ServerlessDeployer, models: Server, chat: MakeChat, online: str
) -> None:
    one = chat(models.url, online)
    await one.complete(ChatRequest(QUESTION), free)
    await deployer.delete(online, trained.model)
    for late in (one, chat(models.url, online)):
        with pytest.raises(ModelRefusesUs, match=f"endpoint {online} is gone") as caught:
            await late.complete(ChatRequest(QUESTION), free)
        assert caught.value.fatal


async def test_an_endpoint_that_is_not_online_yet_may_be_asked_again(
    canned: Canned, chat: MakeChat
) -> None:
    canned.answers = [(200, shown("Creating"))]
    with pytest.raises(ModelUnavailable, match="raft-1 is creating, not online"):
        await chat(canned.url, "raft-1").complete(ChatRequest(QUESTION), free)


async def test_a_workspace_that_keeps_its_keys_refuses_us(canned: Canned, chat: MakeChat) -> None:
    denied = {"error": {"code": "AuthorizationFailed", "message": "no listKeys for you"}}
    canned.answers = [(200, shown("Succeeded", canned.url)), (403, denied)]
    with pytest.raises(ModelRefusesUs, match="AuthorizationFailed: no listKeys for you"):
        await chat(canned.url, "raft-1").complete(ChatRequest(QUESTION), free)
