"""What tests of adapters and services share: endpoints, settings, and a scripted HTTP server."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.contracts import JobState, JobStatus
from shared.settings import (
    ControlPlane,
    MachineLearning,
    ModelEndpoint,
    Role,
    Settings,
    Storage,
)

KEY = "key-that-nobody-may-see"


def endpoint(url: str, deployment: str, key: str = KEY) -> ModelEndpoint:
    """A role's endpoint on a local server."""
    return ModelEndpoint(deployment=deployment, azure_endpoint=url, api_key=key)


def control_plane(url: str) -> ControlPlane:
    """An account behind a local resource manager."""
    return ControlPlane("subscription", "group", "account", url)


def settings(url: str = "http://127.0.0.1:9", connection: str = "") -> Settings:
    """Settings whose every role answers at `url`, under the role's own name."""
    return Settings(
        storage=Storage(connection),
        models={role: endpoint(url, role.value.lower()) for role in Role},
        control_plane=control_plane(url),
        machine_learning=MachineLearning("subscription", "group", "workspace", url),
        public_openai=ModelEndpoint(base_url=f"{url}/v1", api_key=KEY),
        client_id="",
        quiet_seconds=1,
        poll_seconds=0.1,
        model_concurrency=8,
        model_timeout_seconds=5,
        lanes=4,
    )


async def free() -> None:
    """A permit that lets every call go."""


async def until(condition: Callable[[], object], patience: float = 10) -> None:
    """Wait for what happens elsewhere; fails when it does not."""
    deadline = time.monotonic() + patience
    for _ in range(100_000):
        if condition():
            return
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)


async def settled(check: Callable[[], Awaitable[JobStatus]]) -> JobStatus:
    """The first status that is not running."""
    for _ in range(600):
        if (status := await check()).state is not JobState.RUNNING:
            return status
        await asyncio.sleep(0.05)
    raise AssertionError("it never ended")


class Canned:
    """Answers `answers` one after the other, the last one for ever; `asked` logs method and path,
    `bodies` what was sent.

    An answer is (status, body) or (status, body, headers); a body that is no text becomes JSON.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[Any, ...]] = []
        self.asked: list[str] = []
        self.bodies: list[bytes] = []
        canned = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                canned.asked.append(f"{self.command} {self.path.split('?')[0]}")
                length = int(self.headers.get("content-length", 0))
                canned.bodies.append(self.rfile.read(length))
                script = canned.answers
                status, body, *headers = script.pop(0) if len(script) > 1 else script[0]
                data = (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                fixed = {"content-type": "application/json", "content-length": str(len(data))}
                for name, value in {**fixed, **(headers[0] if headers else {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Close the socket."""
        self._server.shutdown()
        self._server.server_close()


def completion(text: str | None, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """The JSON of a chat completion."""
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
        **more,
    }
