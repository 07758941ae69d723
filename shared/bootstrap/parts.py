"""The adapters behind all use cases, each made at its first use.

Adapters are imported where they are made: numpy and the SDKs take seconds to load.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.ports import BlobStore, Chat, Clock, Embedder, Platform, Tokenizer
from shared.settings import DOCUMENTS_CONTAINER, RUNS_CONTAINER, Role, Settings

if TYPE_CHECKING:
    from shared.adapters.blobs import AzureBlobStore
    from shared.adapters.pooled import CallOptions
    from shared.raft.costs import PriceTable
    from shared.services.shards import Shards
    from shared.services.vision import PageVision
    from shared.services.work import StopMarkers, WorkStore


class Parts:
    """What the services of one process share."""

    def __init__(self, settings: Settings, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.settings = settings
        self._clock = clock

    @cached_property
    def _storage(self) -> tuple[AzureBlobStore, AzureBlobStore]:
        from shared.adapters.blobs import AzureBlobStore, connect_storage

        service = connect_storage(self.settings.storage)
        documents = AzureBlobStore(service, DOCUMENTS_CONTAINER)
        return documents, AzureBlobStore(service, RUNS_CONTAINER)

    @property
    def document_blobs(self) -> BlobStore:
        """The container people drop documents into."""
        return self._storage[0]

    @property
    def run_blobs(self) -> BlobStore:
        """The container of run records and paid work."""
        return self._storage[1]

    @cached_property
    def _shards(self) -> Shards:
        from shared.services.shards import Shards

        return Shards(self.run_blobs)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from shared.adapters.tokenizer import O200kTokenizer

        return O200kTokenizer()

    @cached_property
    def _places(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(self.settings.model_concurrency)

    @cached_property
    def _children(self) -> asyncio.Semaphore:
        """Places for processes that read or draw a document: each may take all its memory."""
        from shared.adapters.children import ReadingLimits

        return asyncio.Semaphore(ReadingLimits().at_once)

    @cached_property
    def _work(self) -> WorkStore:
        from shared.services.work import WorkStore

        return WorkStore(self.run_blobs, self.stops, self.prices)

    @cached_property
    def prices(self) -> PriceTable:
        """What calls, training and hosting cost; raises SpecError on a wrong MODEL_PRICES."""
        from shared.raft.costs import PriceTable

        return PriceTable(self.settings.prices)

    @cached_property
    def stops(self) -> StopMarkers:
        """Marks runs that must send no more paid calls."""
        from shared.services.work import StopMarkers

        return StopMarkers(self.run_blobs)

    @property
    def _call_options(self) -> CallOptions:
        """How all models are called."""
        return {
            "concurrency": self._places,
            "timeout": self.settings.model_timeout_seconds,
            "client_id": self.settings.client_id,
        }

    def _chat(self, role: Role) -> Chat:
        from shared.adapters.chat import OpenAIChat

        endpoints = self.settings.endpoints(role)
        return OpenAIChat(
            endpoints,
            deployment=endpoints[0].deployment,
            **self._call_options,
        )

    @cached_property
    def _judge_chat(self) -> Chat:
        return self._chat(Role.JUDGE)

    @cached_property
    def _embedder(self) -> Embedder:
        from shared.adapters.embeddings import OpenAIEmbedder

        endpoints = self.settings.endpoints(Role.EMBEDDING)
        return OpenAIEmbedder(
            endpoints,
            deployment=endpoints[0].deployment,
            **self._call_options,
        )

    @cached_property
    def _vision(self) -> PageVision | None:
        from shared.adapters.pdf_pictures import PdfPictures
        from shared.services.vision import PageVision

        if not self.settings.has(Role.VISION):
            return None
        chat = cache(lambda: self._chat(Role.VISION))
        return PageVision(chat, PdfPictures(places=self._children))

    @cached_property
    def _platforms(self) -> dict[str, Platform]:
        return {}

    def _platform(self, name: str) -> Platform:
        from shared.adapters.platforms import connect_platform

        if name not in self._platforms:
            self._platforms[name] = connect_platform(
                name, self.settings, self._places, self._storage[1]
            )
        return self._platforms[name]
