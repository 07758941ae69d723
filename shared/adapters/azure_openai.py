"""Trainer on Azure OpenAI: files, fine-tuning jobs and their result files, by the openai SDK.

A job is named by its `key` in suffix and metadata; its files by the key in their names. A call
that was answered but whose answer was lost is found again by these names and adopted.
https://learn.microsoft.com/azure/ai-services/openai/how-to/fine-tuning
"""

from __future__ import annotations

import asyncio
from typing import Any

import openai

from shared.adapters.openai_client import connect_model, our_error
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelUnavailable
from shared.ports import TrainingRequest, TrainingResult
from shared.settings import ModelEndpoint

_ENDED = {
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "cancelled": JobState.FAILED,
}
_PROCESSING_SECONDS = 300
_RETRIES = 6


class AzureOpenAITrainer:
    """Keeps the promises of `ports.Trainer`."""

    def __init__(self, endpoint: ModelEndpoint, *, timeout: float, client_id: str = "") -> None:
        self._client = connect_model(
            endpoint, timeout=timeout, client_id=client_id, max_retries=_RETRIES
        )

    async def submit(self, request: TrainingRequest) -> str:
        """See the port."""
        try:
            if job := await self._find_job(request.key):
                return job
            training = await self._upload(f"{request.key}-train.jsonl", request.training)
            validation = await self._upload(f"{request.key}-valid.jsonl", request.validation)
            made = await self._client.fine_tuning.jobs.create(
                model=request.model,
                training_file=training,
                validation_file=validation,
                suffix=request.key,
                seed=request.seed,
                metadata={"raft_key": request.key},
                method=_method(request),
                extra_body={"trainingType": request.training_type},
            )
        except openai.OpenAIError as error:
            raise _job_error(error, "the fine-tuning job was refused") from None
        except TimeoutError:
            raise ModelUnavailable(
                f"a training file was not processed within {_PROCESSING_SECONDS} s"
            ) from None
        return made.id

    async def check(self, job: str) -> JobStatus:
        """See the port."""
        try:
            now = await self._client.fine_tuning.jobs.retrieve(job)
        except openai.OpenAIError as error:
            raise _job_error(error, f"job {job} cannot be looked up") from None
        words = now.error.message if now.error and now.error.message else ""
        return JobStatus(_ENDED.get(now.status, JobState.RUNNING), now.status, words[:500])

    async def cancel(self, job: str) -> None:
        """See the port. A job that has ended answers 400 or 409: it is looked at, and left."""
        try:
            await self._client.fine_tuning.jobs.cancel(job)
        except (openai.BadRequestError, openai.ConflictError) as error:
            if (await self.check(job)).state is JobState.RUNNING:
                raise _job_error(error, f"job {job} cannot be cancelled") from None
        except openai.OpenAIError as error:
            raise _job_error(error, f"job {job} cannot be cancelled") from None

    async def result(self, job: str) -> TrainingResult:
        """See the port."""
        try:
            now = await self._client.fine_tuning.jobs.retrieve(job)
            csv = b""
            if now.result_files:
                csv = (await self._client.files.content(now.result_files[0])).content
        except openai.OpenAIError as error:
            raise _job_error(error, f"the result of job {job} cannot be read") from None
        if not now.fine_tuned_model:
            raise JobError(f"job {job} ended as {now.status} without a model")
        return TrainingResult(now.fine_tuned_model, now.trained_tokens or 0, csv)

    async def _find_job(self, key: str) -> str | None:
        """The newest job of this key that has not ended badly."""
        async for job in self._client.fine_tuning.jobs.list(limit=100):
            ours = (job.metadata or {}).get("raft_key") == key
            if ours and _ENDED.get(job.status) is not JobState.FAILED:
                return job.id
        return None

    async def _upload(self, name: str, data: bytes) -> str:
        file_id = None
        async for file in self._client.files.list(purpose="fine-tune"):
            if file.filename == name and file.status != "error":
                file_id = file.id
                break
        if file_id is None:
            made = await self._client.files.create(file=(name, data), purpose="fine-tune")
            file_id = made.id
        async with asyncio.timeout(_PROCESSING_SECONDS):
            while (file := await self._client.files.retrieve(file_id)).status != "processed":
                if file.status == "error":
                    raise JobError(
                        f"{name} was refused: {file.status_details or 'no reason given'}"
                    )
                await asyncio.sleep(0.5)
        return file_id


def _method(request: TrainingRequest) -> Any:
    settings: dict[str, Any] = {}
    if request.hyperparameters:
        settings["hyperparameters"] = dict(request.hyperparameters)
    if request.grader is not None:
        settings["grader"] = dict(request.grader)
    return {"type": request.method, request.method: settings}


def _job_error(error: openai.OpenAIError, what: str) -> Exception:
    problem = our_error(error, "the fine-tuning service")
    if isinstance(problem, ModelUnavailable):
        return problem
    return JobError(f"{what}: {problem}")
