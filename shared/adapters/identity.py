"""Who we are to Azure: Entra ID everywhere, except on this machine.

A loopback endpoint (the local stack) gets a fixed word as its token, over plain http; any other
endpoint gets DefaultAzureCredential and https only.
"""

from __future__ import annotations

import time
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from shared.settings import is_loopback

_LOCAL_TOKEN = "local"
_HOUR = 3_600


class LocalCredential:
    """A token for servers on this machine, which accept any."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """The fixed token, good for an hour."""
        return AccessToken(_LOCAL_TOKEN, int(time.time()) + _HOUR)

    async def get_token_info(self, *scopes: str, **_: Any) -> AccessTokenInfo:
        """The fixed token, good for an hour."""
        return AccessTokenInfo(_LOCAL_TOKEN, int(time.time()) + _HOUR)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> LocalCredential:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class LoopbackPolicy(SansIOHTTPPolicy[Any, Any]):
    """Authenticates management calls over plain http, to this machine only."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Lift the https rule for loopback; refuse every other host."""
        if not is_loopback(request.http_request.url):
            raise ValueError(f"not a loopback address: {request.http_request.url}")
        request.context.options.pop("enforce_https", None)
        request.http_request.headers["Authorization"] = f"Bearer {_LOCAL_TOKEN}"


def credential_for(url: str, client_id: str = "") -> AsyncTokenCredential:
    """The credential for an endpoint; `client_id` picks a user-assigned identity on Azure."""
    if is_loopback(url):
        return LocalCredential()
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=client_id or None)
