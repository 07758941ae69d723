"""All use cases over real adapters, each made at its first use."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.bootstrap.parts import Parts
from shared.contracts import Event, GatherRequest, Orchestrator, to_wire
from shared.settings import Role

if TYPE_CHECKING:
    from azure.durable_functions import DurableOrchestrationClient

    from shared.services.asking import Asking
    from shared.services.blind import Blind
    from shared.services.both_models import BothModels
    from shared.services.checking import Checking
    from shared.services.dataset import Datasets
    from shared.services.decisions import Decisions
    from shared.services.deployment import Deploying
    from shared.services.doctor import Doctor
    from shared.services.documents import Documents
    from shared.services.estimating import Estimating
    from shared.services.evaluation import Evaluation
    from shared.services.generation import Generation
    from shared.services.preferring import Preferring
    from shared.services.reporting import Reporting
    from shared.services.results_view import ResultViews
    from shared.services.runs import Runs
    from shared.services.runs_view import RunViews
    from shared.services.students import Students
    from shared.services.training import Training
    from shared.services.undoing import Undoing

_STAND_INS = (
    "The models of this run are local stand-ins that follow rules, not language models. The "
    "figures were really computed, and say nothing about models in the cloud."
)


class Services(Parts):
    """All use cases; one instance lives as long as the process."""

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
        from shared.services.training import Training

        return Training(self.run_blobs, self.runs, self.stops, self._platform, self.prices)

    @cached_property
    def students(self) -> Students:
        """Where runs' students are trained, served and asked."""
        from shared.services.students import Students

        return Students(self.runs, self._platform)

    @cached_property
    def preferring(self) -> Preferring:
        """Preferences, from what the baseline gets wrong."""
        from shared.services.preferring import Preferring

        return Preferring(
            self.run_blobs, self.runs, self._shards, self._work, self._chat(Role.BASELINE)
        )

    @cached_property
    def deploying(self) -> Deploying:
        """Serving the student."""
        from shared.services.deployment import Deploying

        return Deploying(
            self.run_blobs,
            self.runs,
            self._shards,
            self._work,
            self.stops,
            self.students,
            self.prices,
            self._clock,
        )

    @cached_property
    def undoing(self) -> Undoing:
        """Taking back what a run that ends badly began."""
        from shared.services.undoing import Undoing

        return Undoing(self.runs, self.training, self.deploying, self.students)

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
            self.students,
            judge,
        )

    @cached_property
    def reporting(self) -> Reporting:
        """The report."""
        from shared.adapters.report_html import HtmlReport
        from shared.services.reporting import Reporting

        notes = [_STAND_INS] if self.settings.models_are_local else []
        teacher = self.settings.models[Role.TEACHER]
        return Reporting(
            self.run_blobs,
            self.runs,
            self.evaluation,
            HtmlReport(),
            notes,
            self.prices,
            teacher.model or teacher.deployment,
        )

    @cached_property
    def views(self) -> RunViews:
        """What people see of runs."""
        from shared.services.runs_view import RunViews

        return RunViews(self.runs)

    @cached_property
    def results(self) -> ResultViews:
        """What people read of results."""
        from shared.adapters.blob_parts import AzureBlobParts
        from shared.services.results_view import ResultViews

        return ResultViews(self.run_blobs, AzureBlobParts(self._storage[1]))

    @cached_property
    def _both(self) -> BothModels:
        from shared.services.both_models import BothModels

        return BothModels(self.runs, self._work, self._chat(Role.BASELINE), self.students)

    @cached_property
    def asking(self) -> Asking:
        """A person's question to baseline and student."""
        from shared.services.asking import Asking, ChunkSearch

        return Asking(self.runs, ChunkSearch(self._shards), self._both)

    @cached_property
    def blind(self) -> Blind:
        """Comparisons by people who do not know whose answer is whose."""
        from shared.services.blind import Blind

        return Blind(self.run_blobs, self.runs, self.results, self._both, self._clock)

    @cached_property
    def doctor(self) -> Doctor:
        """Whether everything that a run needs answers; each endpoint is asked by itself."""
        from shared.adapters.probes import Probes
        from shared.services.doctor import Doctor, Parts

        models = Probes(self.settings, self._places)
        parts = Parts(lambda: self._storage, models.chat, models.embedder, self._platform)
        return Doctor(self.settings, parts)

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
