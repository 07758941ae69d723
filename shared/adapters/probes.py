"""Models of single endpoints, asked once to see whether they answer: little patience, few tries."""

from __future__ import annotations

import asyncio

from shared.adapters.chat import OpenAIChat
from shared.adapters.embeddings import OpenAIEmbedder
from shared.adapters.pooled import CallOptions
from shared.settings import ModelEndpoint, Settings

_SECONDS = 30.0  # a model that takes longer for one token is as good as away


class Probes:
    """Makes models of endpoints."""

    def __init__(self, settings: Settings, places: asyncio.Semaphore) -> None:
        self._options = CallOptions(
            concurrency=places,
            timeout=min(settings.model_timeout_seconds, _SECONDS),
            client_id=settings.client_id,
            patience=10,
            attempts=2,
        )

    def chat(self, endpoint: ModelEndpoint) -> OpenAIChat:
        """A chat model."""
        return OpenAIChat(endpoint, deployment=endpoint.deployment, **self._options)

    def embedder(self, endpoint: ModelEndpoint) -> OpenAIEmbedder:
        """An embedding model."""
        return OpenAIEmbedder(endpoint, deployment=endpoint.deployment, **self._options)
