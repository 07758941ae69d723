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


def test_deployed_files_alone_make_the_app_import(tmp_path: Path) -> None:
    ignored = (ROOT / ".funcignore").read_text(encoding="utf-8").split()
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in tracked:
        if not any(Path(name).match(p.rstrip("/")) or name.startswith(p) for p in ignored):
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    shipped = {path.name for path in tmp_path.iterdir()}
    assert {"function_app.py", "host.json", "requirements.txt", "shared"} <= shipped
    assert not {"local", "terminal", "tests", "samples", "cli.py"} & shipped
    code = "import function_app; print(len(function_app.app.get_functions()))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 20


def test_example_settings_name_exactly_what_the_app_reads() -> None:
    values = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))[
        "Values"
    ]
    host = (ROOT / "host.json").read_text(encoding="utf-8")
    code = """
import json, os
read = set()
class Watched(dict):
    def get(self, name, default=None):
        read.add(name)
        return super().get(name, default)
from shared.settings import event_grid_triggers, read_settings
read_settings(Watched()); event_grid_triggers(Watched())
print(json.dumps(sorted(read)))
"""
    read = set(json.loads(_python(code)))
    platform = {"FUNCTIONS_WORKER_RUNTIME", "PYTHON_THREADPOOL_THREAD_COUNT", "AzureWebJobsStorage"}
    by_binding = {"TASKHUB_NAME", "SWEEP_SCHEDULE", "DEPLOYMENT_SWEEP_SCHEDULE"}
    assert "%TASKHUB_NAME%" in host
    assert set(values) - platform - by_binding <= read
