"""Routes of a workspace's jobs: only fine-tuning of a registry's model is accepted.

Refused is what the service refuses before it queues a job; what is wrong with the data shows when
the job reads it.
"""

import re
from typing import Any

from aiohttp import web

from local.models.errors import ApiError
from local.models.faults import Faults
from local.models.ml_arm import (
    MICROSOFTS,
    REGISTRY_MODEL,
    TYPE,
    bad,
    missing,
    read_properties,
    workspace_path,
)
from local.models.ml_jobs import COLUMNS, STATUSES, MlJobs, trainer_settings
from local.models.ml_resources import Record, Resources, digest, ready

JOB_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")


class MlJobRoutes:
    """Handlers over the jobs and the resources that they name."""

    def __init__(self, resources: Resources, jobs: MlJobs, faults: Faults) -> None:
        self.resources, self.jobs, self.faults = resources, jobs, faults

    async def put(self, request: web.Request) -> web.Response:
        properties = await read_properties(request)
        name, job_id = request.match_info["name"], digest(request.path)
        if not JOB_NAME.fullmatch(name):
            raise bad(f"Job name {name!r} is invalid.")
        if any(job["id"] == job_id for job in self.jobs.all()):
            return self._reply(request, job_id, 200)
        job, plan = self._read(request, properties)
        plan["arm"] = {"id": request.path, "name": name, "properties": properties}
        self.jobs.create({**job, "id": job_id}, plan)
        return self._reply(request, job_id, 201)

    def _read(self, request: web.Request, properties: Record) -> tuple[Record, Record]:
        """The job and the stand-in's plan of a body, or the refusal of it."""
        details, output = read_details(properties)
        try:
            settings = trainer_settings(details.get("hyperParameters") or {})
        except ValueError as error:
            raise bad(str(error)) from None
        model = self._base_model(request, details.get("model"))
        data = {"training_file": self._data_uri(request, details.get("trainingData"))}
        if details.get("validationData") is not None:
            data["validation_file"] = self._data_uri(request, details["validationData"])
        short = model.split("/models/")[1].split("/")[0]
        job = {
            "model": model,
            "training_file": None,
            "validation_file": None,
            "hyperparameters": settings,
            "method": {"type": "supervised"},
            "seed": 0,
        }
        plan = {
            "task": details["taskType"].lower(),
            "data": data,
            "registered": f"{output}:{self.jobs.next_version(output)}",
            "fails": self.faults.strikes("job_fails", short),
            "stuck": self.faults.strikes("job_stuck", short),
        }
        return job, plan

    def _base_model(self, request: web.Request, given: Any) -> str:
        uri = str((given or {}).get("uri", ""))
        found = REGISTRY_MODEL.fullmatch(uri)
        if found is None or not found[3] or given.get("jobInputType") != "mlflow_model":
            raise bad(f"The model {uri!r} is no version of a registry's model.")
        offered = uri.removesuffix(found[3])
        offers = self.resources.under(workspace_path(request) + "/marketplaceSubscriptions")
        subscribed = {o["properties"]["modelId"].lower() for o in offers if ready(o)}
        if found[1].lower() not in MICROSOFTS and offered.lower() not in subscribed:
            raise bad(
                f"The workspace has no Azure Marketplace subscription for the model {offered}. "
                "Create one before fine-tuning it.",
                "MarketplaceSubscriptionRequired",
            )
        return uri

    def _data_uri(self, request: web.Request, given: Any) -> str:
        asset = str((given or {}).get("uri", ""))
        record, ours = self.resources.get(asset), f"{workspace_path(request)}/data/".lower()
        if record is None or not asset.lower().startswith(ours):
            raise bad(f"{asset!r} is no data asset of this workspace.")
        return str(record["properties"]["dataUri"])

    async def get(self, request: web.Request) -> web.Response:
        return self._reply(request, digest(request.path), 200)

    async def cancel(self, request: web.Request) -> web.Response:
        job_id = digest(request.path.removesuffix("/cancel"))
        self._reply(request, job_id, 200)
        try:
            self.jobs.cancel(job_id)
        except ApiError as error:
            raise bad(error.body["error"]["message"]) from None
        return web.Response(status=200)

    def _reply(self, request: web.Request, job_id: str, status: int) -> web.Response:
        try:
            job = self.jobs.get(job_id)
        except ApiError:
            raise missing(request) from None
        arm = job["stand_in"]["arm"]
        name, version = job["stand_in"]["registered"].split(":")
        output = {"jobOutputType": "mlflow_model", "assetName": name}
        if job["status"] == "succeeded":
            output["assetVersion"] = version
        studio = f"{request.scheme}://{request.host}/_stand-in/ml-jobs/{job_id}"
        properties = arm["properties"] | {
            "status": STATUSES[job["status"]],
            "outputs": {"registered_model": output},
            "services": {"Studio": {"jobServiceType": "Studio", "endpoint": studio}},
        }
        shown = {**arm, "type": f"{TYPE}/jobs", "properties": properties}
        return web.json_response(shown, status=status)

    async def studio(self, request: web.Request) -> web.Response:
        """What the job's page in Azure ML studio would show: its events, oldest first."""
        events = self.jobs.events(request.match_info["id"])[::-1]
        return web.json_response({"events": events})


def read_details(properties: Record) -> tuple[Record, str]:
    """The fine-tuning details of a job, and the name its model is to be registered under."""
    details, kind = properties.get("fineTuningDetails"), properties.get("jobType")
    if kind != "FineTuning" or not isinstance(details, dict):
        raise bad(f"The job type {kind!r} is not supported here: 'FineTuning' is.")
    if str(details.get("taskType")).lower() not in COLUMNS:
        raise bad(
            f"The task {details.get('taskType')!r} is not supported: ChatCompletion and "
            "TextCompletion are."
        )
    if details.get("modelProvider") != "Custom":
        raise bad("'modelProvider' must be Custom.")
    output = (properties.get("outputs") or {}).get("registered_model") or {}
    if output.get("jobOutputType") != "mlflow_model" or not output.get("assetName"):
        raise bad("'outputs.registered_model' must be an mlflow_model with an assetName.")
    return details, str(output["assetName"])
