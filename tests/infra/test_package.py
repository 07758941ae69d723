"""The package that would be deployed: the work tree after .funcignore, and nothing it should not
hold. The app imports from it alone, and its functions index."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.bicep import ROOT

SHIPPED = {
    *("function_app.py", "host.json", "requirements.txt"),
    *("activities", "console", "orchestrators", "shared", "triggers"),
}
SECRETS = ("local.settings.json", ".env", ".env.local", ".azure/test/.env", ".local/state.db")


def patterns() -> list[str]:
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def ignored(path: Path) -> bool:
    """As .gitignore has it: `x/` is a folder at any depth, a name without `/` a file or folder."""
    for pattern in patterns():
        name = pattern.rstrip("/")
        folders = path.parts if not pattern.endswith("/") else path.parts[:-1]
        if any(fnmatch.fnmatchcase(part, name) for part in folders):
            return True
    return False


def files(root: Path) -> Iterator[Path]:
    """Files of the work tree, as azd and core tools would walk it."""
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not ignored(here / name / "x")]
        yield from (here / name for name in names if not ignored(here / name))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("package")
    for path in files(ROOT):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target / path)
    return target


def test_only_the_app_is_shipped(package: Path) -> None:
    assert {path.name for path in package.iterdir()} == SHIPPED


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_left_out_where_there_are_some(tmp_path: Path, name: str) -> None:
    for path in ("function_app.py", "shared/settings.py", name):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x", encoding="utf-8")
    assert {str(path) for path in files(tmp_path)} == {"function_app.py", "shared/settings.py"}


def test_no_test_and_no_cache_is_inside(package: Path) -> None:
    inside = [str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()]
    assert [name for name in inside if "test" in name or name.endswith(".pyc")] == []
    kinds = {Path(name).suffix for name in inside}
    assert kinds <= {".py", ".json", ".txt", ".html", ".css", ".js", ".j2"}


def test_templates_and_static_files_of_the_app_are_shipped(package: Path) -> None:
    for folder in ("shared/adapters/templates", "console/templates", "console/static"):
        present = {path.name for path in (ROOT / folder).glob("*.*")}
        assert {path.name for path in (package / folder).glob("*.*")} == present


def test_the_app_imports_from_the_package_alone_and_its_functions_index(package: Path) -> None:
    code = (
        "import sys, function_app\n"
        f"assert {str(ROOT)!r} not in sys.path\n"
        "names = [one.get_function_name() for one in function_app.app.get_functions()]\n"
        "print(len(names), len(set(names)), 'document_uploaded' in names)\n"
    )
    environ = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=package, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    count, distinct, found = done.stdout.split()
    assert int(count) == int(distinct) > 30
    assert found == "True"


def test_requirements_are_pinned_and_name_no_index(package: Path) -> None:
    text = (package / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert all("==" in line for line in lines)
    assert "azure-functions-worker" not in text
    assert "://" not in text
