"""Checks what a run will need before one is paid for: storage, each model, each platform.

Every check is a real call that costs nothing or one token, and its finding names the setting to
change. Nothing is left behind but a blob `doctor.txt` in the runs container.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import JobError, ModelError, ModelRefusesUs, RaftError, SpecError
from shared.ports import BlobStore, Chat, ChatRequest, Embedder, Platform, Reply, Send
from shared.settings import OPTIONAL_ROLES, ModelEndpoint, Role, Settings

OK, WRONG, UNUSED = "ok", "wrong", "unused"
_NOBODY = "raft-doctor"  # a job and a deployment that nobody has
_UNKNOWN = ("404", "not found", "notfound", "not be found", "does not exist")
_BLANK = (  # a white picture of 64 × 64 pixels
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAK0lEQVR42u3MMREAAAgEoNf"
    "+nTWEmwcBqMlNRyAQCAQCgUAgEAgEAsHzYAFQLQF/OJ8+2wAAAABJRU5ErkJggg=="
)
_STORAGE_FIX = (
    "check DocumentsStorage (a connection string) or DocumentsStorage__blobServiceUri; with Entra "
    "ID the identity needs the role Storage Blob Data Contributor"
)


@dataclass(frozen=True)
class Finding:
    """What one check found: `state` is ok, wrong or unused; `fix` says what to change."""

    what: str
    state: str
    words: str
    fix: str = ""


@dataclass(frozen=True)
class Parts:
    """What is checked, each made when its check begins, so that one that cannot be made is a
    finding: documents and runs container, the model of an endpoint, a platform by its name."""

    storage: Callable[[], tuple[BlobStore, BlobStore]]
    chat: Callable[[ModelEndpoint], Chat]
    embedder: Callable[[ModelEndpoint], Embedder]
    platform: Callable[[str], Platform]


class Doctor:
    """Use case of looking whether everything answers."""

    def __init__(self, settings: Settings, parts: Parts, patience: float = 60) -> None:
        self._settings = settings
        self._parts = parts
        self._patience = patience

    async def examine(self) -> list[Finding]:
        """All findings, in a fixed order; no check takes longer than `patience` seconds."""
        return list(await asyncio.gather(*self._checks()))

    def _checks(self) -> Iterator[Awaitable[Finding]]:
        yield self._check("storage", self._storage, lambda _: _STORAGE_FIX)
        for role in Role:
            if role is not Role.STUDENT:
                yield from self._models(role)
        for name, used in self._platforms().items():
            if not used:
                yield _at_once(Finding(f"platform {name}", UNUSED, "not configured"))
                continue
            for what, look in (("training", self._training), ("deployment", self._deployment)):
                yield self._check(f"{what} on {name}", _bound(look, name), _platform_fix(name))

    async def _check(
        self, what: str, look: Callable[[], Awaitable[str]], fix: Callable[[Exception], str]
    ) -> Finding:
        try:
            async with asyncio.timeout(self._patience):
                return Finding(what, OK, await look())
        except SpecError as error:
            return Finding(what, WRONG, error.reason, f"set {error.field}" if error.field else "")
        except TimeoutError as error:
            return Finding(what, WRONG, f"no answer within {self._patience:g} s", fix(error))
        except RaftError as error:
            return Finding(what, WRONG, error.reason, fix(error))
        except Exception as error:  # an SDK's own: whatever it is, it is what was looked for
            words = " ".join(str(error).split())[:300]
            return Finding(what, WRONG, words or type(error).__name__, fix(error))

    async def _storage(self) -> str:
        documents, runs = self._parts.storage()
        domains = len(await documents.folders())
        await runs.put("doctor.txt", b"written by raft doctor\n")
        await runs.read("doctor.txt")
        return f"documents can be listed ({domains} domains), runs can be written"

    def _models(self, role: Role) -> Iterator[Awaitable[Finding]]:
        if not self._settings.has(role) and role in OPTIONAL_ROLES:
            yield _at_once(Finding(f"model {role}", UNUSED, "not configured"))
            return
        try:
            endpoints = self._settings.endpoints(role)
        except SpecError as error:
            finding = Finding(f"model {role}", WRONG, error.reason, f"set {error.field}")
            yield _at_once(finding)
            return
        look = {Role.EMBEDDING: self._embedding, Role.VISION: self._vision}.get(role, self._chat)
        for number, endpoint in enumerate(endpoints, 1):
            prefix = f"{role}_{number}" if number > 1 else str(role)
            yield self._check(f"model {prefix}", _bound(look, endpoint), _model_fix(prefix))

    async def _vision(self, endpoint: ModelEndpoint) -> str:
        return await self._chat(endpoint, _BLANK)

    async def _chat(self, endpoint: ModelEndpoint, image: str = "") -> str:
        message = {"role": "user", "content": "Say yes."}
        request = ChatRequest([message], max_tokens=1, image=image)
        _require_deployment(endpoint)
        try:
            reply = await self._parts.chat(endpoint).complete(request, _free)
        except ModelError as error:
            if "max_tokens" not in error.reason:  # a reasoning model that one token is too few for
                raise
            return f"{endpoint.deployment} answers"
        return f"{endpoint.deployment} answers, as {reply.model}"

    async def _embedding(self, endpoint: ModelEndpoint) -> str:
        _require_deployment(endpoint)
        (vector,) = await self._parts.embedder(endpoint).embed(["yes"], _Straight())
        return f"{endpoint.deployment} answers, {len(vector)} dimensions"

    def _platforms(self) -> Mapping[str, bool]:
        """Whether each is configured; the default one counts as wanted where none is."""
        ml = bool(self._settings.machine_learning.workspace)
        public = bool(self._settings.public_openai.api_key)
        azure = self._settings.has(Role.STUDENT) or not (ml or public)
        return {"azure_openai": azure, "azure_ml": ml, "openai": public}

    async def _training(self, name: str) -> str:
        try:
            await self._parts.platform(name).trainer.check(_NOBODY)
        except JobError as error:
            if not any(word in error.reason.casefold() for word in _UNKNOWN):
                raise
        return "jobs can be looked up"

    async def _deployment(self, name: str) -> str:
        platform = self._parts.platform(name)
        if not platform.hosted:
            return "needs none"
        await platform.deployer.check(_NOBODY)
        return "deployments can be looked up"


class _Straight:
    """Paid calls that are sent each time: a stored answer would say nothing of now."""

    async def once(self, kind: str, shape: Mapping[str, Any], send: Send) -> Reply:
        """Send."""
        return await send(_free)


async def _free() -> None:
    """Lets every call go."""


async def _at_once(finding: Finding) -> Finding:
    return finding


def _bound(look: Callable[[Any], Awaitable[str]], of: Any) -> Callable[[], Awaitable[str]]:
    return lambda: look(of)


def _require_deployment(endpoint: ModelEndpoint) -> None:
    if not endpoint.deployment:
        raise ModelError("no deployment is named")


def _model_fix(prefix: str) -> Callable[[Exception], str]:
    def fix(error: Exception) -> str:
        if isinstance(error, ModelRefusesUs) and "404" not in error.reason:
            return (
                f"check {prefix}_AZURE_OPENAI_API_KEY; without a key the identity needs the role "
                "Cognitive Services OpenAI User"
            )
        if isinstance(error, ModelRefusesUs) or "deployment" in str(error):
            return f"check {prefix}_AZURE_OPENAI_DEPLOYMENT: it is a deployment's name"
        return f"check {prefix}_AZURE_OPENAI_ENDPOINT, and that the network reaches it"

    return fix


def _platform_fix(name: str) -> Callable[[Exception], str]:
    words = {
        "azure_openai": "check STUDENT_AZURE_OPENAI_ENDPOINT (training), AZURE_SUBSCRIPTION_ID, "
        "AZURE_RESOURCE_GROUP and AZURE_OPENAI_ACCOUNT (deployment); the identity needs the role "
        "Cognitive Services OpenAI Contributor, and Cognitive Services Contributor to deploy",
        "azure_ml": "check AZURE_ML_WORKSPACE, AZURE_SUBSCRIPTION_ID and AZURE_RESOURCE_GROUP (or "
        "AZURE_ML_SUBSCRIPTION_ID and AZURE_ML_RESOURCE_GROUP); the identity needs the role "
        "AzureML Data Scientist, and Contributor to subscribe to models",
        "openai": "check OPENAI_API_KEY, and OPENAI_BASE_URL where it is set",
    }[name]
    return lambda _: words
