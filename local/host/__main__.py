"""The command line of the local host.

Prints one line on stdout when it serves: `host ready http://127.0.0.1:PORT`. Everything else goes
to stderr. SIGTERM and SIGINT end it at once: all state is on disk, and activities in flight run
again after the next start. The exit code is 0, or 1 if the engine stopped or strict mode found
fault with the app, or 2 if the app was refused.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import TextIO

from aiohttp import web

from local.host.blobs import BlobTrigger, Receipts
from local.host.engine import Engine
from local.host.functions import App, load_app
from local.host.invoke import Activities, Invoker
from local.host.ledger import Ledger
from local.host.refusals import AppError
from local.host.server import HttpTriggers, Server
from local.host.settings import HostSettings, SettingsError, read_host_json, read_local_settings
from local.host.status import client_binding
from local.host.store import DataInUseError, Reader, Store, lock
from local.host.timers import TimerTrigger
from local.host.webhooks import Webhooks

log = logging.getLogger("local.host")


def main() -> int:
    options = _parser().parse_args()
    app_dir, data = options.app_dir.resolve(), options.data.resolve()
    # The app's own prints would mix with the one line that the parent process reads.
    stdout, sys.stdout = sys.stdout, sys.stderr
    _configure_logging()
    try:
        for name, value in read_local_settings(app_dir).items():
            os.environ.setdefault(name, value)
        settings = read_host_json(app_dir)
        data.mkdir(parents=True, exist_ok=True)
        os.chdir(app_dir)
        app = load_app(app_dir)
        return asyncio.run(_serve(app, settings, data, options, stdout))
    except (AppError, SettingsError, DataInUseError) as error:
        log.error("%s", error)
        return 2


async def _serve(
    app: App, settings: HostSettings, data: Path, options: argparse.Namespace, stdout: TextIO
) -> int:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)

    _guard = lock(data / "host.lock")
    ledger = Ledger(options.strict)
    store = Store(data / "host.sqlite")
    reader = Reader(data / "host.sqlite")
    clock = store.clock(options.clock_speed)
    engine = Engine(store, clock, ledger, app.orchestrators, frozenset(app.activities))
    server = Server(app, ledger)

    limit = options.max_activities or settings.max_activities
    listener = _listen(options.port)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    invoker = Invoker(client_binding(base, settings.task_hub), limit)
    webhooks = Webhooks(engine, reader, settings.task_hub)
    application = server.web_app(
        HttpTriggers(app, invoker, settings.route_prefix), webhooks.routes()
    )
    receipts = Receipts(data / "receipts.sqlite")
    pollers = [
        BlobTrigger(
            each,
            invoker,
            receipts,
            os.environ,
            poll_seconds=options.blob_poll,
            poison_limit=settings.poison_threshold,
        ).run
        for each in app.of_kind("blobTrigger")
    ]
    pollers += [TimerTrigger(each, invoker, os.environ).run for each in app.of_kind("timerTrigger")]
    runner = web.AppRunner(application, access_log=None, handle_signals=False)
    await runner.setup()
    await web.SockSite(runner, listener, shutdown_timeout=0).start()

    def crashed(what: str) -> None:
        server.problem = f"{what} stopped; see the log"
        loop.call_soon_threadsafe(stopped.set)

    def poller_ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("a trigger stopped", exc_info=error)
            crashed("a trigger")

    activities = Activities(invoker, app.activities, limit, engine.complete)
    engine.start(activities.dispatch, lambda: crashed("the engine"))
    background = [asyncio.create_task(poller()) for poller in pollers]
    for task in background:
        task.add_done_callback(poller_ended)
    server.ready = True
    print(f"host ready {base}", file=stdout, flush=True)

    await stopped.wait()
    activities.close()
    for task in background:
        task.cancel()
    engine.stop()
    store.close()
    code = 1 if ledger.failed or server.problem else 0
    # Threads may still run activities; waiting for them would not be stopping at once.
    sys.stderr.flush()
    os._exit(code)


def _listen(port: int) -> socket.socket:
    """Bound before anything is built, so that the URLs in the client binding are final."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def _configure_logging() -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in ("azure", "aiohttp", "asyncio", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The SDK's word for an event that nobody waits for yet, or the loser of a race.
    warnings.filterwarnings("ignore", message="Potential duplicate Task completion")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--app-dir", type=Path, required=True, help="folder of function_app.py")
    parser.add_argument("--port", type=int, default=7071, help="0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder of the host's state")
    parser.add_argument("--strict", action="store_true", help="faults of the app are failures")
    parser.add_argument("--max-activities", type=int, default=0, help="default: host.json, or 10")
    parser.add_argument("--blob-poll", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--clock-speed", type=float, default=1.0, metavar="FACTOR")
    return parser


if __name__ == "__main__":
    sys.exit(main())
