"""Routes that no cloud has: switching faults on, reading the request log and the ledger."""

from collections.abc import Callable
from typing import Any

from aiohttp import web

from local.models.errors import ApiError
from local.models.faults import Faults, read_fault
from local.models.ledger import Ledger


class AdminRoutes:
    """Handlers under `/_stand-in`; none of them is logged or needs a key."""

    def __init__(
        self, faults: Faults, ledger: Ledger, status: Callable[[], dict[str, Any]]
    ) -> None:
        self.faults, self.ledger, self.status_of = faults, ledger, status

    def register(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_put("/_stand-in/faults", self.put_fault)
        app.router.add_get("/_stand-in/faults", self.list_faults)
        app.router.add_delete("/_stand-in/faults", self.clear_faults)
        app.router.add_get("/_stand-in/requests", self.requests)
        app.router.add_delete("/_stand-in/requests", self.clear_requests)
        app.router.add_get("/_stand-in/ledger", self.totals)
        app.router.add_get("/_stand-in/status", self.status)

    async def put_fault(self, request: web.Request) -> web.Response:
        try:
            fault = read_fault(await request.json())
        except (ValueError, TypeError) as error:
            raise ApiError(400, "invalidFault", str(error)) from None
        self.faults.put(fault)
        return web.json_response(fault.describe())

    async def list_faults(self, request: web.Request) -> web.Response:
        return web.json_response({"faults": [fault.describe() for fault in self.faults.active]})

    async def clear_faults(self, request: web.Request) -> web.Response:
        self.faults.clear(request.query.get("deployment"), request.query.get("kind"))
        return web.json_response({"faults": [fault.describe() for fault in self.faults.active]})

    async def requests(self, request: web.Request) -> web.Response:
        try:
            since = int(request.query.get("since", "0"))
        except ValueError:
            raise ApiError(400, "invalidPayload", "'since' must be a number.") from None
        return web.json_response(
            {
                "requests": self.ledger.since(since),
                "next": self.ledger.next_index,
                "max_in_flight": self.ledger.max_in_flight,
            }
        )

    async def clear_requests(self, request: web.Request) -> web.Response:
        self.ledger.clear()
        return web.json_response({"next": self.ledger.next_index})

    async def totals(self, request: web.Request) -> web.Response:
        return web.json_response({"deployments": self.ledger.totals()})

    async def status(self, request: web.Request) -> web.Response:
        return web.json_response(self.status_of())
