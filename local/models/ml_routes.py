"""The control plane of Azure ML workspaces: all its routes, and those of data and models."""

from aiohttp import web

from local.models.faults import Faults
from local.models.ml_arm import (
    LOCATION,
    TYPE,
    WORKSPACE,
    Handler,
    bad,
    managed,
    missing,
    read_properties,
    workspace_id,
    workspace_path,
)
from local.models.ml_endpoints import MlEndpoints
from local.models.ml_job_routes import MlJobRoutes
from local.models.ml_jobs import MlJobs
from local.models.ml_offers import MlOffers
from local.models.ml_resources import Resources


class MlRoutes:
    """Handlers over the resources and the jobs of all workspaces."""

    def __init__(
        self, resources: Resources, jobs: MlJobs, faults: Faults, deploy_seconds: float
    ) -> None:
        self.resources, self.jobs = resources, jobs
        self.job_routes = MlJobRoutes(resources, jobs, faults)
        self.offers = MlOffers(resources, deploy_seconds)
        self.endpoints = MlEndpoints(resources, jobs, faults, deploy_seconds)

    def register(self, app: web.Application) -> None:
        """Adds the routes."""
        data = WORKSPACE + "/data/{name}/versions/{version}"
        job, offers = WORKSPACE + "/jobs/{name}", WORKSPACE + "/marketplaceSubscriptions"
        served = WORKSPACE + "/serverlessEndpoints"
        routes: list[tuple[str, str, Handler]] = [
            ("GET", WORKSPACE, self.workspace),
            ("PUT", data, self.put_data),
            ("GET", data, self.get_data),
            ("GET", WORKSPACE + "/models/{name}/versions/{version}", self.get_model),
            ("PUT", job, self.job_routes.put),
            ("GET", job, self.job_routes.get),
            ("POST", job + "/cancel", self.job_routes.cancel),
            ("GET", offers, self.offers.list),
            ("PUT", offers + "/{name}", self.offers.put),
            ("GET", offers + "/{name}", self.offers.get),
            ("GET", served, self.endpoints.list),
            ("PUT", served + "/{name}", self.endpoints.put),
            ("GET", served + "/{name}", self.endpoints.get),
            ("DELETE", served + "/{name}", self.endpoints.delete),
            ("POST", served + "/{name}/listKeys", self.endpoints.keys),
            ("POST", served + "/{name}/regenerateKeys", self.endpoints.regenerate),
        ]
        for method, path, handler in routes:
            app.router.add_route(method, path, managed(handler))
        app.router.add_get("/_stand-in/ml-jobs/{id}", self.job_routes.studio)

    async def workspace(self, request: web.Request) -> web.Response:
        properties = {"workspaceId": workspace_id(request), "provisioningState": "Succeeded"}
        return web.json_response(
            {
                "id": request.path,
                "name": request.match_info["workspace"],
                "type": TYPE,
                "location": LOCATION,
                "properties": properties,
            }
        )

    async def put_data(self, request: web.Request) -> web.Response:
        properties = await read_properties(request)
        uri, kind = properties.get("dataUri"), properties.get("dataType")
        if kind != "uri_file" or not isinstance(uri, str) or "://" not in uri:
            raise bad("'properties.dataUri' and 'properties.dataType' uri_file are required.")
        old = self.resources.get(request.path)
        if old is not None and old["properties"]["dataUri"] != uri:
            raise bad(f"{request.match_info['name']} exists with another dataUri: it is immutable.")
        record = self.resources.put(
            {
                "id": request.path,
                "name": request.match_info["version"],
                "type": f"{TYPE}/data/versions",
                "properties": properties,
            }
        )
        return web.json_response(record, status=200 if old else 201)

    async def get_data(self, request: web.Request) -> web.Response:
        record = self.resources.get(request.path)
        if record is None:
            raise missing(request)
        return web.json_response(record)

    async def get_model(self, request: web.Request) -> web.Response:
        parts = request.match_info
        model = f"{parts['name']}:{parts['version']}"
        job = self.jobs.registered(workspace_path(request), model)
        if job is None:
            raise missing(request)
        properties = {
            "modelType": "mlflow_model",
            "modelUri": f"azureml://jobs/{job['stand_in']['arm']['name']}/outputs/registered_model",
            "jobName": job["stand_in"]["arm"]["name"],
            "flavors": {},
            "tags": {},
            "properties": {"baseModelId": job["model"]},
        }
        return web.json_response(
            {
                "id": request.path,
                "name": parts["version"],
                "type": f"{TYPE}/models/versions",
                "properties": properties,
            }
        )
