"""Puts the stand-in together: stores, routes and the middleware that logs, checks and bills.

Every request except those under `/_stand-in` is logged, must carry some key or token, and is
billed once its reply was written to a client that still listens.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from local.models import tokens
from local.models.admin_routes import AdminRoutes
from local.models.catalog import Catalog
from local.models.chat_routes import ENTRY, ChatRoutes
from local.models.control_plane import ControlPlane
from local.models.errors import ApiError, StandInError, unauthorized
from local.models.faults import Faults
from local.models.files import FileStore
from local.models.jobs import JobStore
from local.models.ledger import Entry, Ledger
from local.models.ml_jobs import MlJobs
from local.models.ml_resources import Resources
from local.models.ml_routes import MlRoutes
from local.models.ml_serving import MlServing
from local.models.noted import noted
from local.models.public import is_public
from local.models.training_routes import TrainingRoutes

ADMIN = "/_stand-in"
UPLOAD_LIMIT = 512 * 1024 * 1024


@dataclass(frozen=True)
class Options:
    """How the stand-in behaves: where it keeps its state and how long things take.

    `storage_connection` is that of the storage from which Azure ML jobs read their data.
    """

    data: Path
    latency: float = 0.0
    job_seconds: float = 1.0
    deploy_seconds: float = 1.0
    file_seconds: float = 0.2
    storage_connection: str = field(default="", repr=False)


def _check_key(request: web.Request) -> str:
    """The key or token; raises 401 where there is none."""
    bearer = request.headers.get("Authorization", "")
    token = bearer.removeprefix("Bearer ").strip() if bearer.startswith("Bearer ") else ""
    if not (token or (request.headers.get("api-key") and not is_public(request))):
        raise unauthorized()
    return token or request.headers["api-key"]


def _error_reply(error: Exception) -> web.Response:
    if isinstance(error, web.HTTPException):
        error = ApiError(error.status, "notFound" if error.status == 404 else "error", error.reason)
    if not isinstance(error, StandInError):
        error = ApiError(500, "InternalServerError", repr(error), kind="server_error")
    return web.json_response(error.body, status=error.status, headers=error.headers)


class StandIn:
    """The whole stand-in as one aiohttp application."""

    def __init__(self, options: Options) -> None:
        self.faults, self.ledger = Faults(), Ledger()
        self.files = FileStore(options.data / "files", options.file_seconds)
        self.jobs = JobStore(options.data / "jobs", self.files, options.job_seconds)
        self.control = ControlPlane(
            options.data / "deployments", options.deploy_seconds, self.faults, self.jobs.weights_of
        )
        self.catalog = Catalog(self.control.model_of, self.jobs.weights_of)
        self.app = web.Application(middlewares=[self.middleware], client_max_size=UPLOAD_LIMIT)
        chats = ChatRoutes(self.catalog, self.faults, self.ledger, options.latency)
        chats.register(self.app)
        TrainingRoutes(self.files, self.jobs, self.faults).register(self.app)
        self.control.register(self.app)
        self._add_workspaces(options, chats)
        AdminRoutes(self.faults, self.ledger, self.status).register(self.app)
        self.app.on_startup.append(self._startup)
        self.app.on_shutdown.append(self._shutdown)

    def _add_workspaces(self, options: Options, chats: ChatRoutes) -> None:
        """Adds the routes of Azure ML, with stores of their own."""
        root = options.data / "ml"
        files, resources = FileStore(root / "files", 0.0), Resources(root / "resources")
        self.ml_jobs = MlJobs(root / "jobs", files, options.job_seconds, options.storage_connection)
        self.ml = MlRoutes(resources, self.ml_jobs, self.faults, options.deploy_seconds)
        self.ml.register(self.app)
        MlServing(resources, self.ml_jobs, chats).register(self.app)

    def status(self) -> dict[str, Any]:
        """What is under way."""
        deployments = self.control.in_flight() + self.ml.endpoints.in_flight()
        return {
            "ready": True,
            "jobs_in_flight": self.jobs.active() + self.ml_jobs.active(),
            "deployments_in_flight": deployments,
            "chat_in_flight": self.ledger.chat_in_flight,
            "max_in_flight": self.ledger.max_in_flight,
            "deployments": self.catalog.first(),
        }

    async def _startup(self, app: web.Application) -> None:
        tokens.warm()
        self.jobs.resume()
        self.ml_jobs.resume()

    async def _shutdown(self, app: web.Application) -> None:
        await self.jobs.stop()
        await self.ml_jobs.stop()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Logs a request, answers errors in their shape, and notes whether the reply was heard."""
        if request.path.startswith(ADMIN):
            return await self._answer(request, handler)
        entry = self.ledger.open(f"{request.method} {request.path}")
        request[ENTRY] = entry
        entry.managed = await noted(request)
        try:
            response = await self._answer(request, handler, checked=True)
            await response.prepare(request)
            await response.write_eof()
        except asyncio.CancelledError:
            self.ledger.close(entry, 499, answered=False)
            raise
        except ConnectionError:
            self.ledger.close(entry, 499, answered=False)
            return web.Response(status=499)
        self._settle(request, entry, response.status)
        return response

    def _settle(self, request: web.Request, entry: Entry, status: int) -> None:
        heard = request.transport is not None and not request.transport.is_closing()
        self.ledger.close(entry, status, answered=heard)

    async def _answer(
        self, request: web.Request, handler: Handler, checked: bool = False
    ) -> web.StreamResponse:
        try:
            if checked:
                self.faults.check_token(_check_key(request))
            return await handler(request)
        except (StandInError, web.HTTPException) as error:
            return _error_reply(error)
        except Exception as error:  # a bug must leave as a reply in the service's shape, too
            logging.getLogger(__name__).exception("%s %s failed", request.method, request.path)
            return _error_reply(error)


async def serve(options: Options, port: int, stop: asyncio.Event) -> None:
    """Serves on loopback until `stop` is set; says on stdout when it is ready."""
    options.data.mkdir(parents=True, exist_ok=True)
    runner = web.AppRunner(
        StandIn(options).app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound = runner.addresses[0][:2]
        print(f"models ready http://{host}:{bound}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()
