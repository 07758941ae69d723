"""The app as a whole: imports quickly and quietly, needs nothing but its own package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SDKS = ("openai", "ragas", "azure.ai.ml", "azure.storage.blob", "azure.identity", "pypdf")


def _python(code: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_import_loads_no_model_sdk_and_opens_no_connection() -> None:
    code = f"""
import json, socket, sys
def refuse(*_): raise AssertionError("connected at import")
socket.socket.connect = refuse
import function_app
print(json.dumps([name for name in {_SDKS!r} if name in sys.modules]))
"""
    assert json.loads(_python(code)) == []
