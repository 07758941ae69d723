"""A storage account by connection string or by URL with Entra ID, for uploads from the terminal."""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient, ContainerClient

from terminal.exits import CliError, Exit


class Storage:
    """Keeps the promises of `session.Storage`."""

    def __init__(self, where: str) -> None:
        try:
            self._service = _connect(where)
        except ValueError:  # its words may hold the key
            words = "--storage takes a connection string, or an account's URL (https://…)"
            raise CliError(Exit.USAGE, words) from None

    def container(self, name: str) -> ContainerClient:
        """A client of one container, which is made when it is missing."""
        container = self._service.get_container_client(name)
        with contextlib.suppress(ResourceExistsError):
            container.create_container()
        return container


def _connect(where: str) -> BlobServiceClient:
    if urlsplit(where).scheme != "https":
        return BlobServiceClient.from_connection_string(where)
    from azure.identity import DefaultAzureCredential

    return BlobServiceClient(where, credential=DefaultAzureCredential())
