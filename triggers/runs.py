"""The HTTP API: start a run, list runs, see one, read its report, read the spec's schema."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df
import azure.functions as func

from shared.bootstrap import services
from shared.errors import BlobNotFound, RaftError, SpecError
from shared.spec import spec_schema
from triggers.answers import answer, problem, read_object
from triggers.guard import refusal

bp = df.Blueprint()

_BODY_FIELDS = {"documents", "prefix", "spec", "again"}
_LISTED = 100


@bp.route(route="runs", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def post_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Start a run over documents by name or prefix; 202 with the Durable status links.

    Asking twice for the same versions and spec gives the same run.
    """
    if refused := refusal(req):
        return refused
    try:
        body = _body(req)
        domain, blobs = await services().documents.asked_for(
            body.get("documents"), body.get("prefix")
        )
        claim = await services().runs.claim(
            domain, blobs, body.get("spec") or {}, again=bool(body.get("again", False))
        )
    except SpecError as error:
        return problem(400, error.reason, error.field)
    except RaftError as error:
        return problem(500, error.reason)
    if claim.pending:
        await services().start_run(client, claim.run)
    links = client.create_http_management_payload(claim.run)
    own = f"{req.url.split('?')[0].rstrip('/')}/{claim.run}"
    started = {"run": claim.run, "created": claim.created, "runUri": own, **links}
    return answer(started, 202, {"Location": links["statusQueryGetUri"], "Retry-After": "5"})


@bp.route(route="runs", methods=["GET"])
async def list_runs(req: func.HttpRequest) -> func.HttpResponse:
    """The newest runs, newest first."""
    return answer({"runs": await services().views.newest(_LISTED)})


@bp.route(route="runs/{run}", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def get_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """One run: state, stage, done of total, counts, tokens, cost, links."""
    run = req.route_params["run"]

    async def live(instance: str) -> Any:
        status = await client.get_status(instance)
        return status.custom_status if status else None

    try:
        return answer(await services().views.one(run, live))
    except BlobNotFound:
        return problem(404, f"there is no run {run}")


@bp.route(route="runs/{run}/report", methods=["GET"])
async def get_report(req: func.HttpRequest) -> func.HttpResponse:
    """The run's report page, once it is written."""
    run = req.route_params["run"]
    try:
        page = await services().runs.report(run)
    except BlobNotFound:
        return problem(404, f"run {run} has no report yet")
    return func.HttpResponse(page, mimetype="text/html", charset="utf-8")


@bp.route(route="spec", methods=["GET"])
async def get_spec(req: func.HttpRequest) -> func.HttpResponse:
    """The JSON Schema of a run's spec."""
    return answer(spec_schema())


def _body(req: func.HttpRequest) -> dict[str, Any]:
    body = read_object(req, _BODY_FIELDS)
    if "spec" in body and not isinstance(body["spec"], dict):
        raise SpecError("spec", "must be an object of spec fields")
    if not isinstance(body.get("again", False), bool):
        raise SpecError("again", "must be true or false")
    return body
