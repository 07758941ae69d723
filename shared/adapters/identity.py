"""Who we are to Azure: Entra ID everywhere, except on this machine.

A loopback endpoint (the local stack) gets a word as its token, over plain http; any other endpoint
gets DefaultAzureCredential and https only. Credentials keep a token until it is about to expire
and then get another; clients ask them before each request.
"""

from __future__ import annotations

import time
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy

from shared.settings import is_loopback

_LOCAL_TOKEN = "local"
_HOUR = 3_600


class LocalCredential:
    """Tokens for servers on this machine: local, and once that has expired local-2, local-3, …"""

    def __init__(self, seconds: float = _HOUR) -> None:
        self._seconds = seconds
        self._made = 0
        self._expires = 0.0

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """The token of now."""
        return AccessToken(self._word(), int(self._expires))

    async def get_token_info(self, *scopes: str, **_: Any) -> AccessTokenInfo:
        """The token of now."""
        return AccessTokenInfo(self._word(), int(self._expires))

    def _word(self) -> str:
        now = time.time()
        if now >= self._expires:
            self._made += 1
            self._expires = now + self._seconds
        return _LOCAL_TOKEN if self._made == 1 else f"{_LOCAL_TOKEN}-{self._made}"

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> LocalCredential:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class SyncLocalCredential:
    """A token for synchronous clients of servers on this machine."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """The fixed token, good for an hour."""
        return AccessToken(_LOCAL_TOKEN, int(time.time()) + _HOUR)

    def get_token_info(self, *scopes: str, **_: Any) -> AccessTokenInfo:
        """The fixed token, good for an hour."""
        return AccessTokenInfo(_LOCAL_TOKEN, int(time.time()) + _HOUR)


class LoopbackPolicy(SansIOHTTPPolicy[Any, Any]):
    """Authenticates management calls over plain http, to this machine only."""

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Lift the https rule for loopback; refuse every other host."""
        _lift_https(request)
        request.http_request.headers["Authorization"] = f"Bearer {_LOCAL_TOKEN}"


class LoopbackTokens(AsyncARMChallengeAuthenticationPolicy):
    """The policy of the management SDKs themselves, but over plain http, to this machine only."""

    async def on_request(self, request: PipelineRequest[Any]) -> None:
        """Lift the https rule for loopback; refuse every other host."""
        _lift_https(request)
        request.context["enforce_https"] = False
        await super().on_request(request)


def _lift_https(request: PipelineRequest[Any]) -> None:
    if not is_loopback(request.http_request.url):
        raise ValueError(f"not a loopback address: {request.http_request.url}")
    request.context.options.pop("enforce_https", None)


def credential_for(url: str, client_id: str = "") -> AsyncTokenCredential:
    """The credential for an endpoint; `client_id` picks a user-assigned identity on Azure."""
    if is_loopback(url):
        return LocalCredential()
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=client_id or None)
