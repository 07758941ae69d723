"""Routes of marketplace subscriptions: what a workspace has to have for others' models."""

import time

from aiohttp import web

from local.models.ml_arm import MICROSOFTS, REGISTRY_MODEL, TYPE, bad, missing, read_properties
from local.models.ml_resources import Record, Resources, ready


class MlOffers:
    """Handlers over marketplace subscriptions, each to one model in all its versions."""

    def __init__(self, resources: Resources, deploy_seconds: float) -> None:
        self.resources, self.deploy_seconds = resources, deploy_seconds

    async def put(self, request: web.Request) -> web.Response:
        model = str((await read_properties(request)).get("modelId", ""))
        found = REGISTRY_MODEL.fullmatch(model)
        if found is None or found[3]:
            raise bad(f"'modelId' must be the id of a registry's model without a version: {model}")
        if found[1].lower() in MICROSOFTS:
            raise bad(f"The model {model} is offered by Microsoft and has no marketplace offer.")
        old = self.resources.get(request.path)
        record = old or {
            "id": request.path,
            "name": request.match_info["name"],
            "type": f"{TYPE}/marketplaceSubscriptions",
            "properties": {"modelId": model},
            "ready_at": time.time() + self.deploy_seconds,
        }
        shown = self._shown(self.resources.put(record))
        return web.json_response(shown, status=200 if old else 201)

    async def get(self, request: web.Request) -> web.Response:
        record = self.resources.get(request.path)
        if record is None:
            raise missing(request)
        return web.json_response(self._shown(record))

    async def list(self, request: web.Request) -> web.Response:
        found = [self._shown(record) for record in self.resources.under(request.path)]
        return web.json_response({"value": found})

    @staticmethod
    def _shown(record: Record) -> Record:
        properties: Record = {"provisioningState": "Creating"}
        if ready(record):
            publisher, name = record["properties"]["modelId"].split("/")[3::2]
            properties = {
                "provisioningState": "Succeeded",
                "marketplaceSubscriptionStatus": "Subscribed",
                "marketplacePlan": {
                    "publisherId": publisher.removeprefix("azureml-"),
                    "offerId": name.lower(),
                    "planId": "consumption",
                },
            }
        shown = {key: value for key, value in record.items() if key != "ready_at"}
        return shown | {"properties": record["properties"] | properties}
