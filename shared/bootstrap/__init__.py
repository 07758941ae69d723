"""Wires services to adapters: the only package that knows both.

Nothing is made at import, so that `import function_app` connects to nothing. Tests and tools pass
their own settings.
"""

from __future__ import annotations

from functools import cache

from shared.bootstrap.services import Services
from shared.settings import read_settings

__all__ = ["Services", "services"]


@cache
def services() -> Services:
    """The process's services, from the environment, made at the first call."""
    return Services(read_settings())
