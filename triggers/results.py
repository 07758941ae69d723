"""Results over HTTP, read-only: the report's record, and the dataset's rows by the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from shared.bootstrap import services
from shared.errors import BlobNotFound, SpecError
from triggers.answers import answer, problem

bp = df.Blueprint()

_FILTERS = ("split", "kind", "document")
_NUMBERS = ("offset", "limit")
_NOT_OURS = ("code", "clientId")  # how Azure Functions takes its keys


@bp.route(route="runs/{run}/report.json", methods=["GET"])
async def get_report_record(req: func.HttpRequest) -> func.HttpResponse:
    """All figures of the run's report, once it is written."""
    run = req.route_params["run"]
    try:
        record = await services().results.report(run)
    except BlobNotFound:
        return problem(404, f"run {run} has no report yet")
    return func.HttpResponse(record, mimetype="application/json", charset="utf-8")


@bp.route(route="runs/{run}/dataset", methods=["GET"])
async def get_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the run's dataset rows; `split`, `kind` and `document` narrow them down, `offset`
    and `limit` (at most 100) say which. The answer's `next` is the next page's offset."""
    run = req.route_params["run"]
    try:
        return answer(await services().results.rows(run, **_asked(req.params)))
    except SpecError as error:
        return problem(400, error.reason, error.field)
    except BlobNotFound:
        return problem(404, f"run {run} has no dataset yet")


def _asked(params: Mapping[str, str]) -> dict[str, Any]:
    """What the query asks for; raises SpecError naming the parameter that is wrong."""
    asked: dict[str, Any] = {}
    for name, value in params.items():
        if name in _FILTERS:
            asked[name] = value
        elif name in _NUMBERS:
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise SpecError(name, "must be a whole number")
            asked[name] = int(value)
        elif name not in _NOT_OURS:
            known = ", ".join((*_FILTERS, *_NUMBERS))
            raise SpecError(name, f"unknown parameter; known are {known}")
    return asked
