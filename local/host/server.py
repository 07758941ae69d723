"""The HTTP side: the app's routes, `GET /admin/host/status`, and the Durable HTTP API.

Routes of the app live under the route prefix of host.json; among those that match a request the
most specific wins. A function that raises answers 500 with an empty body, as on Azure; the
traceback goes to the log only.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import azure.functions as func
from aiohttp import web

from local.host.function import Function
from local.host.functions import App
from local.host.invoke import Invoker
from local.host.ledger import Ledger
from local.host.routes import Route

log = logging.getLogger("local.host")

_MAX_BODY = 200 * 1024 * 1024


class HttpTriggers:
    """Serves the app's own HTTP functions."""

    def __init__(self, app: App, invoker: Invoker, route_prefix: str) -> None:
        self._invoker = invoker
        self._root = f"/{route_prefix}" if route_prefix else ""
        routes = [
            (Route.parse(each.trigger["route"], each.trigger.get("methods")), each)
            for each in app.of_kind("httpTrigger")
        ]
        self._routes = sorted(routes, key=lambda pair: pair[0].rank)

    async def handle(self, request: web.Request) -> web.Response:
        path = request.rel_url.raw_path
        if path.lower().startswith(self._root.lower()):
            rest = path[len(self._root) :]
            for route, function in self._routes:
                parameters = route.match(request.method, rest)
                if parameters is not None:
                    return await self._call(function, request, parameters)
        return web.Response(status=404)

    async def _call(
        self, function: Function, request: web.Request, parameters: Mapping[str, str]
    ) -> web.Response:
        incoming = func.HttpRequest(
            method=request.method,
            url=str(request.url),
            headers=dict(request.headers),
            params=dict(request.query),
            route_params=parameters,
            body=await request.read(),
        )
        try:
            return _response(await self._invoker.call(function, incoming))
        except Exception as error:
            log.error("function %s failed", function.name, exc_info=error)
            return web.Response(status=500)


class Server:
    """`problem` is set by the host when it cannot go on; the status then says so."""

    def __init__(self, app: App, ledger: Ledger) -> None:
        self.ready = False
        self.problem: str | None = None
        self._app = app
        self._ledger = ledger

    def web_app(self, triggers: HttpTriggers, routes: list[web.RouteDef]) -> web.Application:
        application = web.Application(client_max_size=_MAX_BODY)
        application.add_routes([web.get("/admin/host/status", self._status), *routes])
        application.router.add_route("*", "/{path:.*}", triggers.handle)
        return application

    async def _status(self, _request: web.Request) -> web.Response:
        state = "Error" if self.problem else "Running" if self.ready else "Starting"
        body: dict[str, Any] = {
            "id": "local",
            "state": state,
            "functions": [each.name for each in self._app.functions],
            **self._ledger.as_json(),
        }
        if self.problem:
            body["errors"] = [*body["errors"], self.problem]
        return web.json_response(body, status=200 if state == "Running" else 503)


def _response(value: Any) -> web.Response:
    """What an HTTP function returned, as the worker turns it into a response."""
    if value is None:
        return web.Response(status=204)
    if isinstance(value, str):
        return web.Response(text=value)
    if not isinstance(value, func.HttpResponse):
        raise TypeError(f"an HTTP function returned {type(value).__name__}, not an HttpResponse")
    response = web.Response(body=value.get_body(), status=value.status_code)
    response.headers["Content-Type"] = f"{value.mimetype}; charset={value.charset}"
    if "Content-Type" in value.headers:
        del response.headers["Content-Type"]
    for name, text in value.headers.items():
        response.headers.add(name, text)
    return response
