"""How the HTTP API answers: JSON, and problems that name what is wrong."""

from __future__ import annotations

import json
from typing import Any

import azure.functions as func


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
