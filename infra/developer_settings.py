"""Turns the deployed app's settings into a developer's, as a local.settings.json.

    az functionapp config appsettings list … | python developer_settings.py --storage local FILE

Models and limits stay; what only Azure can use (its identity, telemetry, the scheduler) and keys
are left out. `--storage local` is Azurite, `azure` the app's own account with one's own sign-in.
What stands in FILE under other names stays.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_AZURITE = "UseDevelopmentStorage=true"
_ONLY_ON_AZURE = re.compile(
    r"AzureWebJobsStorage(__.*)?|DocumentsStorage(__.*)?|APPLICATIONINSIGHTS_.*|AZURE_CLIENT_ID"
    r"|OVERRIDE_.*|AzureFunctionsJobHost__.*|DURABLE_TASK_SCHEDULER_.*|WEBSITE_.*|FUNCTIONS_.*"
    r"|.*API_KEY"
)
_LOCAL = {
    "FUNCTIONS_WORKER_RUNTIME": "python",
    "AzureWebJobsStorage": _AZURITE,
    "BLOB_TRIGGER_SOURCE": "LogsAndContainerScan",
    "TASKHUB_NAME": "local",
}


def developer_settings(
    deployed: Mapping[str, str], storage: str, present: Mapping[str, str]
) -> dict[str, str]:
    """Settings for FILE. `storage`: local or azure; `present`: what FILE holds already."""
    account = deployed.get("DocumentsStorage__blobServiceUri", "")
    documents = {
        "local": {"DocumentsStorage": _AZURITE},
        "azure": {"DocumentsStorage__blobServiceUri": account},
    }[storage]
    taken = {name: text for name, text in deployed.items() if not _ONLY_ON_AZURE.fullmatch(name)}
    return {**present, **taken, **_LOCAL, **documents}


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, or 1 when what comes in is no list of settings."""
    parser = argparse.ArgumentParser(description="Write a local.settings.json.")
    parser.add_argument("--storage", choices=("local", "azure"), required=True)
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    try:
        deployed = {one["name"]: one["value"] or "" for one in json.load(sys.stdin)}
    except (ValueError, TypeError, KeyError):
        print("developer_settings: no list of settings came in", file=sys.stderr)
        return 1
    values = developer_settings(deployed, given.storage, _present(given.file))
    text = json.dumps({"IsEncrypted": False, "Values": values}, indent=2)
    given.file.write_text(text + "\n", encoding="utf-8")
    print(f"{len(values)} settings are in {given.file}")
    return 0


def _present(file: Path) -> dict[str, str]:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    data: Any = json.loads(text) if text.strip() else {}
    return dict(data.get("Values", {}))


if __name__ == "__main__":
    raise SystemExit(main())
