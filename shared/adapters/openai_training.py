"""Trainer on Azure OpenAI and on the public platform: files, fine-tuning jobs and their results.

A job is named by its `key` in suffix and metadata; its files by the key in their names. A call
that was answered but whose answer was lost is found again by these names and adopted.
https://learn.microsoft.com/azure/ai-services/openai/how-to/fine-tuning and
https://platform.openai.com/docs/api-reference/fine-tuning, which knows no training type.
"""

from __future__ import annotations

import asyncio
from typing import Any

import openai

from shared.adapters.openai_client import connect_model, our_error
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelError, ModelUnavailable
from shared.ports import TrainingRequest, TrainingResult
from shared.settings import ModelEndpoint

_ENDED = {
    "succeeded": JobState.SUCCEEDED,
    "failed": JobState.FAILED,
    "cancelled": JobState.FAILED,
}
_CANCELLED = (
    "somebody cancelled it outside of this run, in the portal or by another tool: start the run "
    'again ({"again": true}) to train, which is another job'
)
_NO_QUOTA = (
    "wait until other jobs of the resource have ended, ask for quota "
    "(https://aka.ms/oai/quotaincrease), or look at the billing of the public platform"
)
_PROCESSING_SECONDS = 300
_RETRIES = 6
_SUBMIT_AGAIN = (1, 2, 4, 8)  # seconds
_WORDS = 500  # characters of a status
_LAST_EVENTS = 100


class OpenAITrainer:
    """Keeps the promises of `ports.Trainer`; `public` is the platform of OpenAI itself."""

    def __init__(
        self, endpoint: ModelEndpoint, *, timeout: float, client_id: str = "", public: bool = False
    ) -> None:
        self._public = public
        self._client = connect_model(
            endpoint, timeout=timeout, client_id=client_id, max_retries=_RETRIES
        )

    async def submit(self, request: TrainingRequest) -> str:
        """See the port."""
        try:
            if job := await self._newest(request.key):
                return job
            training = await self._upload(f"{request.key}-train.jsonl", request.training)
            validation = await self._upload(f"{request.key}-valid.jsonl", request.validation)
            shape: dict[str, Any] = {
                "model": request.model,
                "training_file": training,
                "validation_file": validation,
                "suffix": request.key,
                "seed": request.seed,
                "metadata": {"raft_key": request.key},
                "method": _method(request),
            }
            if not self._public:
                shape["extra_body"] = {"trainingType": request.training_type}
            return await self._create(request.key, shape)
        except openai.OpenAIError as error:
            raise _job_error(error, "the fine-tuning job was refused") from None
        except TimeoutError:
            raise ModelUnavailable(
                f"a training file was not processed within {_PROCESSING_SECONDS} s"
            ) from None

    async def _create(self, key: str, shape: dict[str, Any]) -> str:
        """Where no answer comes there may be a job all the same: it is looked for before the next
        try. The client's own retry would make a second one."""
        jobs = self._client.with_options(max_retries=0).fine_tuning.jobs
        for seconds in _SUBMIT_AGAIN:
            try:
                return str((await jobs.create(**shape)).id)
            except openai.OpenAIError as error:
                if not isinstance(_job_error(error, ""), ModelUnavailable):
                    raise
            await asyncio.sleep(seconds)
            if job := await self._newest(key):
                return job
        return str((await jobs.create(**shape)).id)

    async def find(self, key: str) -> str | None:
        """See the port."""
        try:
            return await self._newest(key)
        except openai.OpenAIError as error:
            raise _job_error(error, "jobs cannot be listed") from None

    async def check(self, job: str) -> JobStatus:
        """See the port. A job not listed and a token refused are no answers: looks that follow
        may have one."""
        try:
            now = await self._client.fine_tuning.jobs.retrieve(job)
        except openai.NotFoundError as error:
            return _no_answer("NotFound", error)
        except openai.AuthenticationError as error:
            return _no_answer("Unauthorized", error)
        except openai.OpenAIError as error:
            raise _job_error(error, f"job {job} cannot be looked up") from None
        state = _ENDED.get(now.status, JobState.RUNNING)
        words = now.error.message if now.error and now.error.message else ""
        if state is JobState.RUNNING:
            words = await self._last_event(job)
        elif now.status == "cancelled":
            words = words or _CANCELLED
        return JobStatus(state, now.status, words[:_WORDS])

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
            events = [_event(event) for event in (await self._events(job, _LAST_EVENTS)).data]
            checkpoints = await self._checkpoints(job)
        except openai.OpenAIError as error:
            raise _job_error(error, f"the result of job {job} cannot be read") from None
        if not now.fine_tuned_model:
            raise JobError(f"job {job} ended as {now.status} without a model")
        tokens = now.trained_tokens or 0
        return TrainingResult(now.fine_tuned_model, tokens, csv, events[::-1], checkpoints)

    def _events(self, job: str, limit: int) -> Any:
        """The job's events, newest first."""
        return self._client.fine_tuning.jobs.list_events(job, limit=limit)

    async def _last_event(self, job: str) -> str:
        """What the job said last; '' where that cannot be read, which is no reason to worry."""
        try:
            page = await self._events(job, 1)
        except openai.OpenAIError:
            return ""
        return str(page.data[0].message) if page.data else ""

    async def _checkpoints(self, job: str) -> list[dict[str, Any]]:
        """Oldest first; none where the offer keeps none, which it says by a 4xx."""
        try:
            listed = [one async for one in self._client.fine_tuning.jobs.checkpoints.list(job)]
        except (openai.BadRequestError, openai.NotFoundError):
            return []
        return [
            {
                "step": one.step_number,
                "model": one.fine_tuned_model_checkpoint,
                **one.metrics.model_dump(exclude_none=True, exclude={"step"}),
            }
            for one in reversed(listed)
        ]

    async def _newest(self, key: str) -> str | None:
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


def _event(event: Any) -> dict[str, Any]:
    return {"at": event.created_at, "level": event.level, "message": event.message}


def _method(request: TrainingRequest) -> Any:
    settings: dict[str, Any] = {}
    if request.hyperparameters:
        settings["hyperparameters"] = dict(request.hyperparameters)
    if request.grader is not None:
        settings["grader"] = dict(request.grader)
    return {"type": request.method, request.method: settings}


def _no_answer(status: str, error: openai.OpenAIError) -> JobStatus:
    return JobStatus(JobState.RUNNING, status, str(_problem(error)))


def _problem(error: openai.OpenAIError) -> ModelError:
    if isinstance(error, openai.NotFoundError):  # it is the job that is not there, not the service
        body = error.body if isinstance(error.body, dict) else {"message": error.message}
        return ModelError(f"the fine-tuning service answered 404: {body.get('message')}"[:_WORDS])
    return our_error(error, "the fine-tuning service")


def _job_error(error: openai.OpenAIError, what: str) -> Exception:
    problem = _problem(error)
    no_credit = getattr(error, "code", None) == "insufficient_quota"  # a 429 that does not pass
    if isinstance(problem, ModelUnavailable) and not no_credit:
        return problem
    remedy = f": {_NO_QUOTA}" if no_credit or "quota" in str(problem).lower() else ""
    return JobError(f"{what}: {problem}{remedy}")
