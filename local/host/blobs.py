"""Blob triggers, by polling the storage account.

A receipt per (function, container, blob, etag) says what was done with each version of a blob, so
a restart fires only what has no receipt, and existing blobs fire at the first start. The receipt
is written after the function returns: a function runs at least once per version. One that keeps
failing is tried up to the poison limit, once per poll, then recorded as poison and left alone.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceExistsError
from azure.core.pipeline import PipelineResponse
from azure.functions.blob import InputStream
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from local.host.function import Function
from local.host.invoke import Invoker
from local.host.refusals import AppError
from local.host.settings import SettingsError, resolve

log = logging.getLogger("local.host")

_AT_ONCE = 16
# The storage emulator's documented account; its key is the same everywhere and opens nothing else.
_EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
)


class Receipts:
    """What was done with which version of which blob. Its own file: the engine owns its store."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS receipts (function TEXT, blob TEXT, etag TEXT, "
            "attempts INTEGER NOT NULL, state TEXT NOT NULL, "
            "PRIMARY KEY (function, blob, etag)) WITHOUT ROWID"
        )

    def close(self) -> None:
        self._db.close()

    def settled(self, function: str) -> set[tuple[str, str]]:
        """Every (blob, etag) that the function is through with."""
        rows = self._db.execute(
            "SELECT blob, etag FROM receipts WHERE function = ? AND state <> 'failing'", (function,)
        )
        return set(rows)

    def done(self, function: str, blob: str, etag: str) -> None:
        self._put(function, blob, etag, self._attempts(function, blob, etag) + 1, "done")

    def failed(self, function: str, blob: str, etag: str, limit: int) -> bool:
        """Counts a failure; True if the blob is poison now."""
        attempts = self._attempts(function, blob, etag) + 1
        poison = attempts >= limit
        self._put(function, blob, etag, attempts, "poison" if poison else "failing")
        return poison

    def _attempts(self, function: str, blob: str, etag: str) -> int:
        row = self._db.execute(
            "SELECT attempts FROM receipts WHERE function = ? AND blob = ? AND etag = ?",
            (function, blob, etag),
        ).fetchone()
        return row[0] if row else 0

    def _put(self, function: str, blob: str, etag: str, attempts: int, state: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)",
            (function, blob, etag, attempts, state),
        )


class _SameListing(Exception):
    """Raised where the service's answer is, byte for byte, the last one."""


class BlobTrigger:
    """One function and the container that it watches."""

    def __init__(
        self,
        function: Function,
        invoker: Invoker,
        receipts: Receipts,
        environment: Mapping[str, str],
        *,
        poll_seconds: float,
        poison_limit: int,
    ) -> None:
        self._function = function
        self._invoker = invoker
        self._receipts = receipts
        self._poll_seconds = poll_seconds
        self._poison_limit = poison_limit
        try:
            self._connection = _connection_string(function.trigger["connection"], environment)
            path = resolve(function.trigger["path"], environment)
        except SettingsError as error:
            raise AppError(f"function '{function.name}' is refused: {error}") from error
        self._container, _, self._pattern = path.partition("/")
        self._match = path_pattern(self._pattern)
        self._settled = receipts.settled(function.name)
        self._listed: list[BlobProperties] = []
        self._answer = b""
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def run(self) -> None:
        reachable = True
        async with BlobServiceClient.from_connection_string(
            self._connection, retry_total=0, logging_enable=False
        ) as service:
            container = service.get_container_client(self._container)
            while True:
                try:
                    await self._poll(container)
                    reachable = True
                except AzureError as error:
                    if reachable:
                        log.warning("blob trigger %s: %s", self._function.name, _first_line(error))
                    reachable = False
                await asyncio.sleep(self._poll_seconds)

    async def _poll(self, container: ContainerClient) -> None:
        try:
            await self._list(container)
        except HttpResponseError as error:
            if error.status_code != 404:
                raise
            with suppress(ResourceExistsError):
                await container.create_container()
            return
        for blob in self._listed:
            version = self._version(blob)
            known = version in self._settled or version in self._running
            if not known and self._match.fullmatch(blob.name):
                task = asyncio.create_task(self._handle(container, blob))
                self._running[version] = task
                task.add_done_callback(partial(self._ended, version))

    async def _list(self, container: ContainerClient) -> None:
        """Have `_listed` tell what there is. The SDK takes far longer to parse a listing than to
        get it, and most polls find nothing new."""
        answers: list[bytes] = []

        def look(response: PipelineResponse) -> None:
            answers.append(response.http_response.body())
            if answers == [self._answer]:
                raise _SameListing

        prefix = self._pattern.partition("{")[0]
        blobs = container.list_blobs(name_starts_with=prefix or None, raw_response_hook=look)
        with suppress(_SameListing):
            self._listed = [each async for each in blobs]
            self._answer = answers[0] if len(answers) == 1 else b""  # of several pages: all count

    def _ended(self, version: tuple[str, str], _task: asyncio.Task[None]) -> None:
        del self._running[version]

    def _version(self, blob: BlobProperties) -> tuple[str, str]:
        return f"{self._container}/{blob.name}", blob.etag.strip('"')

    async def _handle(self, container: ContainerClient, blob: BlobProperties) -> None:
        name, (path, etag) = self._function.name, self._version(blob)
        async with self._slots:
            client = container.get_blob_client(blob.name)
            try:
                download = await client.download_blob(
                    etag=blob.etag, match_condition=MatchConditions.IfNotModified
                )
                content = await download.readall()
            except AzureError as error:
                # Deleted or overwritten meanwhile, or out of reach: the next poll sees.
                log.info("blob trigger %s: %s: %s", name, path, _first_line(error))
                return
            stream = InputStream(data=content, name=path, length=len(content), uri=client.url)
            try:
                await self._invoker.call(self._function, stream)
            except Exception as error:
                log.error("function %s failed on %s", name, path, exc_info=error)
                if self._receipts.failed(name, path, etag, self._poison_limit):
                    log.error("function %s: %s is poison, given up", name, path)
                    self._settled.add((path, etag))
            else:
                self._receipts.done(name, path, etag)
                self._settled.add((path, etag))


def path_pattern(pattern: str) -> re.Pattern[str]:
    """Blob names that a trigger path such as `{domain}/{name}.pdf` matches (container left out)."""
    if not pattern:
        return re.compile(".+", re.DOTALL)
    parts = re.split(r"\{[^{}]+\}", pattern)
    return re.compile(".+".join(re.escape(part) for part in parts), re.DOTALL)


def _connection_string(name: str, environment: Mapping[str, str]) -> str:
    for setting in (name, f"AzureWebJobs{name}"):
        if value := environment.get(setting):
            return _EMULATOR if value.strip().startswith("UseDevelopmentStorage=true") else value
    raise SettingsError(f"the blob trigger's connection setting {name!r} is not defined")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
