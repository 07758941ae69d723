"""An Azure ML workspace through its SDK, which is synchronous: each call runs in a thread.

One client per workspace and process, made at the first call: importing the SDK takes seconds. A
workspace behind a loopback address gets a fixed word as its token, over plain http; any other one
DefaultAzureCredential and https only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

from shared.adapters.azure_errors import words_of
from shared.adapters.identity import LoopbackPolicy, SyncLocalCredential
from shared.errors import JobError, ModelUnavailable, RaftError, SpecError
from shared.settings import MachineLearning, is_loopback

T = TypeVar("T")

_LOCAL_URL = "AZUREML_DEV_URL_MFE"
_RETRIES = 3
_CHATTY = ("_utils._experimental", "operations._job_operations")
_MAKING = threading.Lock()


class Workspace:
    """Calls the SDK; all its methods raise JobError, or ModelUnavailable where waiting helps."""

    def __init__(self, workspace: MachineLearning, client_id: str = "") -> None:
        self._workspace = workspace
        self._client_id = client_id

    async def call(self, what: str, ask: Callable[[Any], T]) -> T:
        """What `ask` gets from the SDK's client; `what` begins the words of an error."""
        return await asyncio.to_thread(self._call, what, ask)

    async def look(self, what: str, ask: Callable[[Any], T]) -> T | None:
        """As `call`; None when there is no such resource."""

        def look(client: Any) -> T | None:
            try:
                return ask(client)
            except ResourceNotFoundError:
                return None

        return await self.call(what, look)

    def _call(self, what: str, ask: Callable[[Any], T]) -> T:
        with _MAKING:
            client = _connect(self._workspace, self._client_id)
        try:
            return ask(client)
        except AzureError as error:
            raise _our_error(error, what) from None


@cache
def _connect(workspace: MachineLearning, client_id: str) -> Any:
    for name, value in (
        ("AZURE_SUBSCRIPTION_ID", workspace.subscription),
        ("AZURE_RESOURCE_GROUP", workspace.resource_group),
        ("AZURE_ML_WORKSPACE", workspace.workspace),
    ):
        if not value:
            raise SpecError(name, "must be set: the student is trained in that workspace")
    from azure.ai.ml import MLClient

    for chatty in _CHATTY:  # each writes to stderr by a handler of its own
        logging.getLogger(f"azure.ai.ml.{chatty}").setLevel(logging.ERROR)
    named = (workspace.subscription, workspace.resource_group, workspace.workspace)
    options: dict[str, Any] = {"enable_telemetry": False, "retry_total": _RETRIES}
    if not is_loopback(workspace.endpoint):
        from azure.identity import DefaultAzureCredential

        credential = DefaultAzureCredential(managed_identity_client_id=client_id or None)
        return MLClient(credential, *named, **options)
    # The SDK takes another address from this variable only, and reads it when a client is made.
    os.environ.update({_LOCAL_URL: workspace.endpoint})
    try:
        options["authentication_policy"] = LoopbackPolicy()
        return MLClient(SyncLocalCredential(), *named, **options)
    finally:
        os.environ.pop(_LOCAL_URL)


def _our_error(error: AzureError, what: str) -> RaftError:
    """Trouble that may pass is told apart from a refusal, by the service or by the SDK itself."""
    words = f"{what}: {words_of(error)}"
    if isinstance(error, HttpResponseError):
        status = error.status_code
        passes = status is None or status in (408, 409, 429) or status >= 500
    else:
        passes = isinstance(error, ServiceRequestError | ServiceResponseError)
    return ModelUnavailable(words) if passes else JobError(words)
