"""The Durable HTTP API, under its public root and under the one that the client binding uses.

Both roots have the same handlers. A request's body is kept as it is, as the JSON text of an input
or of an event; the SDK's client encodes twice, which is why its inputs show up as JSON strings.
Reads go to the store directly; everything that changes state is a call on the engine's thread.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from local.host import events
from local.host.control import (
    Control,
    InstanceExistsError,
    InstanceGoneError,
    NoSuchInstanceError,
    UnknownFunctionError,
)
from local.host.engine import Engine
from local.host.status import RPC, WEBHOOKS, history_json, instance_json, management_urls
from local.host.store import Instance, Reader

Handler = Callable[[web.Request], Awaitable[web.Response]]

_RETRY_AFTER = "10"
_WAIT_STEP = 0.05


class Webhooks:
    def __init__(self, engine: Engine, reader: Reader, hub: str) -> None:
        self._engine = engine
        self._control = Control(engine)
        self._reader = reader
        self._hub = hub

    def routes(self) -> list[web.RouteDef]:
        found: list[web.RouteDef] = []
        for root in (WEBHOOKS, RPC):
            instance = f"{root}/instances/{{id}}"
            found += [
                web.post(f"{root}/orchestrators/{{name}}", _answered(self._start)),
                web.post(f"{root}/orchestrators/{{name}}/{{id}}", _answered(self._start)),
                web.get(f"{root}/instances", _answered(self._list)),
                web.get(f"{root}/instances/", _answered(self._list)),
                web.delete(f"{root}/instances", _answered(self._purge_many)),
                web.delete(f"{root}/instances/", _answered(self._purge_many)),
                web.get(instance, _answered(self._status)),
                web.delete(instance, _answered(self._purge)),
                web.post(f"{instance}/raiseEvent/{{event}}", _answered(self._raise_event)),
                web.post(f"{instance}/restart", _answered(self._restart)),
                web.post(
                    f"{instance}/{{operation:terminate|suspend|resume|rewind}}",
                    _answered(self._operate),
                ),
            ]
        return found

    async def _start(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        instance_id = await self._call(
            self._control.start, request.match_info["name"], request.match_info.get("id"), body
        )
        if "timeout" in request.query:
            return await self._wait(request, instance_id)
        return self._check_status(request, instance_id)

    async def _wait(self, request: web.Request, instance_id: str) -> web.Response:
        """The output, if the instance ends within `timeout` seconds."""
        instance = self._reader.instance(instance_id)
        for _ in range(int(float(request.query["timeout"]) / _WAIT_STEP)):
            if instance is None or instance.finished:
                break
            await asyncio.sleep(_WAIT_STEP)
            instance = self._reader.instance(instance_id)
        if instance is None or not instance.finished:
            return self._check_status(request, instance_id)
        if instance.status == "Completed":
            return web.json_response(text=instance.output or "null")
        status = 500 if instance.status == "Failed" else 200
        return web.json_response(instance_json(instance), status=status)

    def _check_status(self, request: web.Request, instance_id: str) -> web.Response:
        urls = management_urls(str(request.url.origin()), self._hub, instance_id)
        headers = {"Location": urls["statusQueryGetUri"], "Retry-After": _RETRY_AFTER}
        return web.json_response(urls, status=202, headers=headers)

    async def _status(self, request: web.Request) -> web.Response:
        instance = self._reader.instance(request.match_info["id"])
        if instance is None:
            raise NoSuchInstanceError
        show_input = _flag(request, "showInput", default=True)
        shown = instance_json(instance, show_input=show_input)
        if _flag(request, "showHistory"):
            history = json.loads(f"[{','.join(self._reader.history(instance.id))}]")
            shown["historyEvents"] = history_json(
                history,
                show_input=show_input,
                show_output=_flag(request, "showHistoryOutput"),
            )
        if instance.finished:
            failed = instance.status == "Failed"
            as_error = _flag(request, "returnInternalServerErrorOnFailure")
            return web.json_response(shown, status=500 if failed and as_error else 200)
        location = management_urls(str(request.url.origin()), self._hub, instance.id)
        headers = {"Location": location["statusQueryGetUri"], "Retry-After": _RETRY_AFTER}
        return web.json_response(shown, status=202, headers=headers)

    async def _list(self, request: web.Request) -> web.Response:
        top = int(request.query.get("top", "0"))
        after = request.headers.get("x-ms-continuation-token") or None
        found = self._filtered(request, after, top + 1 if top else -1)
        headers = {}
        if top and len(found) > top:
            found = found[:top]
            headers["x-ms-continuation-token"] = found[-1].id
        show_input = _flag(request, "showInput", default=True)
        shown = [instance_json(each, show_input=show_input) for each in found]
        return web.json_response(shown, headers=headers)

    def _filtered(
        self, request: web.Request, after: str | None = None, limit: int = -1
    ) -> list[Instance]:
        statuses = request.query.get("runtimeStatus", "")
        return self._reader.instances(
            created_from=_moment(request, "createdTimeFrom"),
            created_to=_moment(request, "createdTimeTo"),
            statuses=[each.strip() for each in statuses.split(",") if each.strip()],
            prefix=request.query.get("instanceIdPrefix"),
            after=after,
            limit=limit,
        )

    async def _purge(self, request: web.Request) -> web.Response:
        deleted = await self._call(self._control.purge, [request.match_info["id"]])
        if not deleted:
            raise NoSuchInstanceError
        return web.json_response({"instancesDeleted": deleted})

    async def _purge_many(self, request: web.Request) -> web.Response:
        found = [each.id for each in self._filtered(request)]
        deleted = await self._call(self._control.purge, found)
        return web.json_response({"instancesDeleted": deleted}, status=200 if deleted else 404)

    async def _raise_event(self, request: web.Request) -> web.Response:
        body = await _json_body(request)
        await self._call(
            self._control.raise_event, request.match_info["id"], request.match_info["event"], body
        )
        return web.Response(status=202)

    async def _operate(self, request: web.Request) -> web.Response:
        instance_id, operation = request.match_info["id"], request.match_info["operation"]
        if operation == "terminate":
            reason = request.query.get("reason", "")
            await self._call(self._control.terminate, instance_id, reason)
        else:
            await self._call(getattr(self._control, operation), instance_id)
        return web.Response(status=202)

    async def _restart(self, request: web.Request) -> web.Response:
        new_id = _flag(request, "restartWithNewInstanceId", default=True)
        instance_id = await self._call(self._control.restart, request.match_info["id"], new_id)
        if request.path.startswith(RPC):
            return web.json_response(instance_id, status=202)
        return self._check_status(request, instance_id)

    async def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.wrap_future(self._engine.call(function, *arguments))


def _answered(handler: Handler) -> Handler:
    """Turns refusals into the status codes that the SDK's client understands."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except NoSuchInstanceError:
            return web.Response(status=404)
        except InstanceGoneError:
            return web.Response(status=410)
        except InstanceExistsError as error:
            return web.json_response(str(error), status=409)
        except (UnknownFunctionError, ValueError) as error:
            text = str(error.args[0])
            return web.json_response({"Message": text, "ExceptionMessage": text}, status=400)

    return answer


async def _json_body(request: web.Request) -> str | None:
    """The request's JSON text, or None if it has no body. ValueError if it is not JSON."""
    text = await request.text()
    if not text.strip():
        return None
    json.loads(text)
    return text


def _flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    value = request.query.get(name)
    return default if value is None else value.lower() == "true"


def _moment(request: web.Request, name: str) -> str | None:
    value = request.query.get(name)
    if not value:
        return None
    # An unescaped plus of a UTC offset arrives as a blank.
    moment = datetime.fromisoformat(value.replace(" ", "+"))
    return events.timestamp(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))
