"""One function of the app, as the host sees it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Function:
    """One function of the app: its name, its code and its bindings as plain JSON values."""

    name: str
    code: Callable[..., Any]
    bindings: list[dict[str, Any]] = field(repr=False)

    @cached_property
    def trigger(self) -> dict[str, Any]:
        return next(each for each in self.bindings if each["type"].endswith("Trigger"))

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])

    @property
    def durable_name(self) -> str:
        """The name that orchestrations call it by."""
        alias = self.trigger.get("activity") or self.trigger.get("orchestration")
        return str(alias or self.name)

    @cached_property
    def clients(self) -> tuple[str, ...]:
        """Parameters that receive the durable client."""
        return tuple(each["name"] for each in self.bindings if each["type"] == "durableClient")

    @cached_property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.code)

    @cached_property
    def wants_context(self) -> bool:
        bound = {each["name"] for each in self.bindings}
        return "context" not in bound and "context" in inspect.signature(self.code).parameters
