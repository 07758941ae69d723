"""Loads a function app and says what each of its functions is.

The app's `function_app.py` is imported as it is, with its folder first on the path, and its one
`FunctionApp`/`DFApp` object is asked once for its functions (a second call raises). What Azure
would refuse is refused here, naming the function; see refusals.py.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

import azure.functions as func

from local.host.function import Function
from local.host.refusals import AppError, refuse

TRIGGERS = frozenset(
    {"httpTrigger", "blobTrigger", "timerTrigger", "activityTrigger", "orchestrationTrigger"}
)


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
