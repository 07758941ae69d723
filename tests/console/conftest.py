"""A browser and the stack for the console's pages."""

from __future__ import annotations

from tests.browser import browser
from tests.runs.conftest import _shared, stack

__all__ = ["_shared", "browser", "stack"]
