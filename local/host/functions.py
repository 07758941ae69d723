"""Loads a function app and says what each of its functions is.

The app's `function_app.py` is imported as it is, with its folder first on the path, and its one
`FunctionApp`/`DFApp` object is asked once for its functions (a second call raises). What Azure
would refuse is refused here, naming the function; see refusals.py.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import azure.functions as func

from local.host.refusals import AppError, refuse

TRIGGERS = frozenset(
    {"httpTrigger", "blobTrigger", "timerTrigger", "activityTrigger", "orchestrationTrigger"}
)


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


class App:
    def __init__(self, functions: list[Function]) -> None:
        self.functions = functions

    def of_kind(self, kind: str) -> list[Function]:
        return [function for function in self.functions if function.kind == kind]

    @cached_property
    def activities(self) -> dict[str, Function]:
        return {each.durable_name: each for each in self.of_kind("activityTrigger")}

    @cached_property
    def orchestrators(self) -> dict[str, Callable[[str], str]]:
        return {each.durable_name: each.code for each in self.of_kind("orchestrationTrigger")}


def load_app(app_dir: Path) -> App:
    """Imports the app in `app_dir`. Raises AppError for what Azure would refuse."""
    _speed_up_replay()
    entry = app_dir / "function_app.py"
    if not entry.is_file():
        raise AppError(f"there is no function_app.py in {app_dir}")
    sys.path.insert(0, str(app_dir))
    spec = importlib.util.spec_from_file_location("function_app", entry)
    if spec is None or spec.loader is None:
        raise AppError(f"{entry} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules["function_app"] = module
    spec.loader.exec_module(module)
    found = [each for each in vars(module).values() if isinstance(each, func.FunctionRegister)]
    apps = {id(each): each for each in found}  # one object may have two names
    if len(apps) != 1:
        raise AppError(f"function_app.py must define one FunctionApp, found {len(apps)}")
    try:
        declared = found[0].get_functions()
    except ValueError as error:  # duplicate names, functions without a trigger
        raise AppError(str(error)) from error
    functions = [
        Function(
            name=str(each.get_function_name()),
            code=each.get_user_function(),
            bindings=json.loads(each.get_function_json())["bindings"],
        )
        for each in declared
    ]
    refuse(functions, TRIGGERS)
    return App(functions)


def _speed_up_replay() -> None:
    """dateutil, which the SDK parses timestamps with, costs most of a replay's time."""
    name = "azure.durable_functions.models.history.HistoryEvent"
    importlib.import_module(name).dt_parse = datetime.fromisoformat  # type: ignore[attr-defined]
