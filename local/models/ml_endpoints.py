"""Routes of serverless endpoints, which serve a registered model: Creating, then Online.

An endpoint has two keys, made with it and told by listKeys alone.
"""

import re
import secrets
import time
from typing import Any

from aiohttp import web

from local.models.errors import ArmError
from local.models.faults import Faults
from local.models.ml_arm import (
    LOCATION,
    TYPE,
    bad,
    missing,
    read_properties,
    workspace_id,
    workspace_path,
)
from local.models.ml_jobs import MlJobs
from local.models.ml_resources import Record, Resources, ready

ENDPOINT_NAME = re.compile(r"[a-zA-Z0-9-]{3,52}")
REGISTERED = re.compile(
    r"azureml://locations/([^/]+)/workspaces/([^/]+)/models/([^/]+)/versions/([^/]+)"
)
KEYS = {"Primary": "primaryKey", "Secondary": "secondaryKey"}
POLL_AFTER = {"Retry-After": "1"}


class MlEndpoints:
    """Handlers over the endpoints of all workspaces."""

    def __init__(
        self, resources: Resources, jobs: MlJobs, faults: Faults, deploy_seconds: float
    ) -> None:
        self.resources, self.jobs, self.faults = resources, jobs, faults
        self.deploy_seconds = deploy_seconds

    async def put(self, request: web.Request) -> web.Response:
        properties, name = await read_properties(request), request.match_info["name"]
        if not ENDPOINT_NAME.fullmatch(name):
            raise bad(f"Endpoint name {name!r} must be 3 to 52 letters, digits and hyphens.")
        model = str((properties.get("modelSettings") or {}).get("modelId", ""))
        old, named = self.resources.get(request.path), self.resources.endpoint(name)
        if old is None and named is not None:
            raise ArmError(409, "Conflict", f"The endpoint name {name} is taken in this region.")
        if old is not None and old["properties"]["modelSettings"]["modelId"] != model:
            raise bad(f"The model of the endpoint {name} cannot be changed.")
        registered = self._registered(request, model)
        if self.faults.strikes("quota_refused", name):
            raise bad(
                "The workspace has reached its limit of serverless endpoints in this region.",
                "QuotaExceeded",
            )
        record = old or {
            "id": request.path,
            "name": name,
            "type": f"{TYPE}/serverlessEndpoints",
            "location": LOCATION,
            "sku": {"name": "Consumption"},
            "properties": {"authMode": "Key", "modelSettings": {"modelId": model}},
            "registered": registered,
            "keys": {key: secrets.token_hex(16) for key in KEYS.values()},
            "ready_at": time.time() + self.deploy_seconds,
        }
        shown = self._shown(request, self.resources.put(record))
        return web.json_response(shown, status=200 if old else 201, headers=POLL_AFTER)

    def _registered(self, request: web.Request, model: str) -> str:
        """The registered model of an id, `name:version`; refused where there is none."""
        found = REGISTERED.fullmatch(model)
        if found and found.group(1, 2) == (LOCATION, workspace_id(request)):
            name = f"{found[3]}:{found[4]}"
            if self.jobs.registered(workspace_path(request), name) is not None:
                return name
        raise bad(f"The model {model!r} is not registered in this workspace.", "ModelNotFound")

    async def get(self, request: web.Request) -> web.Response:
        shown = self._shown(request, self._find(request, request.path))
        return web.json_response(shown, headers=POLL_AFTER)

    async def list(self, request: web.Request) -> web.Response:
        found = [self._shown(request, record) for record in self.resources.under(request.path)]
        return web.json_response({"value": found})

    async def delete(self, request: web.Request) -> web.Response:
        there = self.resources.remove(request.path)
        return web.Response(status=202 if there else 204)

    async def keys(self, request: web.Request) -> web.Response:
        record = self._find(request, request.path.removesuffix("/listKeys"))
        return web.json_response(record["keys"])

    async def regenerate(self, request: web.Request) -> web.Response:
        record = self._find(request, request.path.removesuffix("/regenerateKeys"))
        kind = (await request.json()).get("keyType")
        if kind not in KEYS:
            raise bad("'keyType' must be Primary or Secondary.")
        record["keys"][KEYS[kind]] = secrets.token_hex(16)
        return web.json_response(self.resources.put(record)["keys"])

    def in_flight(self) -> int:
        """How many endpoints are still being created."""
        return sum(not ready(record) for record in self.resources.all("serverlessEndpoints"))

    def _find(self, request: web.Request, path: str) -> Record:
        record = self.resources.get(path)
        if record is None:
            raise missing(request)
        return record

    @staticmethod
    def _shown(request: web.Request, record: Record) -> Record:
        state: dict[str, Any] = {"provisioningState": "Creating", "endpointState": "Creating"}
        if ready(record):
            uri = f"{request.scheme}://{request.host}/serverless/{record['name']}"
            state = {
                "provisioningState": "Succeeded",
                "endpointState": "Online",
                "inferenceEndpoint": {"uri": uri, "headers": {}},
            }
        hidden = ("ready_at", "keys", "registered")
        shown = {key: value for key, value in record.items() if key not in hidden}
        return shown | {"properties": record["properties"] | state}
