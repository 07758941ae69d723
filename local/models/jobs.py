"""Fine-tuning jobs: their records on disk and the processes that train.

A job walks validating_files → queued → running → succeeded, failed or cancelled. Training runs in
a child process whose lines of output become events, metrics and checkpoints. After a restart of
the server an unfinished job is trained again from its files. Two creates make two jobs.
"""

import asyncio
import csv
import io
import json
import time
import uuid
from pathlib import Path
from typing import Any

from local.models.errors import ApiError
from local.models.files import FileStore
from local.models.process import run_trainer
from local.models.store import read_all, read_json, write_json

ACTIVE = ("validating_files", "queued", "running")
COLUMNS = (
    "step",
    "train_loss",
    "train_accuracy",
    "valid_loss",
    "valid_mean_token_accuracy",
    "train_mean_token_accuracy",
    "full_valid_loss",
    "full_valid_mean_token_accuracy",
)
# Reinforcement has rewards for losses; how right the final answers are stands for the reward.
REWARDS = {
    "train_reward_mean": "train_mean_token_accuracy",
    "valid_reward_mean": "valid_mean_token_accuracy",
}
Record = dict[str, Any]


class JobStore:
    """All fine-tuning jobs under one folder, one sub-folder each."""

    def __init__(self, root: Path, files: FileStore, job_seconds: float) -> None:
        self.root = root
        self.files = files
        self.job_seconds = job_seconds
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.models: dict[str, Path] = {}
        for job in read_all(root, "*/job.json"):
            if job["status"] == "succeeded":
                self._publish(job)

    # Records

    def create(self, job: Record, plan: Record) -> Record:
        """Stores a new job and starts it. `plan` is what only the stand-in needs to know."""
        job = {
            "id": f"ftjob-{uuid.uuid4().hex}",
            "object": "fine_tuning.job",
            "created_at": int(time.time()),
            "finished_at": None,
            "estimated_finish": None,
            "organization_id": "local",
            "status": "validating_files",
            "fine_tuned_model": None,
            "trained_tokens": None,
            "result_files": [],
            "integrations": [],
            "error": None,
            **job,
            "stand_in": {"order": time.time(), **plan},
        }
        self._save(job)
        self._event(job["id"], "Job enqueued. Waiting for jobs ahead to complete.")
        self._start(job["id"])
        return job

    def get(self, job_id: str) -> Record:
        """A job's record; 404 if there is none."""
        job = read_json(self._folder(job_id) / "job.json")
        if job is None:
            raise ApiError(404, "notFound", f"Fine-tuning job {job_id!r} was not found.")
        return job

    def all(self) -> list[Record]:
        """All jobs, newest first."""
        jobs = read_all(self.root, "*/job.json")
        return sorted(jobs, key=lambda job: -float(job["stand_in"]["order"]))

    def events(self, job_id: str) -> list[Record]:
        """A job's events, newest first."""
        return self._lines(job_id, "events.jsonl")[::-1]

    def checkpoints(self, job_id: str) -> list[Record]:
        """A job's checkpoints, newest first."""
        return self._lines(job_id, "checkpoints.jsonl")[::-1]

    def weights_of(self, model: str) -> Path | None:
        """The folder with the weights of a fine-tuned model or one of its checkpoints."""
        return self.models.get(model)

    def active(self) -> int:
        """How many jobs are not over yet."""
        return sum(job["status"] in ACTIVE for job in self.all())

    def cancel(self, job_id: str) -> Record:
        """Cancels a job that is not over; 400 otherwise."""
        job = self.get(job_id)
        if job["status"] not in ACTIVE:
            raise ApiError(400, "invalidPayload", f"Job {job_id} is already {job['status']}.")
        task = self.tasks.pop(job_id, None)
        if task is not None:
            task.cancel()
        return self._finish(job, "cancelled", "Job cancelled.")

    # Running

    def resume(self) -> None:
        """Starts the jobs that an earlier server left unfinished."""
        for job in self.all():
            if job["status"] in ACTIVE:
                self._event(job["id"], "Server restarted, training starts again.", level="warn")
                for name in ("metrics.jsonl", "checkpoints.jsonl"):
                    (self._folder(job["id"]) / name).unlink(missing_ok=True)
                self._start(job["id"])

    async def stop(self) -> None:
        """Ends all training at once; the jobs stay as they are for the next start."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    def _start(self, job_id: str) -> None:
        self.tasks[job_id] = asyncio.create_task(self._run(job_id))

    async def _run(self, job_id: str) -> None:
        started = time.monotonic()
        job = self.get(job_id)
        try:
            await self._prepare(job)
            if job["stand_in"]["stuck"]:
                await asyncio.Event().wait()
            outcome = await self._train(job)
            seconds = max(self.job_seconds, job["stand_in"].get("seconds", 0.0))
            await asyncio.sleep(max(0.0, started + seconds - time.monotonic()))
        except ApiError as error:
            said = error.body["error"]["message"]
            outcome = {"error": {"code": "invalidPayload", "message": said}}
        job = self.get(job_id)
        if job["stand_in"]["fails"]:
            outcome = {"error": {"code": "internalError", "message": "The job failed."}}
        if "error" in outcome:
            job["error"] = {"param": "training_file", **outcome["error"]}
            self._finish(job, "failed", f"Job failed: {outcome['error']['message']}", "error")
        else:
            self._succeed(job, outcome)
        self.tasks.pop(job_id, None)

    async def _prepare(self, job: Record) -> None:
        """Waits as Azure does while files are validated and the job is queued."""
        for file_id in (job["training_file"], job["validation_file"]):
            if file_id is not None:
                ready_at = float(self.files.get(file_id)["ready_at"])
                await asyncio.sleep(max(0.0, ready_at - time.time()))
        await asyncio.sleep(0.1 * self.job_seconds)
        self._set_status(job, "queued", "Files validated, job is queued.")
        await asyncio.sleep(0.1 * self.job_seconds)
        self._set_status(job, "running", "Job started.")

    async def _train(self, job: Record) -> Record:
        """Trains on the job's files and returns the trainer's last word."""
        folder = self._folder(job["id"])
        validation = job["validation_file"]
        parent = self.weights_of(job["model"])
        plan = {
            "training_file": str(self.files.path(job["training_file"])),
            "validation_file": str(self.files.path(validation)) if validation else None,
            "method": job["method"]["type"],
            "hyperparameters": job["hyperparameters"],
            "seed": job["seed"],
            "start_from": str(parent) if parent else None,
            "folder": str(folder),
        }
        return await run_trainer(plan, lambda said: self._file(job["id"], said))

    def _file(self, job_id: str, said: Record) -> None:
        """Files what the trainer says."""
        if "checkpoint" in said:
            self._checkpoint(job_id, said["checkpoint"])
            return
        metrics = said["metrics"]
        self._append(job_id, "metrics.jsonl", metrics)
        message = f"Step {metrics['step']}: training loss={metrics['train_loss']:.4f}"
        self._event(job_id, message, kind="metrics", data=metrics)

    def _checkpoint(self, job_id: str, said: Record) -> None:
        name = f"{self._model_name(self.get(job_id))}:ckpt-step-{said['step']}"
        self._append(
            job_id,
            "checkpoints.jsonl",
            {
                "id": f"ftckpt-{uuid.uuid4().hex}",
                "object": "fine_tuning.job.checkpoint",
                "created_at": int(time.time()),
                "fine_tuned_model_checkpoint": name,
                "fine_tuning_job_id": job_id,
                "step_number": said["step"],
                "metrics": said,
            },
        )

    def _succeed(self, job: Record, outcome: Record) -> None:
        rows, columns = self._lines(job["id"], "metrics.jsonl"), COLUMNS
        if job["method"]["type"] == "reinforcement":
            columns = ("step", *REWARDS)
            rows = [row | {to: row.get(name, "") for to, name in REWARDS.items()} for row in rows]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
        result = self.files.add("results.csv", "fine-tune-results", text.getvalue().encode())
        job["result_files"] = [result["id"]]
        job["trained_tokens"] = outcome["trained_tokens"]
        job["fine_tuned_model"] = self._model_name(job)
        self._finish(job, "succeeded", "Job succeeded.")
        self._publish(job)

    def _publish(self, job: Record) -> None:
        folder = self._folder(job["id"])
        self.models[job["fine_tuned_model"]] = folder / "weights.npz"
        for checkpoint in self.checkpoints(job["id"]):
            weights = folder / f"step-{checkpoint['step_number']}.npz"
            self.models[checkpoint["fine_tuned_model_checkpoint"]] = weights

    # Small things

    @staticmethod
    def _model_name(job: Record) -> str:
        suffix, public = job["stand_in"]["suffix"], job["stand_in"].get("public")
        if public:  # as the public platform names it: ft:base:organisation:suffix:id
            base = str(job["model"]).removeprefix("ft:").split(":")[0]
            return f"ft:{base}:local:{suffix}:{job['id'].removeprefix('ftjob-')[:8]}"
        base = str(job["model"]).split(".ft-")[0]
        name = f"{base}.ft-{job['id'].removeprefix('ftjob-')}"
        return f"{name}-{suffix}" if suffix else name

    def _folder(self, job_id: str) -> Path:
        return self.root / Path(job_id).name

    def _save(self, job: Record) -> None:
        write_json(self._folder(job["id"]) / "job.json", job)

    def _set_status(self, job: Record, status: str, message: str) -> None:
        job["status"] = status
        self._save(job)
        self._event(job["id"], message)

    def _finish(self, job: Record, status: str, message: str, level: str = "info") -> Record:
        job["status"], job["finished_at"] = status, int(time.time())
        self._save(job)
        self._event(job["id"], message, level=level)
        return job

    def _event(
        self,
        job_id: str,
        message: str,
        *,
        level: str = "info",
        kind: str = "message",
        data: Record | None = None,
    ) -> None:
        self._append(
            job_id,
            "events.jsonl",
            {
                "id": f"ftevent-{uuid.uuid4().hex}",
                "object": "fine_tuning.job.event",
                "created_at": int(time.time()),
                "level": level,
                "message": message,
                "type": kind,
                "data": data,
            },
        )

    def _append(self, job_id: str, name: str, record: Record) -> None:
        with (self._folder(job_id) / name).open("a", encoding="utf-8") as out:
            out.write(json.dumps(record) + "\n")

    def _lines(self, job_id: str, name: str) -> list[Record]:
        path = self._folder(job_id) / name
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
