"""Fine-tunes the student: submit once, look, and record what came of it.

The job's key is a hash of what shapes the model (training files, base model, parameters). So the
same dataset with the same parameters is the same job, in this run or an earlier one, and is
never paid twice.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from shared.contracts import JobStatus, Spend, Step
from shared.errors import BlobNotFound, BudgetReached
from shared.ports import BlobStore, Trainer, TrainingRequest
from shared.raft.costs import PriceTable
from shared.raft.formats import to_json
from shared.services.runs import Runs, spend_of
from shared.services.work import StopMarkers
from shared.spec import RunSpec

_USUAL_EPOCHS = 3
_BYTES_A_TOKEN = 4


class Training:
    """Use cases of training."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        stops: StopMarkers,
        trainer: Trainer,
        prices: PriceTable,
    ) -> None:
        self._runs = runs
        self._records = records
        self._stops = stops
        self._trainer = trainer
        self._prices = prices

    async def submit(self, run: str) -> Step:
        """Submit the job or adopt the one that is there; `ref` is its id.

        Raises BudgetReached when it is expected to cost more than is left.
        """
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        training = await self._runs.read(f"{run}/dataset/train.jsonl")
        validation = await self._runs.read(f"{run}/dataset/valid.jsonl")
        await self._require_budget(run, spec, training)
        hyperparameters = spec.student.hyperparameters.model_dump(exclude_none=True)
        shape: dict[str, Any] = {
            "model": spec.student.model,
            "hyperparameters": hyperparameters,
            "training_type": spec.student.training_type,
            "seed": spec.seed,
        }
        key = f"raft-{job_key(training, validation, shape)}"
        job = await self._trainer.submit(
            TrainingRequest(key=key, training=training, validation=validation, **shape)
        )
        await self._runs.put(_job_name(run), to_json({"job": job, "key": key, **shape}))
        # The first run that submits a job pays for it; adopting one later costs nothing.
        await self._runs.create(_payer_name(job), to_json({"run": run}))
        return Step(1, job)

    async def _require_budget(self, run: str, spec: RunSpec, training: bytes) -> None:
        if spec.budget.usd is None:
            return
        epochs = spec.student.hyperparameters.n_epochs or _USUAL_EPOCHS
        tokens = len(training) // _BYTES_A_TOKEN * epochs
        cost = self._prices.training_cost(spec.student.model, tokens)
        spent = spend_of(await self._records.read(run)).usd
        if spent + cost > spec.budget.usd:
            raise BudgetReached(
                f"the budget of ${spec.budget.usd:g} does not reach further: ${spent:.4f} were "
                f"spent, and training is expected to cost ${cost:.2f}. Nothing paid is lost: start "
                "a run over the same documents with a higher budget.usd"
            )

    async def check(self, job: str) -> JobStatus:
        """The job now."""
        return await self._trainer.check(job)

    async def record(self, run: str, job: str) -> Step:
        """Keep model and loss curve; `ref` is the fine-tuned model, spend its training tokens."""
        spec = (await self._records.context(run)).spec
        result = await self._trainer.result(job)
        await self._runs.put(f"{run}/training/metrics.csv", result.metrics_csv)
        await self._records.note(run, student={"job": job, "model": result.model})
        try:
            payer = json.loads(await self._runs.read(_payer_name(job)))["run"]
        except BlobNotFound:
            payer = run
        if payer != run:
            return Step(1, result.model, spend=Spend(reused=1))
        usd = self._prices.training_cost(spec.student.model, result.trained_tokens)
        return Step(
            1, result.model, {"trained_tokens": result.trained_tokens}, Spend(calls=1, usd=usd)
        )


def job_key(training: bytes, validation: bytes, shape: dict[str, Any]) -> str:
    """A name for everything that shapes the fine-tuned model."""
    digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode())
    for part in (training, validation):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]


def _job_name(run: str) -> str:
    return f"{run}/training/job.json"


def _payer_name(job: str) -> str:
    return f"work/jobs/{job}.json"
