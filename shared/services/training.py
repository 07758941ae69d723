"""Fine-tunes the student: submit once, look, and record what came of it.

A student is made by one job, or by two of which the second goes on from the first's model. A job's
key is a hash of what shapes the model (training files, base model, parameters). So the same
dataset with the same parameters is the same job, in this run or an earlier one, and is never paid
twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from shared.contracts import JobStatus, Spend, Step
from shared.errors import BlobNotFound, QuorumNotReached
from shared.ports import BlobStore, Platform, TrainingRequest, TrainingResult
from shared.raft.costs import PriceTable
from shared.raft.formats import to_json, to_jsonl
from shared.raft.graders import answer_grader, validate_grader
from shared.services.runs import Runs
from shared.services.work import StopMarkers
from shared.spec import RunSpec

SUPERVISED, REINFORCEMENT = "supervised", "reinforcement"

Platforms = Callable[[str], Platform]  # by `Student.platform`


class Training:
    """Use cases of training. `number` is that of one of the student's jobs, from 0."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        stops: StopMarkers,
        platforms: Platforms,
        prices: PriceTable,
    ) -> None:
        self._runs = runs
        self._records = records
        self._stops = stops
        self._platforms = platforms
        self._prices = prices

    async def submit(self, run: str, number: int = 0) -> Step:
        """Submit the job or adopt the one that is there; `ref` is its id.

        Raises QuorumNotReached when the method's files hold too few rows.
        """
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        training = await self._rows(run, spec, number, "train.jsonl", spec.student.fewest_rows)
        validation = await self._rows(run, spec, number, "valid.jsonl", 1)
        shape: dict[str, Any] = {
            "model": await self._base_model(run, spec, number),
            "hyperparameters": spec.student.hyperparameters_of(number).model_dump(
                exclude_none=True
            ),
            "training_type": spec.student.training_type,
            "seed": spec.seed,
            **_method_of(spec, number, training),
        }
        where = _where(spec)
        key = f"raft-{job_key(training, validation, {**shape, **where})}"
        request = TrainingRequest(
            key=key, training=training, validation=validation, form=spec.format, **shape
        )
        name = f"{training_folder(run, spec, number)}/job.json"
        facts = {"key": key, **shape, **where}
        await self._runs.create(name, to_json(facts))  # so that a job is found by whoever ends it
        job = await self._platforms(spec.student.platform).trainer.submit(request)
        await self._runs.put(name, to_json({"job": job, **facts}))
        # The first run that submits a job pays for it; adopting one later costs nothing.
        await self._runs.create(_payer_name(job), to_json({"run": run}))
        return Step(1, job)

    async def check(self, run: str, job: str) -> JobStatus:
        """The job now; raises RunStopped once the run was stopped."""
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        return await self._platforms(spec.student.platform).trainer.check(job)

    async def cancel(self, run: str) -> Step:
        """End the run's jobs where any were submitted; counts those.

        Jobs that another run submitted are left to it.
        """
        spec = (await self._records.context(run)).spec
        trainer = self._platforms(spec.student.platform).trainer
        ended = []
        for number in range(len(spec.student.methods)):
            try:
                facts = json.loads(
                    await self._runs.read(f"{training_folder(run, spec, number)}/job.json")
                )
            except BlobNotFound:
                break
            job = facts.get("job") or await trainer.find(facts["key"])
            if job and await self._payer(job, run) == run:
                await trainer.cancel(job)
                ended.append(job)
        return Step(len(ended), ended[-1] if ended else "")

    async def record(self, run: str, job: str, number: int = 0) -> Step:
        """Keep model and loss curve; `ref` is the fine-tuned model, spend its training tokens."""
        spec = (await self._records.context(run)).spec
        result = await self._platforms(spec.student.platform).trainer.result(job)
        await self._keep(training_folder(run, spec, number), result)
        cost, words = self._cost(spec, result)
        await self._note(run, spec, number, {"job": job, "model": result.model}, words)
        if await self._payer(job, run) != run:
            return Step(1, result.model, spend=Spend(reused=1))
        tokens = {"trained_tokens": result.trained_tokens}
        return Step(1, result.model, tokens, Spend(calls=1, usd=cost))

    async def _payer(self, job: str, run: str) -> str:
        """The run that pays for a job; `run` while nobody is known to."""
        try:
            payer: str = json.loads(await self._runs.read(_payer_name(job)))["run"]
        except BlobNotFound:
            return run
        return payer

    async def _rows(self, run: str, spec: RunSpec, number: int, name: str, fewest: int) -> bytes:
        method = spec.student.methods[number]
        path = method_file(spec, number, name)
        data = await self._runs.read(f"{run}/{path}")
        rows = data.count(b"\n")
        if rows < fewest:
            raise QuorumNotReached(
                f"{path} has {rows} rows, fewer than the {fewest} that {method} fine-tuning on "
                f"{spec.student.platform} needs: add documents, or ask for more questions per chunk"
            )
        return data

    async def _base_model(self, run: str, spec: RunSpec, number: int) -> str:
        """What a job begins with: the model of the job before it, where there is one."""
        if not number:
            return spec.student.model
        model: str = (await self._records.read(run))["student"]["jobs"][number - 1]["model"]
        return model

    async def _keep(self, folder: str, result: TrainingResult) -> None:
        await self._runs.put(f"{folder}/metrics.csv", result.metrics_csv)
        for name, records in (("events", result.events), ("checkpoints", result.checkpoints)):
            if records:
                await self._runs.put(f"{folder}/{name}.jsonl", to_jsonl(records))

    def _cost(self, spec: RunSpec, result: TrainingResult) -> tuple[float, str]:
        """Dollars, and what to say where they are not known."""
        if not spec.student.billed_by_token:
            return 0.0, "billed by the hour, not known here"
        if not result.trained_tokens:
            return 0.0, f"{spec.student.platform} does not tell how many tokens it billed"
        return self._prices.training_cost(spec.student.model, result.trained_tokens), ""

    async def _note(
        self, run: str, spec: RunSpec, number: int, facts: dict[str, str], cost: str
    ) -> None:
        """The student in the run record; of several jobs each, and the last one's model."""
        student: dict[str, Any] = {"training_cost": cost} if cost else {}
        methods = spec.student.methods
        if len(methods) > 1:
            jobs = (await self._records.read(run))["student"].get("jobs", [])
            one = {"method": methods[number], **facts}
            student["jobs"] = [*jobs[:number], one, *jobs[number + 1 :]]
        if number == len(methods) - 1:
            student |= facts
        await self._records.note(run, student=student)


def method_file(spec: RunSpec, number: int, name: str) -> str:
    """Which file of a run one of the student's jobs reads; supervised ones read chat files."""
    method = spec.student.methods[number]
    form = spec.format if spec.format != "chat" else ""
    folder = form if method == SUPERVISED else method
    return "/".join(filter(None, ("dataset", folder, name)))


def training_folder(run: str, spec: RunSpec, number: int) -> str:
    """Where a run keeps what it knows of one of its jobs: a second one has a folder of its own."""
    return f"{run}/training/{spec.student.methods[number]}" if number else f"{run}/training"


def _method_of(spec: RunSpec, number: int, training: bytes) -> dict[str, Any]:
    """Method and grader as a job's shape has them: nothing for supervised training, so that jobs
    that were paid before there were methods keep their keys."""
    method = spec.student.methods[number]
    if method == SUPERVISED:
        return {}
    if method != REINFORCEMENT:
        return {"method": method}
    graders = spec.student.graders
    grader = answer_grader(graders.weights, graders.judge_model)
    validate_grader(grader, json.loads(training.partition(b"\n")[0]))
    return {"method": method, "grader": grader}


def _where(spec: RunSpec) -> dict[str, str]:
    """What else a job's key is of; nothing of what was there before there were platforms."""
    where: dict[str, str] = {}
    if spec.student.platform != "azure_openai":
        where["platform"] = spec.student.platform
    if spec.format != "chat":
        where["format"] = spec.format
    return where


def job_key(training: bytes, validation: bytes, shape: dict[str, Any]) -> str:
    """A name for everything that shapes the fine-tuned model."""
    digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode())
    for part in (training, validation):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]


def _payer_name(job: str) -> str:
    return f"work/jobs/{job}.json"
