"""The control plane of deployments, as Azure Resource Manager answers for Cognitive Services.

A deployment is Creating for a while and then Succeeded; it answers on the data plane only from
then on. The state follows from the clock, so a restart changes nothing.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from local.models.catalog import BASE_MODELS
from local.models.errors import ArmError
from local.models.faults import Faults
from local.models.store import read_all, write_json

ACCOUNT = (
    "/subscriptions/{subscription}/resourceGroups/{group}"
    "/providers/Microsoft.CognitiveServices/accounts/{account}"
)
_OURS = ("ready_at", "fails")  # fields of a record that nobody is shown
POLL_AFTER = {"Retry-After": "1"}


class ControlPlane:
    """Deployments by resource id (in lower case), one record on disk each."""

    def __init__(
        self,
        root: Path,
        deploy_seconds: float,
        faults: Faults,
        weights_of: Callable[[str], Path | None],
    ) -> None:
        self.root = root
        self.deploy_seconds = deploy_seconds
        self.faults = faults
        self.weights_of = weights_of
        self.records = {str(record["id"]).lower(): record for record in read_all(root, "*.json")}

    def register(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get(ACCOUNT, self.account)
        app.router.add_get(ACCOUNT + "/deployments", self.list)
        resource = ACCOUNT + "/deployments/{name}"
        app.router.add_put(resource, self.put)
        app.router.add_get(resource, self.get)
        app.router.add_delete(resource, self.delete)

    def model_of(self, name: str) -> str | None:
        """The model that answers under a name now, or None."""
        for record in self.records.values():
            if record["name"] == name and self._state(record) == "Succeeded":
                return str(record["properties"]["model"]["name"])
        return None

    def in_flight(self) -> int:
        """How many deployments are still being created."""
        return sum(self._state(record) == "Creating" for record in self.records.values())

    @staticmethod
    def _state(record: dict[str, Any]) -> str:
        if time.time() < record["ready_at"]:
            return "Creating"
        return "Failed" if record.get("fails") else "Succeeded"

    def _path(self, request: web.Request) -> Path:
        digest = hashlib.sha256(request.path.lower().encode()).hexdigest()[:32]
        return self.root / f"{digest}.json"

    def _shown(self, record: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in record.items() if key not in _OURS}
        properties = {**record["properties"], "provisioningState": self._state(record)}
        return shown | {"properties": properties}

    async def account(self, request: web.Request) -> web.Response:
        parts = request.match_info
        return web.json_response(
            {
                "id": request.path,
                "name": parts["account"],
                "type": "Microsoft.CognitiveServices/accounts",
                "kind": "AIServices",
                "location": "local",
                "properties": {
                    "provisioningState": "Succeeded",
                    "endpoint": f"{request.scheme}://{request.host}/",
                },
            }
        )

    async def put(self, request: web.Request) -> web.Response:
        body = await request.json()
        name = request.match_info["name"]
        model = ((body.get("properties") or {}).get("model") or {}).get("name")
        sku = body.get("sku") or {}
        if not model or not sku.get("name"):
            raise ArmError(
                400, "InvalidRequestContent", "'sku.name' and 'properties.model.name' are required."
            )
        known = model in BASE_MODELS or "embedding" in model or self.weights_of(model) is not None
        if not known:
            raise ArmError(
                400,
                "InvalidResourceProperties",
                f"The model 'Format:OpenAI,Name:{model}' of account deployment is not supported.",
            )
        if self.faults.strikes("quota_refused", name):
            raise ArmError(
                400,
                "InsufficientQuota",
                f"This operation require {sku.get('capacity', 1)} new capacity in quota "
                f"{sku['name']}, which is bigger than the current available capacity 0.",
            )
        old = self.records.get(request.path.lower())
        same = old is not None and old["properties"]["model"]["name"] == model
        seconds = max(self.deploy_seconds, self.faults.delay("deployment_slow", name))
        record = {
            "id": request.path,
            "type": "Microsoft.CognitiveServices/accounts/deployments",
            "name": name,
            "sku": {"name": sku["name"], "capacity": sku.get("capacity", 1)},
            "properties": body["properties"],
            "ready_at": old["ready_at"] if old and same else time.time() + seconds,
            "fails": self.faults.strikes("deployment_fails", name),
        }
        write_json(self._path(request), record)
        self.records[request.path.lower()] = record
        return web.json_response(
            self._shown(record), status=200 if old else 201, headers=POLL_AFTER
        )

    async def get(self, request: web.Request) -> web.Response:
        record = self.records.get(request.path.lower())
        name = request.match_info["name"]
        if record is None or self.faults.strikes("not_found", name):
            raise ArmError(
                404,
                "ResourceNotFound",
                f"The Resource '{request.path.split('/providers/')[1]}' under resource group "
                f"'{request.match_info['group']}' was not found.",
            )
        shown = self._shown(record)
        if self._state(record) == "Creating" and self.faults.strikes("status_unknown", name):
            shown["properties"]["provisioningState"] = "Resting"
        return web.json_response(shown, headers=POLL_AFTER)

    async def list(self, request: web.Request) -> web.Response:
        prefix = request.path.lower() + "/"
        found = [self._shown(r) for path, r in self.records.items() if path.startswith(prefix)]
        return web.json_response({"value": sorted(found, key=lambda r: str(r["name"]))})

    async def delete(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.faults.delay("removal_slow", request.match_info["name"]))
        if self.records.pop(request.path.lower(), None) is None:
            return web.Response(status=204)
        self._path(request).unlink()
        return web.Response(status=200)
