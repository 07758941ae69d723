"""The estimate before anything is paid for generation: kept in the run record, and handed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from shared.contracts import Estimate
from shared.errors import QuorumNotReached
from shared.raft.costs import PriceTable
from shared.raft.estimates import USUAL_EPOCHS, Workload, estimate_run
from shared.services.documents import chunks_prefix
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.spec import RunSpec

_COMPARED_HOURS = 1.0  # a student is deployed for at least so long


class Estimating:
    """Use case of the estimate. `models` names the model behind each role, lower case."""

    def __init__(
        self, records: Runs, shards: Shards, prices: PriceTable, models: Mapping[str, str]
    ) -> None:
        self._records = records
        self._shards = shards
        self._prices = prices
        self._models = models

    async def estimate(self, run: str) -> Estimate:
        """Expected calls, tokens and dollars of the stages after ingest."""
        spec = (await self._records.context(run)).spec
        sizes = [chunk["tokens"] async for chunk in self._shards.each(chunks_prefix(run))]
        models = {**self._models, "student": _student(spec)}
        _require_rows(spec, len(sizes))
        estimate = estimate_run(workload_of(spec), sizes, models, self._prices)
        unpriced = sorted(
            role for role, model in models.items() if self._prices.price_of(model) is None
        )
        facts = {
            "usd": round(sum(stage.usd for stage in estimate.stages.values()), 6),
            "stages": {name: asdict(stage) for name, stage in estimate.stages.items()},
            "without_price": unpriced,
            "prices": self._prices.source,
        }
        await self._records.note(run, estimate=facts)
        return estimate


def _require_rows(spec: RunSpec, chunks: int) -> None:
    """Raises QuorumNotReached where the documents cannot give the rows that training needs."""
    asked = min(chunks * spec.questions, spec.qa_threshold or chunks * spec.questions)
    most = round(asked * spec.splits.train)
    if most < spec.student.fewest_rows:
        raise QuorumNotReached(
            f"{chunks} chunks and {asked} questions give {most} training rows at most, fewer than "
            f"the {spec.student.fewest_rows} that fine-tuning on {spec.student.platform} needs: "
            "add documents, or ask for more questions per chunk"
        )


def _hosted_hours(spec: RunSpec) -> float:
    """How long the student is hosted as far as the run knows: to be compared, or for its time."""
    if spec.student.platform == "openai":
        return 0.0
    kept = spec.deployment.ttl_hours if spec.deployment.keep != "never" else None
    return kept or _COMPARED_HOURS


def _student(spec: RunSpec) -> str:
    """The model whose price training has; '' where no token price tells what it costs."""
    return spec.student.model if spec.student.billed_by_token else ""


def workload_of(spec: RunSpec) -> Workload:
    """What of the spec decides what a run over it costs."""
    return Workload(
        questions=spec.questions,
        qa_threshold=spec.qa_threshold,
        distractors=spec.distractors,
        support=spec.verification.support,
        round_trip=spec.verification.round_trip,
        check_distractors=spec.verification.distractors,
        train_share=spec.splits.train,
        test_share=spec.splits.test,
        settings=spec.evaluation.settings,
        sweep=sorted(set(spec.evaluation.distractor_sweep)),
        top_k=spec.evaluation.top_k,
        sample=spec.evaluation.sample,
        judge_sample=spec.evaluation.judge_sample,
        judge_repeats=spec.evaluation.judge_repeats,
        judge_metrics=spec.evaluation.metrics,
        student=_student(spec),
        epochs=sum(
            spec.student.hyperparameters_of(job).n_epochs or USUAL_EPOCHS
            for job in range(len(spec.student.methods))
        ),
        own_answers=spec.student.compares_answers,
        sku=spec.deployment.sku,
        hosted_hours=_hosted_hours(spec),
    )
