"""checkov on the templates: it could read all of them, and what it still finds has a reason.

It exits green on files that it could not parse, so that is looked at first. Its pins clash with
the app's: it gets an environment of its own, made once beside the others in .venv.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.bicep import INFRA, ROOT, templates

LOCK = Path(__file__).with_name("requirements-checkov.txt")
UV = (sys.executable, "-m", "uv")


@pytest.fixture(scope="module")
def checkov() -> Path:
    """The command, in an environment that is as its lock says."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]
    place = Path(sys.prefix) / f"checkov-{digest}"
    if not place.exists():
        new = place.with_name(f"{place.name}-{os.getpid()}")
        subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, new], check=True)
        python = new / "bin" / "python"
        install = ["pip", "sync", "--quiet", "--python", str(python), str(LOCK)]
        subprocess.run([*UV, *install], check=True)
        try:
            new.rename(place)
        except OSError:  # another process was first
            shutil.rmtree(new)
    return place


@pytest.fixture(scope="module")
def result(checkov: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Its findings on infra/; nothing is downloaded or sent."""
    python = checkov / "bin" / "python"
    words = ["-m", "checkov.main", "-d", str(INFRA), "--framework", "bicep", "--skip-download"]
    done = subprocess.run(
        [python, *words, "--quiet", "--compact", "--output", "json"],
        cwd=tmp_path_factory.mktemp("checkov"),
        capture_output=True,
        text=True,
    )
    assert "ERROR" not in done.stderr, done.stderr
    return dict(json.loads(done.stdout))


def test_it_could_read_every_template(result: dict[str, Any]) -> None:
    assert result["summary"]["parsing_errors"] == 0
    assert result["summary"]["passed"] > 30
    found = result["results"]["failed_checks"]
    made = sum(len(template.declared("resources")) for template in templates())
    assert result["summary"]["resource_count"] >= made
    assert {one["file_path"] for one in found} <= {
        f"/{template.path.relative_to(INFRA)}" for template in templates()
    }


def test_what_it_finds_is_listed_with_a_reason(result: dict[str, Any]) -> None:
    """Docs and findings agree in both directions: no finding unlisted, no entry outlived."""
    found = {
        (one["check_id"], f"{Path(one['file_path']).stem}.{one['resource'].rpartition('.')[2]}")
        for one in result["results"]["failed_checks"]
    }
    assert found == set(listed())


def listed() -> dict[tuple[str, str], str]:
    """Reasons of docs/security.md, by check and template.resource."""
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`CKV_AZURE_\d+`(?:, )?)+) \| ([^|]+) \| ([^|]+) \|$", page, re.M)
    assert rows
    reasons = {}
    for checks, places, reason in rows:
        for check in re.findall(r"CKV_AZURE_\d+", checks):
            for place in re.findall(r"`(\w+\.\w+)`", places):
                assert (check, place) not in reasons
                reasons[check, place] = reason
    assert all(len(reason) > 20 for reason in reasons.values())
    return reasons
