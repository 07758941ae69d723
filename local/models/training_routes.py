"""HTTP routes of files and fine-tuning jobs: Azure's v1 paths, those with an api-version, and the
public platform's, which answers 200 to what it creates and knows no training type."""

import asyncio
import time
from typing import Any

from aiohttp import web

from local.models.catalog import BASE_MODELS
from local.models.errors import ApiError
from local.models.faults import Faults
from local.models.files import FileStore
from local.models.graders import check_grader
from local.models.jobs import ACTIVE, JobStore, Record
from local.models.public import PREFIX, is_public

HYPERPARAMETERS = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
METHODS: dict[str, dict[str, Any]] = {
    "supervised": HYPERPARAMETERS,
    "dpo": {**HYPERPARAMETERS, "beta": "auto"},
    "reinforcement": {
        **HYPERPARAMETERS,
        "compute_multiplier": "auto",
        "eval_interval": "auto",
        "eval_samples": "auto",
        "reasoning_effort": "medium",
    },
}
EFFORTS = ("default", "low", "medium", "high")


def page(request: web.Request, rows: list[Record], default: int = 20) -> web.Response:
    """One page of a list: `limit` rows after the one whose id is `after`."""
    after = request.query.get("after")
    ids = [row["id"] for row in rows]
    if after is not None:
        if after not in ids:
            raise ApiError(400, "invalidPayload", f"No such id: {after!r}.", param="after")
        rows = rows[ids.index(after) + 1 :]
    try:
        limit = max(1, int(request.query.get("limit", default)))
    except ValueError:
        raise ApiError(400, "invalidPayload", "'limit' must be a number.", param="limit") from None
    shown = rows[:limit]
    return web.json_response(
        {
            "object": "list",
            "data": shown,
            "has_more": len(rows) > limit,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
        }
    )


def shown_job(job: Record) -> Record:
    """A job as a client sees it."""
    return {key: value for key, value in job.items() if key != "stand_in"}


def shown_file(record: Record) -> Record:
    """A file as a client sees it."""
    return {key: value for key, value in record.items() if key != "ready_at"}


class TrainingRoutes:
    """Handlers over the file store and the job store."""

    def __init__(self, files: FileStore, jobs: JobStore, faults: Faults) -> None:
        self.files, self.jobs, self.faults = files, jobs, faults

    def register(self, app: web.Application) -> None:
        """Adds the routes under both prefixes."""
        for prefix in ("/openai/v1", "/openai", PREFIX):
            files, jobs = f"{prefix}/files", f"{prefix}/fine_tuning/jobs"
            app.router.add_post(files, self.upload)
            app.router.add_get(files, self.list_files)
            app.router.add_get(files + "/{file}", self.get_file)
            app.router.add_delete(files + "/{file}", self.delete_file)
            app.router.add_get(files + "/{file}/content", self.content)
            app.router.add_post(jobs, self.create)
            app.router.add_get(jobs, self.list_jobs)
            app.router.add_get(jobs + "/{job}", self.get_job)
            app.router.add_post(jobs + "/{job}/cancel", self.cancel)
            app.router.add_get(jobs + "/{job}/events", self.events)
            app.router.add_get(jobs + "/{job}/checkpoints", self.checkpoints)

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        upload, purpose = form.get("file"), form.get("purpose")
        if not isinstance(upload, web.FileField) or not isinstance(purpose, str):
            raise ApiError(400, "invalidPayload", "'file' and 'purpose' are required.")
        record = self.files.add(upload.filename, purpose, upload.file.read())
        return web.json_response(shown_file(record), status=200 if is_public(request) else 201)

    async def list_files(self, request: web.Request) -> web.Response:
        purpose = request.query.get("purpose")
        rows = [r for r in self.files.all() if purpose in (None, r["purpose"])]
        return page(request, [shown_file(row) for row in rows], default=10_000)

    async def get_file(self, request: web.Request) -> web.Response:
        return web.json_response(shown_file(self.files.get(request.match_info["file"])))

    async def delete_file(self, request: web.Request) -> web.Response:
        return web.json_response(self.files.delete(request.match_info["file"]))

    async def content(self, request: web.Request) -> web.Response:
        content = self.files.path(request.match_info["file"]).read_bytes()
        return web.Response(body=content, content_type="application/octet-stream")

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        public = is_public(request)
        if public and "trainingType" in body:
            message = "Unrecognized request argument supplied: trainingType"
            raise ApiError(400, "unknown_parameter", message, param="trainingType")
        model = BASE_MODELS.get(body.get("model"), body.get("model"))
        if model not in BASE_MODELS and self.jobs.weights_of(str(model)) is None:
            raise ApiError(
                400,
                "invalidPayload",
                f"The specified base model {model!r} does not support fine-tuning.",
                param="model",
            )
        for name in ("training_file", "validation_file"):
            if name == "training_file" or body.get(name) is not None:
                self._check_file(body.get(name), name)
        method, shape = self._method(body)
        settings = shape["hyperparameters"]
        reasons = str(model).startswith("o")
        if reasons != (method == "reinforcement"):
            message = f"Model {model!r} does not support the method {method!r}."
            raise ApiError(400, "invalidPayload", message, param="method")
        if method == "reinforcement" and body.get("validation_file") is None:
            message = "A validation file is required for reinforcement fine-tuning."
            raise ApiError(400, "invalidPayload", message, param="validation_file")
        seed = body.get("seed")
        job = {
            "model": model,
            "training_file": body["training_file"],
            "validation_file": body.get("validation_file"),
            "hyperparameters": settings,
            "method": {"type": method, method: shape},
            "seed": int(seed) if seed is not None else int(time.time()) % 2**31,
            "metadata": body.get("metadata"),
            **({} if public else {"trainingType": body.get("trainingType", "Standard")}),
        }
        plan = {
            "suffix": str(body.get("suffix") or "")[:40],
            "fails": self.faults.strikes("job_fails", model),
            "stuck": self.faults.strikes("job_stuck", model),
            "seconds": self.faults.delay("job_slow", model),
            "public": public,
        }
        made = shown_job(self.jobs.create(job, plan))
        if lost := self.faults.struck("submit_answer_lost", model):
            await asyncio.sleep(lost.ms / 1000)
            assert request.transport is not None
            request.transport.close()
        return web.json_response(made, status=200 if public else 201)

    def _check_file(self, file_id: Any, name: str) -> None:
        try:
            self.files.get(str(file_id))
        except ApiError:
            message = f"The file {file_id!r} was not found."
            raise ApiError(400, "invalidPayload", message, param=name) from None

    @staticmethod
    def _method(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The training method with its hyperparameters, from either place, and its grader."""
        method = body.get("method") or {"type": "supervised"}
        kind = method.get("type")
        if kind not in METHODS:
            raise ApiError(400, "invalidPayload", f"Unknown method {kind!r}.", param="method")
        own = method.get(kind) or {}
        given = own.get("hyperparameters") or body.get("hyperparameters") or {}
        settings = {**METHODS[kind], **given}
        for name, value in settings.items():
            number = isinstance(value, int | float) and value > 0
            valid = value in EFFORTS if name == "reasoning_effort" else value == "auto" or number
            if name not in METHODS[kind] or not valid:
                raise ApiError(400, "invalidPayload", f"Invalid {name}: {value!r}.", param=name)
        if kind != "reinforcement":
            return kind, {"hyperparameters": settings}
        check_grader(own.get("grader"))
        return kind, {"hyperparameters": settings, "grader": own["grader"]}

    async def list_jobs(self, request: web.Request) -> web.Response:
        return page(request, [shown_job(job) for job in self.jobs.all()])

    async def get_job(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["job"])
        if job["status"] in ACTIVE:
            if self.faults.strikes("not_found", job["model"]):
                raise ApiError(404, "notFound", f"Fine-tuning job {job['id']!r} was not found.")
            if self.faults.strikes("status_unknown", job["model"]):
                job["status"] = "resting"
        return web.json_response(shown_job(job))

    async def cancel(self, request: web.Request) -> web.Response:
        return web.json_response(shown_job(self.jobs.cancel(request.match_info["job"])))

    async def events(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["job"])
        return page(request, self.jobs.events(job["id"]))

    async def checkpoints(self, request: web.Request) -> web.Response:
        job = self.jobs.get(request.match_info["job"])
        return page(request, self.jobs.checkpoints(job["id"]), default=10)
