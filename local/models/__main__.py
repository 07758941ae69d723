"""`python -m local.models --port N --data DIR`: serves the stand-in until SIGTERM."""

import argparse
import asyncio
import signal
from pathlib import Path

from local.models.server import Options, serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.models", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps the state")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="time of a chat call")
    parser.add_argument("--job-seconds", type=float, default=1.0, help="least time of a job")
    parser.add_argument("--deploy-seconds", type=float, default=1.0, help="time to provision")
    parser.add_argument("--file-seconds", type=float, default=0.2, help="time to process a file")
    parser.add_argument("--storage-connection", default="", help="where Azure ML jobs read data")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    options = Options(
        data=arguments.data.resolve(),
        latency=arguments.latency_ms / 1000,
        job_seconds=arguments.job_seconds,
        deploy_seconds=arguments.deploy_seconds,
        file_seconds=arguments.file_seconds,
        storage_connection=arguments.storage_connection,
    )
    await serve(options, arguments.port, stop)


def main() -> None:
    """Entry point."""
    asyncio.run(_run(_arguments()))


if __name__ == "__main__":
    main()
