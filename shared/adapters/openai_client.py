"""One place that turns a role's endpoint into an openai client, and its errors into ours."""

from __future__ import annotations

from typing import Any

import httpx2
import openai

from shared.adapters.identity import credential_for
from shared.errors import ContentFiltered, ModelError, ModelRefusesUs, ModelUnavailable
from shared.settings import ModelEndpoint

_SCOPE = "https://cognitiveservices.azure.com/.default"


def connect_model(
    endpoint: ModelEndpoint,
    *,
    timeout: float,
    client_id: str = "",
    max_retries: int = 0,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> openai.AsyncOpenAI:
    """A client for the endpoint; with no key it authenticates with Entra ID.

    An Azure endpoint without an api version is called on its v1 routes; with one, on the older
    deployment routes. `transport` replaces the network below the client.
    """
    common: dict[str, Any] = {"timeout": timeout, "max_retries": max_retries}
    if transport is not None:
        common["http_client"] = httpx2.AsyncClient(transport=transport, timeout=timeout)
    key: Any = endpoint.api_key.strip()
    if not (key.isascii() and key.isprintable()):  # the client's own error would show the key
        raise ModelRefusesUs(f"the API key of {endpoint.deployment} cannot stand in a header")
    if not key:
        key = _token_provider(endpoint.azure_endpoint or endpoint.base_url, client_id)
    if endpoint.azure_endpoint and endpoint.api_version:
        auth = {"api_key": key} if isinstance(key, str) else {"azure_ad_token_provider": key}
        return openai.AsyncAzureOpenAI(
            azure_endpoint=endpoint.azure_endpoint,
            api_version=endpoint.api_version,
            **auth,
            **common,
        )
    base_url = endpoint.base_url or f"{endpoint.azure_endpoint.rstrip('/')}/openai/v1/"
    return openai.AsyncOpenAI(base_url=base_url, api_key=key, **common)


def our_error(error: openai.OpenAIError, deployment: str) -> ModelError:
    """The error of our tree for one of openai's; its text never holds a key or a prompt."""
    if isinstance(error, openai.APIStatusError):
        # What a service says of a key that it refuses may hold a part of the key.
        words = "the key or identity is refused" if error.status_code == 401 else _words(error)
        if error.status_code == 429 or error.status_code == 408 or error.status_code >= 500:
            return ModelUnavailable(f"{deployment} answered {error.status_code}: {words}")
        if error.status_code == 404:
            words = f"the deployment {deployment} is gone, or was never made. {words}"
        if error.status_code in (401, 403, 404):
            return ModelRefusesUs(f"{deployment} answered {error.status_code}: {words}")
        if error.code == "content_filter":
            return ContentFiltered(f"{deployment}'s content filter refused the prompt")
        return ModelError(f"{deployment} answered {error.status_code}: {words}")
    if isinstance(error, openai.APITimeoutError):
        return ModelUnavailable(f"{deployment} did not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return ModelUnavailable(f"{deployment} cannot be reached: {error.__cause__ or error}")
    return ModelError(f"{deployment}: {error}")


def _words(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, dict):
        body = body.get("message") or body
    return " ".join(str(body or error.message).split())[:200]


def _token_provider(url: str, client_id: str) -> Any:
    credential = credential_for(url, client_id)

    async def provide() -> str:
        return (await credential.get_token(_SCOPE)).token

    return provide
