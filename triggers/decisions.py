"""What people decide about a run: approve, reject, cancel.

`by` in the body says who; behind App Service authentication the signed-in name stands in its place.
"""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from shared.bootstrap import services
from shared.errors import BlobNotFound, NotNow, SpecError
from triggers.answers import answer, problem, read_object
from triggers.guard import refusal, who

bp = df.Blueprint()

_BODY_FIELDS = {"by", "why"}


@bp.route(route="runs/{run}/approve", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def approve_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Let a run that waits for it train; approving again is harmless. 409 where nothing waits."""
    return await _decide(req, client, "approve")


@bp.route(route="runs/{run}/reject", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def reject_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """End a run that waits for approval, before training is paid for."""
    return await _decide(req, client, "reject")


@bp.route(route="runs/{run}/cancel", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def cancel_run(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """End a run at any stage: no paid call leaves any more, and what it began is undone."""
    return await _decide(req, client, "cancel")


async def _decide(
    req: func.HttpRequest, client: df.DurableOrchestrationClient, what: str
) -> func.HttpResponse:
    if refused := refusal(req):
        return refused
    run = req.route_params["run"]
    try:
        words = _words(req)
        if what == "cancel":
            manifest = await services().decisions.cancel(run, **words)
        else:
            manifest = await services().decisions.decide(run, what == "approve", **words)
        await services().wake(client, run)
    except SpecError as error:
        return problem(400, error.reason, error.field)
    except BlobNotFound:
        return problem(404, f"there is no run {run}")
    except NotNow as error:
        return problem(409, error.reason)
    decided = manifest["cancel"] if what == "cancel" else manifest["approval"]
    return answer({"run": run, "state": manifest["state"], "decision": decided}, 202)


def _words(req: func.HttpRequest) -> dict[str, str]:
    """Who and why; raises SpecError on a body that is no object of texts."""
    data = read_object(req, _BODY_FIELDS) if req.get_body().strip() else {}
    for name, value in data.items():
        if not isinstance(value, str):
            raise SpecError(name, "must be a text")
    return {"by": who(req, data.get("by", "")), "why": data.get("why", "")}
