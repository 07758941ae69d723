"""BlobStore on azure-storage-blob: one container, conditional writes, errors of ours."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterable

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, StorageErrorCode
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

from shared.adapters.identity import credential_for
from shared.errors import BlobChanged, BlobNotFound
from shared.ports import BlobInfo
from shared.settings import Storage

_BLOCK = 1024 * 1024  # held for each stream; a blob has room for 50,000 of them


def connect_storage(storage: Storage) -> BlobServiceClient:
    """A client of the storage account; nothing is sent yet."""
    if storage.connection_string:
        # On this machine no proxy applies, and looking for a .netrc takes a thread each time.
        here = "://127.0.0.1" in storage.connection_string
        return BlobServiceClient.from_connection_string(
            storage.connection_string, use_env_settings=not here
        )
    credential = credential_for(storage.service_uri, storage.client_id)
    return BlobServiceClient(storage.service_uri, credential=credential)


class AzureBlobStore:
    """Keeps the promises of `ports.BlobStore`."""

    def __init__(self, service: BlobServiceClient, container: str) -> None:
        self._container: ContainerClient = service.get_container_client(container)

    async def read(self, name: str) -> bytes:
        """See the port."""
        return (await self.read_versioned(name))[0]

    async def read_versioned(self, name: str) -> tuple[bytes, str]:
        """See the port."""
        try:
            download = await self._container.download_blob(name)
            return await download.readall(), str(download.properties.etag)
        except ResourceNotFoundError:
            raise BlobNotFound(f"there is no blob {name}") from None

    async def exists(self, name: str) -> bool:
        """See the port."""
        return await self._container.get_blob_client(name).exists()

    async def create(self, name: str, data: bytes) -> bool:
        """See the port. A lost answer to a write that succeeded counts as not ours."""
        try:
            await self._upload(name, data, overwrite=False)
        except ResourceExistsError:
            return False
        return True

    async def replace(self, name: str, data: bytes, etag: str) -> None:
        """See the port."""
        try:
            await self._container.upload_blob(
                name,
                data,
                overwrite=True,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            raise BlobChanged(f"{name} was changed by another writer") from None

    async def put(self, name: str, data: bytes) -> None:
        """See the port."""
        await self._upload(name, data, overwrite=True)

    async def put_stream(self, name: str, parts: AsyncIterable[bytes]) -> None:
        """See the port. Blocks are named by place and content, so that two writers of the same
        bytes do not disturb each other."""
        blob = self._container.get_blob_client(name)
        blocks: list[BlobBlock] = []

        async def stage(data: bytes) -> None:
            block = f"{len(blocks):06}-{hashlib.sha256(data).hexdigest()[:16]}"
            try:
                await blob.stage_block(block, data)
            except ResourceNotFoundError:
                await self._make_container()
                await blob.stage_block(block, data)
            blocks.append(BlobBlock(block))

        held = bytearray()
        async for part in parts:
            held += part
            while len(held) >= _BLOCK:
                await stage(bytes(held[:_BLOCK]))
                del held[:_BLOCK]
        if held:
            await stage(bytes(held))
        if not blocks:
            await self.put(name, b"")
            return
        try:
            await blob.commit_block_list(blocks)
        except HttpResponseError as error:
            if getattr(error, "error_code", "") != StorageErrorCode.INVALID_BLOCK_LIST:
                raise
            raise BlobChanged(f"{name} was written by another at the same time") from None

    async def listing(self, prefix: str = "") -> list[BlobInfo]:
        """See the port."""
        try:
            return [
                BlobInfo(str(blob.name), str(blob.etag), int(blob.size), blob.last_modified)
                async for blob in self._container.list_blobs(name_starts_with=prefix or None)
            ]
        except ResourceNotFoundError:
            return []

    async def folders(self) -> list[str]:
        """See the port."""
        try:
            return sorted(  # the service sorts with the "/", so "a b/" before "a/"
                [
                    item.name.rstrip("/")
                    async for item in self._container.walk_blobs(delimiter="/")
                    if item.name.endswith("/")
                ]
            )
        except ResourceNotFoundError:
            return []

    def url(self, name: str) -> str:
        """The plain URL of a blob: it carries no key and no signature."""
        return str(self._container.get_blob_client(name).url).partition("?")[0]

    async def _upload(self, name: str, data: bytes, *, overwrite: bool) -> None:
        try:
            await self._container.upload_blob(name, data, overwrite=overwrite)
        except ResourceNotFoundError:
            await self._make_container()
            await self._container.upload_blob(name, data, overwrite=overwrite)

    async def _make_container(self) -> None:
        with contextlib.suppress(ResourceExistsError):
            await self._container.create_container()
