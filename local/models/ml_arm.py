"""What all routes of a workspace share: paths, api-version, refusals in the service's shape.

Shapes as in the REST reference of 2024-10-01-preview (Jobs, Data Versions, Model Versions,
Marketplace Subscriptions, Serverless Endpoints):
https://learn.microsoft.com/rest/api/azureml/operation-groups
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web

from local.models.errors import ArmError
from local.models.ml_resources import Record

TYPE = "Microsoft.MachineLearningServices/workspaces"
WORKSPACE = (
    f"/subscriptions/{{subscription}}/resourceGroups/{{group}}/providers/{TYPE}/{{workspace}}"
)
LOCATION = "local"
MICROSOFTS = ("azureml", "azureml-msr")  # registries whose models have no marketplace offer
REGISTRY_MODEL = re.compile(r"azureml://registries/([^/]+)/models/([^/]+)(/versions/[^/]+)?")
API_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")
Handler = Callable[[web.Request], Awaitable[web.Response]]


def workspace_path(request: web.Request) -> str:
    """The resource id of the workspace that a request is about."""
    return "/".join(request.path.split("/")[:9])


def workspace_id(request: web.Request) -> str:
    """The workspace's own id: the same for the same path, in whatever case."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, workspace_path(request).lower()))


def bad(message: str, code: str = "UserError") -> ArmError:
    """A refusal of what was asked."""
    return ArmError(400, code, message)


def missing(request: web.Request) -> ArmError:
    """The answer to a look at what is not there."""
    what = request.path.split(f"{TYPE}/")[1]
    return ArmError(404, "UserError", f"The resource {what} was not found.")


async def read_properties(request: web.Request) -> Record:
    """The properties of the resource in a request's body."""
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise bad("The request body is not JSON.", "InvalidRequestContent") from None
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise bad("The request body has no properties.", "InvalidRequestContent")
    return properties


def managed(handler: Handler) -> Handler:
    """The handler with its api-version checked."""

    async def handle(request: web.Request) -> web.Response:
        version = request.query.get("api-version", "")
        if not version:
            raise bad(
                "The api-version query parameter (?api-version=) is required for all requests.",
                "MissingApiVersionParameter",
            )
        if not API_VERSION.fullmatch(version):
            raise bad(f"The api-version '{version}' is invalid.", "InvalidApiVersionParameter")
        return await handler(request)

    return handle
