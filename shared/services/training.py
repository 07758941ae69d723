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
from shared.errors import BlobNotFound, QuorumNotReached
from shared.ports import BlobStore, Trainer, TrainingRequest
from shared.raft.costs import PriceTable
from shared.raft.formats import to_json
from shared.raft.graders import answer_grader, validate_grader
from shared.services.planning import MINIMUM_TRAINING_ROWS
from shared.services.runs import Runs
from shared.services.work import StopMarkers
from shared.spec import RunSpec

SUPERVISED, REINFORCEMENT = "supervised", "reinforcement"


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

        Raises QuorumNotReached when the method's files hold too few rows.
        """
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        training = await self._rows(run, spec, "train.jsonl", MINIMUM_TRAINING_ROWS)
        validation = await self._rows(run, spec, "valid.jsonl", 1)
        shape: dict[str, Any] = {
            "model": spec.student.model,
            "hyperparameters": spec.student.hyperparameters.model_dump(exclude_none=True),
            "training_type": spec.student.training_type,
            "seed": spec.seed,
            **_method_of(spec, training),
        }
        key = f"raft-{job_key(training, validation, shape)}"
        job = await self._trainer.submit(
            TrainingRequest(key=key, training=training, validation=validation, **shape)
        )
        await self._runs.put(_job_name(run), to_json({"job": job, "key": key, **shape}))
        # The first run that submits a job pays for it; adopting one later costs nothing.
        await self._runs.create(_payer_name(job), to_json({"run": run}))
        return Step(1, job)

    async def _rows(self, run: str, spec: RunSpec, name: str, fewest: int) -> bytes:
        """The method's file of that name; supervised training reads the chat files."""
        method = spec.student.method
        path = method_file(method, name)
        data = await self._runs.read(f"{run}/{path}")
        rows = data.count(b"\n")
        if rows < fewest:
            raise QuorumNotReached(
                f"{path} has {rows} rows, fewer than the {fewest} that {method} fine-tuning needs: "
                "add documents, or ask for more questions per chunk"
            )
        return data

    async def check(self, run: str, job: str) -> JobStatus:
        """The job now; raises RunStopped once the run was stopped."""
        await self._stops.check(run)
        return await self._trainer.check(job)

    async def cancel(self, run: str) -> Step:
        """End the run's job where one was submitted; count 1 when there was one."""
        try:
            job = json.loads(await self._runs.read(_job_name(run)))["job"]
        except BlobNotFound:
            return Step()
        await self._trainer.cancel(job)
        return Step(1, job)

    async def record(self, run: str, job: str) -> Step:
        """Keep model and loss curve; `ref` is the fine-tuned model, spend its training tokens."""
        spec = (await self._records.context(run)).spec
        result = await self._trainer.result(job)
        await self._runs.put(f"{run}/training/metrics.csv", result.metrics_csv)
        student = {"job": job, "model": result.model}
        by_the_hour = not spec.student.billed_by_token
        if by_the_hour:
            student["training_cost"] = "billed by the hour, not known here"
        await self._records.note(run, student=student)
        try:
            payer = json.loads(await self._runs.read(_payer_name(job)))["run"]
        except BlobNotFound:
            payer = run
        if payer != run:
            return Step(1, result.model, spend=Spend(reused=1))
        tokens = result.trained_tokens
        usd = 0.0 if by_the_hour else self._prices.training_cost(spec.student.model, tokens)
        return Step(1, result.model, {"trained_tokens": tokens}, Spend(calls=1, usd=usd))


def method_file(method: str, name: str) -> str:
    """Which file of a run training by this method reads."""
    return f"dataset/{name}" if method == SUPERVISED else f"dataset/{method}/{name}"


def _method_of(spec: RunSpec, training: bytes) -> dict[str, Any]:
    """Method and grader as a job's shape has them: nothing for supervised training, so that jobs
    that were paid before there were methods keep their keys."""
    method = spec.student.method
    if method == SUPERVISED:
        return {}
    if method != REINFORCEMENT:
        return {"method": method}
    grader = answer_grader()
    validate_grader(grader, json.loads(training.partition(b"\n")[0]))
    return {"method": method, "grader": grader}


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
