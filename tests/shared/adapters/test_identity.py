"""Who we are to whom: local words for loopback only, Entra ID elsewhere; clients and tokens."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import openai
import pytest
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.rest import HttpRequest
from azure.identity.aio import DefaultAzureCredential

from shared.adapters import deployments, openai_client
from shared.adapters.deployments import CognitiveServicesDeployer
from shared.adapters.identity import (
    LocalCredential,
    LoopbackPolicy,
    LoopbackTokens,
    credential_for,
)
from shared.adapters.openai_client import connect_model, our_error
from shared.adapters.openai_training import OpenAITrainer
from shared.adapters.tokenizer import O200kTokenizer
from shared.errors import ContentFiltered, ModelError, ModelRefusesUs, ModelUnavailable
from shared.settings import ModelEndpoint
from tests.local.models.support import Server
from tests.shared.support import control_plane

AZURE = "https://account.openai.azure.com"
ELSEWHERE = [
    AZURE,
    "https://127.0.0.1.example.com",
    "http://127.0.0.1@example.com",
    "http://10.0.0.1",
]


@pytest.mark.parametrize("url", ["http://127.0.0.1:10000/a", "http://localhost", "http://[::1]:8"])
async def test_loopback_gets_the_local_word(url: str) -> None:
    credential = credential_for(url)
    assert isinstance(credential, LocalCredential)
    async with credential:
        assert (await credential.get_token("scope")).token == "local"
        assert (await credential.get_token_info("scope")).token == "local"


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_any_other_host_gets_entra_id(url: str) -> None:
    async with credential_for(url, "client-id") as credential:
        assert isinstance(credential, DefaultAzureCredential)


def on_its_way(url: str) -> PipelineRequest[Any]:
    return PipelineRequest(HttpRequest("GET", url), PipelineContext(None, enforce_https=True))


def test_plain_http_is_allowed_to_loopback_with_the_local_word() -> None:
    request = on_its_way("http://127.0.0.1:8/subscriptions")
    LoopbackPolicy().on_request(request)
    assert request.http_request.headers["Authorization"] == "Bearer local"
    assert "enforce_https" not in request.context.options


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_nor_do_the_local_tokens(url: str) -> None:
    request = on_its_way(url)
    with pytest.raises(ValueError, match="not a loopback address"):
        await LoopbackTokens(LocalCredential(), url).on_request(request)
    assert "Authorization" not in request.http_request.headers


async def test_a_token_is_kept_until_it_expires() -> None:
    kept, gone = LocalCredential(), LocalCredential(0)
    assert [(await kept.get_token("scope")).token for _ in range(3)] == ["local"] * 3
    assert (await gone.get_token("scope")).token == "local"
    assert (await gone.get_token_info("scope")).token == "local-2"


@pytest.fixture
def tokens(monkeypatch: pytest.MonkeyPatch) -> LocalCredential:
    """The credential of every client; its tokens expire after a tenth of a second."""
    credential = LocalCredential(0.1)
    for module in (openai_client, deployments):
        monkeypatch.setattr(module, "credential_for", lambda *_: credential)
    return credential


@pytest.mark.parametrize("which", ["data plane", "control plane"])
async def test_a_wait_that_outlives_its_token_goes_on_with_another(
    models: Server, tokens: LocalCredential, which: str
) -> None:
    """The stand-in refuses the first token that it sees for ever: only another one is answered."""
    models.fault("token_expired", seconds=0)
    if which == "data plane":
        trainer = OpenAITrainer(ModelEndpoint("student", azure_endpoint=models.url), timeout=5)
        client, look = trainer._client, lambda: trainer.check("ftjob-none")
    else:
        deployer = CognitiveServicesDeployer(control_plane(models.url))
        client, look = deployer._client, lambda: deployer.check("raft-none")
    assert (await look()).status == "Unauthorized"
    await asyncio.sleep(0.15)
    assert (await look()).status == "NotFound", "it was let in"
    assert (await tokens.get_token("scope")).token != "local"
    assert models.admin("faults")["faults"][0]["hits"] == 1
    await client.close()


@pytest.mark.parametrize("url", ELSEWHERE)
def test_the_local_word_never_goes_to_another_host(url: str) -> None:
    request = on_its_way(url)
    with pytest.raises(ValueError, match="not a loopback address"):
        LoopbackPolicy().on_request(request)
    assert "Authorization" not in request.http_request.headers


@pytest.mark.parametrize(
    ("endpoint", "url", "header"),
    [
        (ModelEndpoint("d", azure_endpoint=AZURE, api_key="k"), "/openai/v1/chat", "authorization"),
        (ModelEndpoint("d", azure_endpoint=f"{AZURE}/", api_key="k"), "/openai/v1/chat", ""),
        (ModelEndpoint("d", base_url=f"{AZURE}/v9/", api_key="k"), "/v9/chat", "authorization"),
        (
            ModelEndpoint("d", azure_endpoint=AZURE, api_key="k", api_version="2025-04-01-preview"),
            "/openai/deployments/d/chat",
            "api-key",
        ),
        (
            ModelEndpoint("d", azure_endpoint="http://localhost", api_version="2025-04-01-preview"),
            "/openai/deployments/d/chat",
            "authorization",
        ),
    ],
)
async def test_an_endpoint_is_called_on_its_own_routes(
    endpoint: ModelEndpoint, url: str, header: str
) -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(500)

    transport = httpx2.MockTransport(answer)
    async with connect_model(endpoint, timeout=1, transport=transport) as client:
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="d", messages=[])
    assert seen[0].url.path == f"{url}/completions"
    assert not header or seen[0].headers[header] in {"k", "Bearer k", "Bearer local"}


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, "", ModelUnavailable),
        (408, "", ModelUnavailable),
        (500, "", ModelUnavailable),
        (503, "", ModelUnavailable),
        (401, "", ModelRefusesUs),
        (403, "", ModelRefusesUs),
        (404, "", ModelRefusesUs),
        (400, "content_filter", ContentFiltered),
        (400, "context_length_exceeded", ModelError),
    ],
)
def test_a_status_becomes_the_error_that_tells_what_to_do(
    status: int, code: str, expected: type[ModelError]
) -> None:
    response = httpx2.Response(status, request=httpx2.Request("POST", AZURE))
    body = {"code": code, "message": "words\n of the cloud " + "x" * 900}
    error = our_error(openai.APIStatusError("m", response=response, body=body), "teacher")
    assert type(error) is expected
    assert "teacher" in error.reason
    assert len(str(error)) < 300
    assert "\n" not in str(error)


def test_tokens_are_those_of_the_vocabulary() -> None:
    tokenizer = O200kTokenizer()
    assert tokenizer.name == "o200k_base"
    assert [tokenizer.count(text) for text in ("", "hello", "hello world", "é")] == [0, 1, 2, 1]


def test_special_tokens_in_a_document_are_plain_text() -> None:
    assert O200kTokenizer().count("<|endoftext|>") > 1


async def test_counting_from_many_threads_gives_one_result() -> None:
    tokenizer = O200kTokenizer()
    text = "The monthly fee is 5 pounds. " * 50
    counts = await asyncio.gather(*(asyncio.to_thread(tokenizer.count, text) for _ in range(8)))
    assert len(set(counts)) == 1
