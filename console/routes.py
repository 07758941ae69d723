"""What the console answers to: page shells, their style and script, and the views that fill them.

A shell holds no data and is for anyone; its script fetches the view of the same path with the
function key, or with nothing more where the key is not asked for. So data stays behind the key,
which is never in a page, and links carry none. No two routes match one path, so nothing hangs on
which of them a host prefers. See docs/console.md.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from console import pages
from console.render import page
from shared.errors import BlobNotFound, ContentFiltered, NotNow, RaftError, RunStopped, SpecError
from triggers.guard import CONSOLE_HEADER, refusal

bp = df.Blueprint()

_STATIC = Path(__file__).parent / "static"
_KINDS = {"console.css": "text/css", "console.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@bp.route(route="console/{*path}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def console_page(req: func.HttpRequest) -> func.HttpResponse:
    """The shell of a page."""
    known = pages.find(req.route_params.get("path", "")) is not None
    versions = {name: _static(name)[1] for name in _KINDS}
    html = page("shell", header=CONSOLE_HEADER, known=known, versions=versions)
    return _html(html, 200 if known else 404, cache="no-cache")


@bp.route(route="console-static/{name}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def console_static(req: func.HttpRequest) -> func.HttpResponse:
    """Style and script; their names are a fixed list."""
    name = req.route_params["name"]
    if name not in _KINDS:
        return _html("", 404)
    headers = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return func.HttpResponse(
        _static(name)[0], mimetype=_KINDS[name], charset="utf-8", headers=headers
    )


@bp.route(route="console-views/{*path}", methods=["GET"])
@bp.durable_client_input(client_name="client")
async def console_view(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """What fills the shell of the same path; a fragment of HTML, also where there is nothing."""
    found = pages.find(req.route_params.get("path", ""))
    if found is None:
        return _problem(404, "There is no such page.")

    async def live(instance: str) -> Any:
        status = await client.get_status(instance)
        return status.custom_status if status else None

    view, run = found
    asked = pages.Asked(run, dict(req.params), live)
    try:
        return _html(await view(asked))
    except RaftError as error:
        return _failure(error)


@bp.route(route="console-answers/{run}", methods=["POST"])
async def console_answer(req: func.HttpRequest) -> func.HttpResponse:
    """The answers of both models to {"question"}, as a fragment."""
    if refused := refusal(req):
        return _problem(refused.status_code, "The request was refused.")
    try:
        body = req.get_json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return _problem(400, "The body must be a JSON object.")
    try:
        return _html(await pages.answers(req.route_params["run"], body.get("question")))
    except RaftError as error:
        return _failure(error)


def _failure(error: RaftError) -> func.HttpResponse:
    if isinstance(error, BlobNotFound):
        return _problem(404, "There is no such run, or it has not come so far yet.")
    if isinstance(error, SpecError):
        return _problem(400, error.reason)
    if isinstance(error, NotNow | RunStopped):
        return _problem(409, error.reason)
    if isinstance(error, ContentFiltered):
        return _problem(422, error.reason)
    return _problem(503 if error.retryable else 500, error.reason)


def _problem(status: int, words: str) -> func.HttpResponse:
    return _html(page("problem", words=words), status)


def _html(text: str, status: int = 200, cache: str = "no-store") -> func.HttpResponse:
    headers = {**_HEADERS, "Cache-Control": cache}
    return func.HttpResponse(
        text, status_code=status, mimetype="text/html", charset="utf-8", headers=headers
    )


@cache
def _static(name: str) -> tuple[bytes, str]:
    """A file, and a version for its address: browsers may keep it for ever."""
    data = (_STATIC / name).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]
