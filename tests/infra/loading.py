"""Loads the programs of infra/, which are scripts and no package."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from tests.infra.bicep import INFRA


def load(name: str) -> ModuleType:
    """The module in infra/<name>.py."""
    spec = importlib.util.spec_from_file_location(name, INFRA / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
