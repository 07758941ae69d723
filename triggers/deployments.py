"""Deployments that end: removed by whoever asks, or by a daily sweep when their time is over."""

from __future__ import annotations

import logging

import azure.durable_functions as df
import azure.functions as func

from shared.bootstrap import services
from shared.errors import BlobNotFound, NotNow, RaftError
from triggers.answers import answer, problem
from triggers.guard import refusal

bp = df.Blueprint()

_ASKED = "its removal was asked for"


@bp.route(route="runs/{run}/deployment", methods=["DELETE"])
async def delete_deployment(req: func.HttpRequest) -> func.HttpResponse:
    """Remove the run's deployment; `removed` is false when there was none any more.

    The run's record, dataset and fine-tuned model stay.
    """
    if refused := refusal(req):
        return refused
    run = req.route_params["run"]
    try:
        removed = await services().deploying.remove_of_ended(run, _ASKED)
    except BlobNotFound:
        return problem(404, f"there is no run {run}")
    except NotNow as error:
        return problem(409, error.reason)
    except RaftError as error:
        return problem(503 if error.retryable else 500, error.reason)
    return answer({"run": run, "removed": bool(removed.count)})


@bp.timer_trigger(arg_name="timer", schedule="%DEPLOYMENT_SWEEP_SCHEDULE%", run_on_startup=False)
async def sweep_deployments(timer: func.TimerRequest) -> None:
    """Remove every deployment whose time is over; what fails now is tried at the next sweep."""
    for run, why in (await services().deploying.expired()).items():
        try:
            removed = await services().deploying.remove(run, why)
        except RaftError as error:
            logging.warning("the deployment of %s could not be removed: %s", run, error.reason)
        else:
            what = "was removed" if removed.count else "was not there"
            logging.info("the deployment of %s %s: %s", run, what, why)
