"""BlobParts on azure-storage-blob: ranged reads of a store's container."""

from __future__ import annotations

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.adapters.blobs import AzureBlobStore
from shared.errors import BlobNotFound

_PAST_THE_END = 416


class AzureBlobParts:
    """Keeps the promises of `results_view.BlobParts`."""

    def __init__(self, store: AzureBlobStore) -> None:
        self._container = store._container

    async def read_part(self, name: str, offset: int, length: int) -> bytes:
        """See the protocol."""
        try:
            download = await self._container.download_blob(name, offset=offset, length=length)
            return await download.readall()
        except ResourceNotFoundError:
            raise BlobNotFound(f"there is no blob {name}") from None
        except HttpResponseError as error:
            if error.status_code != _PAST_THE_END:
                raise
            return b""
