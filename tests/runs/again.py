"""Runs activities once more, as the host does, in a process of their own.

`python -m tests.runs.again HOST_URL` takes [[name, input], …] as JSON on stdin and says the
results, as the host would store them, as JSON on stdout.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from azure.functions import meta
from azure.functions.durable_functions import ActivityTriggerConverter

from local.azurite import ROOT
from local.host.functions import App, load_app
from local.host.status import client_binding


async def call(app: App, name: str, text: str, binding: str) -> str:
    """The result of one activity."""
    function = app.activities[name]
    argument = ActivityTriggerConverter.decode(meta.Datum(text, "json"), trigger_metadata=None)
    clients = dict.fromkeys(function.clients, binding)
    value = await function.code(**{function.trigger["name"]: argument}, **clients)
    return str(ActivityTriggerConverter.encode(value, expected_type=None).value)


async def main() -> None:
    """All calls, one after the other."""
    app = load_app(ROOT)
    binding = client_binding(sys.argv[1], os.environ["TASKHUB_NAME"])
    results = [await call(app, name, text, binding) for name, text in json.load(sys.stdin)]
    sys.stdout.write(json.dumps(results))
    sys.stdout.flush()
    os._exit(0)  # as the host ends: its clients have no one to close them


if __name__ == "__main__":
    asyncio.run(main())
