"""How the HTTP API answers, in JSON with problems that name what is wrong, and reads bodies."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import azure.functions as func

from shared.errors import SpecError


def answer(
    data: Any, status: int = 200, headers: dict[str, str] | None = None
) -> func.HttpResponse:
    """Data as JSON."""
    text = json.dumps(data, ensure_ascii=False)
    return func.HttpResponse(
        text, status_code=status, mimetype="application/json", headers=headers or {}
    )


def problem(status: int, message: str, field: str = "") -> func.HttpResponse:
    """An error: {"error": {"message", "field"}}."""
    error = {"message": message, **({"field": field} if field else {})}
    return answer({"error": error}, status)


def read_object(req: func.HttpRequest, known: Collection[str]) -> dict[str, Any]:
    """The JSON object in a request's body; raises SpecError on another, or an unknown field."""
    try:
        body = req.get_json()
    except ValueError:
        raise SpecError("", "the body must be JSON") from None
    if not isinstance(body, dict):
        raise SpecError("", "the body must be a JSON object")
    for name in body:
        if name not in known:
            raise SpecError(name, f"unknown field; known are {', '.join(sorted(known))}")
    return body
