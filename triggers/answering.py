"""Baseline and student answer people: a question asked of both, and blind comparisons."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from shared.bootstrap import services
from shared.errors import (
    BlobNotFound,
    ContentFiltered,
    NotNow,
    RaftError,
    RunStopped,
    SpecError,
)
from triggers.answers import answer, problem, read_object
from triggers.guard import refusal, who

bp = df.Blueprint()


@bp.route(route="runs/{run}/ask", methods=["POST"])
async def ask_run(req: func.HttpRequest) -> func.HttpResponse:
    """What baseline and student answer to {"question"} over chunks that a search finds; 409 where
    the student cannot be asked."""
    if refused := refusal(req):
        return refused
    run = req.route_params["run"]
    try:
        return answer(
            await services().asking.ask(run, read_object(req, {"question"}).get("question"))
        )
    except RaftError as error:
        return failure(run, error)


@bp.route(route="runs/{run}/comparisons", methods=["GET"])
async def get_comparisons(req: func.HttpRequest) -> func.HttpResponse:
    """The next pair to compare, and what came of the comparisons before."""
    run = req.route_params["run"]
    try:
        return answer(await services().blind.shown(run))
    except RaftError as error:
        return failure(run, error)


@bp.route(route="runs/{run}/comparisons", methods=["POST"])
async def post_comparison(req: func.HttpRequest) -> func.HttpResponse:
    """Keep a choice: {"row", "winner": "a" | "b" | "tie", "by"}; 409 for a row compared before."""
    if refused := refusal(req):
        return refused
    run = req.route_params["run"]
    try:
        body = read_object(req, {"row", "winner", "by"})
        by = body.get("by", "")
        if not isinstance(by, str):
            raise SpecError("by", "must be a text")
        kept = await services().blind.choose(run, body.get("row"), body.get("winner"), who(req, by))
        return answer(kept, 201)
    except RaftError as error:
        return failure(run, error)


def failure(run: str, error: RaftError) -> func.HttpResponse:
    """The answer to what went wrong with asking."""
    if isinstance(error, SpecError):
        return problem(400, error.reason, error.field)
    if isinstance(error, BlobNotFound):
        return problem(404, f"there is no run {run}, or it has no dataset yet")
    if isinstance(error, NotNow | RunStopped):
        return problem(409, error.reason)
    if isinstance(error, ContentFiltered):
        return problem(422, error.reason)
    return problem(503 if error.retryable else 500, error.reason)
