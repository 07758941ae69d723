"""Wires services to adapters: the only module that knows both.

Nothing is made at import, and each part at its first use, so that `import function_app` connects
to nothing. Services and adapters are imported where they are made: numpy and the SDKs take
seconds to load. Tests and tools pass their own settings.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from shared.contracts import Event, GatherRequest, Orchestrator, to_wire
from shared.ports import BlobStore, Chat, Clock, Embedder, Tokenizer
from shared.settings import (
    DOCUMENTS_CONTAINER,
    RUNS_CONTAINER,
    Role,
    Settings,
    read_settings,
)

_STAND_INS = (
    "The models of this run are local stand-ins that follow rules, not language models. The "
    "figures were really computed, and say nothing about models in the cloud."
)

if TYPE_CHECKING:
    from azure.durable_functions import DurableOrchestrationClient

    from shared.raft.costs import PriceTable
    from shared.services.checking import Checking
    from shared.services.dataset import Datasets
    from shared.services.decisions import Decisions
    from shared.services.deployment import Deploying
    from shared.services.documents import Documents
    from shared.services.estimating import Estimating
    from shared.services.evaluation import Evaluation
    from shared.services.generation import Generation
    from shared.services.reporting import Reporting
    from shared.services.runs import Runs
    from shared.services.runs_view import RunViews
    from shared.services.shards import Shards
    from shared.services.training import Training
    from shared.services.undoing import Undoing
    from shared.services.vision import PageVision
    from shared.services.work import StopMarkers, WorkStore


class Services:
    """All use cases over real adapters; one instance lives as long as the process."""

    def __init__(self, settings: Settings, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.settings = settings
        self._clock = clock

    @cached_property
    def _storage(self) -> tuple[BlobStore, BlobStore]:
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
    def _work(self) -> WorkStore:
        from shared.services.work import WorkStore

        return WorkStore(self.run_blobs, self.stops, self.prices)

    @cached_property
    def _students(self) -> dict[str, Chat]:
        return {}

    def _chat(self, role: Role, deployment: str = "") -> Chat:
        from shared.adapters.chat import OpenAIChat

        endpoints = self.settings.endpoints(role)
        return OpenAIChat(
            endpoints[:1] if deployment else endpoints,  # what we deployed is on the first
            deployment=deployment or endpoints[0].deployment,
            concurrency=self._places,
            timeout=self.settings.model_timeout_seconds,
            client_id=self.settings.client_id,
        )

    def _student(self, deployment: str) -> Chat:
        if deployment not in self._students:
            self._students[deployment] = self._chat(Role.STUDENT, deployment)
        return self._students[deployment]

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

    @cached_property
    def runs(self) -> Runs:
        """The life of runs."""
        from shared.services.runs import Runs

        return Runs(self.run_blobs, self.document_blobs, self.settings, self._clock)

    @cached_property
    def documents(self) -> Documents:
        """Survey, ingest, collect."""
        from shared.adapters.readers import Readers
        from shared.services.cutting import Cutter
        from shared.services.documents import Documents

        reader = Readers(places=self._children)
        cutter = Cutter(reader, self._tokenizer, lambda: self._embedder, self._vision)
        return Documents(
            self.document_blobs, self.run_blobs, self.runs, self._shards, cutter, self._work
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
    def _children(self) -> asyncio.Semaphore:
        """Places for processes that read or draw a document: each may take all its memory."""
        from shared.adapters.children import ReadingLimits

        return asyncio.Semaphore(ReadingLimits().at_once)

    @cached_property
    def _embedder(self) -> Embedder:
        from shared.adapters.embeddings import OpenAIEmbedder

        endpoints = self.settings.endpoints(Role.EMBEDDING)
        return OpenAIEmbedder(
            endpoints,
            deployment=endpoints[0].deployment,
            concurrency=self._places,
            timeout=self.settings.model_timeout_seconds,
            client_id=self.settings.client_id,
        )

    @cached_property
    def generation(self) -> Generation:
        """Questions and answers by the teacher, verified by the judge."""
        from shared.services.generation import Generation

        return Generation(
            self.run_blobs,
            self.runs,
            self._shards,
            self._work,
            self._chat(Role.TEACHER),
            self._judge_chat,
        )

    @cached_property
    def checking(self) -> Checking:
        """Distractors that hold an answer, found by the judge."""
        from shared.services.checking import Checking

        return Checking(self.run_blobs, self.runs, self._shards, self._work, self._judge_chat)

    @cached_property
    def _judge_chat(self) -> Chat:
        return self._chat(Role.JUDGE)

    @cached_property
    def datasets(self) -> Datasets:
        """The fan-in."""
        from shared.adapters.parquet import ParquetWriter
        from shared.services.dataset import Datasets
        from shared.services.planning import Planning

        common = (self.run_blobs, self.runs, self._shards)
        planning = Planning(*common, self._work, lambda: self._embedder)
        return Datasets(*common, self._tokenizer, ParquetWriter(), planning)

    @cached_property
    def decisions(self) -> Decisions:
        """Approval and cancelling."""
        from shared.services.decisions import Decisions

        return Decisions(self.run_blobs, self.runs, self.stops, self.prices, self._clock)

    @cached_property
    def estimating(self) -> Estimating:
        """What a run is expected to cost."""
        from shared.services.estimating import Estimating

        models = {
            role.value.lower(): endpoint.model or endpoint.deployment
            for role, endpoint in self.settings.models.items()
            if endpoint.configured
        }
        return Estimating(self.runs, self._shards, self.prices, models)

    @cached_property
    def training(self) -> Training:
        """Fine-tuning."""
        from shared.adapters.azure_openai import AzureOpenAITrainer
        from shared.services.training import Training

        trainer = AzureOpenAITrainer(
            self.settings.model(Role.STUDENT),
            timeout=self.settings.model_timeout_seconds,
            client_id=self.settings.client_id,
        )
        return Training(self.run_blobs, self.runs, self.stops, trainer, self.prices)

    @cached_property
    def deploying(self) -> Deploying:
        """Serving the student."""
        from shared.adapters.deployments import CognitiveServicesDeployer
        from shared.services.deployment import Deploying

        deployer = CognitiveServicesDeployer(self.settings.control_plane, self.settings.client_id)
        return Deploying(
            self.run_blobs,
            self.runs,
            self._shards,
            self._work,
            self.stops,
            deployer,
            self._student,
            self.prices,
            self._clock,
        )

    @cached_property
    def undoing(self) -> Undoing:
        """Taking back what a cancelled run began."""
        from shared.services.undoing import Undoing

        return Undoing(self.runs, self.training, self.deploying)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Baseline against student."""
        from shared.adapters.judge import RagasJudge
        from shared.services.evaluation import Evaluation

        judge = RagasJudge(
            self.settings.model(Role.JUDGE),
            self.settings.model(Role.EMBEDDING),
            concurrency=self._places,
            timeout=self.settings.model_timeout_seconds,
            client_id=self.settings.client_id,
        )
        return Evaluation(
            self.run_blobs,
            self.runs,
            self._shards,
            self._work,
            self._chat(Role.BASELINE),
            self._student,
            judge,
        )

    @cached_property
    def reporting(self) -> Reporting:
        """The report."""
        from shared.adapters.report_html import HtmlReport
        from shared.services.reporting import Reporting

        notes = [_STAND_INS] if self.settings.models_are_local else []
        return Reporting(self.run_blobs, self.runs, self.evaluation, HtmlReport(), notes)

    @cached_property
    def views(self) -> RunViews:
        """What people see of runs."""
        from shared.services.runs_view import RunViews

        return RunViews(self.runs)

    async def gather(self, client: DurableOrchestrationClient, domain: str) -> None:
        """See that the domain's folder is being gathered."""
        request = GatherRequest(domain, self.settings.quiet_seconds)
        instance = f"gather-{hashlib.sha256(domain.encode()).hexdigest()[:16]}"
        await self._start(client, Orchestrator.GATHER, instance, to_wire(request))

    async def wake(self, client: DurableOrchestrationClient, run: str) -> None:
        """Have a run that waits for a decision look at its record."""
        from shared.adapters.starter import wake

        await wake(client, run, Event.DECIDED.value)

    async def start_run(self, client: DurableOrchestrationClient, run: str) -> None:
        """See that the run's orchestration is there."""
        await self._start(client, Orchestrator.RAFT_RUN, run, {"run": run})

    async def _start(
        self,
        client: DurableOrchestrationClient,
        orchestrator: Orchestrator,
        instance: str,
        payload: dict[str, Any],
    ) -> None:
        from shared.adapters.starter import start_once

        await start_once(client, orchestrator.value, instance, payload)


@cache
def services() -> Services:
    """The process's services, from the environment, made at the first call."""
    return Services(read_settings())
