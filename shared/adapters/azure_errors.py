"""What Azure's management says of an error, in one line."""

from __future__ import annotations

from azure.core.exceptions import AzureError, HttpResponseError

_CHARACTERS = 400


def words_of(error: AzureError) -> str:
    """The service's own code and message where it gave them, else the SDK's words."""
    inner = error.error if isinstance(error, HttpResponseError) else None
    words = f"{inner.code}: {inner.message}" if inner is not None else str(error.message)
    return " ".join(words.split())[:_CHARACTERS]
