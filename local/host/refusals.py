"""What the Azure host and its Python worker refuse when they index an app.

`app.get_functions()` accepts all of it, so without these checks an app that runs here could fail
to load on Azure. The rules: names, one known trigger, parameters that equal the bindings, plain
types as annotations, and HTTP routes that do not collide.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterable
from typing import Any

from azure.functions import meta

from local.host.function import Function
from local.host.routes import Route, RouteError

_FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
_BINDING_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,127}|\$return")
_KNOWN_BINDINGS = frozenset({"http", "durableClient"})


class AppError(Exception):
    """The app cannot be hosted. The text names the function and the reason."""


def refuse(functions: Iterable[Function], triggers: frozenset[str]) -> None:
    """Raises AppError for the first thing that Azure, or this host, refuses."""
    functions = list(functions)
    seen: dict[tuple[str, str], str] = {}
    for function in functions:
        _check_names(function)
        _check_bindings(function, triggers)
        _check_parameters(function)
        key = (function.kind, function.durable_name.lower())
        for taken in (key, ("name", function.name.lower())):
            if taken in seen:
                _refuse(function, f"its name is also that of function '{seen[taken]}'")
            seen[taken] = function.name
    _check_routes([each for each in functions if each.kind == "httpTrigger"])


def _refuse(function: Function, reason: str) -> typing.NoReturn:
    raise AppError(f"function '{function.name}' is refused: {reason}")


def _check_names(function: Function) -> None:
    if not _FUNCTION_NAME.fullmatch(function.name) or function.name.lower() == "host":
        _refuse(function, f"{function.name!r} is not a valid function name")
    for binding in function.bindings:
        if not _BINDING_NAME.fullmatch(binding["name"]):
            _refuse(
                function,
                f"the binding name '{binding['name']}' is invalid: letters and digits only, "
                "so no snake_case",
            )


def _check_bindings(function: Function, triggers: frozenset[str]) -> None:
    kinds = [binding["type"] for binding in function.bindings]
    found = [kind for kind in kinds if kind.endswith("Trigger")]
    if len(found) != 1:
        _refuse(function, f"it needs exactly one trigger, it has {found}")
    for kind in kinds:
        if kind not in triggers and kind not in _KNOWN_BINDINGS:
            _refuse(function, f"the local host has no binding of type '{kind}'")


def _check_parameters(function: Function) -> None:
    bound = {each["name"]: each["type"] for each in function.bindings if each["name"] != "$return"}
    parameters = dict(inspect.signature(function.code).parameters)
    if "context" not in bound:
        parameters.pop("context", None)
    if missing := sorted(bound.keys() - parameters.keys()):
        _refuse(function, f"bindings without a parameter: {', '.join(missing)}")
    if extra := sorted(parameters.keys() - bound.keys()):
        _refuse(function, f"parameters without a binding: {', '.join(extra)}")
    try:
        annotations = typing.get_type_hints(function.code)
    except NameError as error:
        _refuse(function, f"an annotation cannot be resolved: {error}")
    for name, kind in bound.items():
        if name in annotations:
            _check_annotation(function, name, kind, annotations[name])


def _check_annotation(function: Function, name: str, kind: str, annotation: Any) -> None:
    """The worker wants a plain class, and one that the binding's converter accepts."""
    if not isinstance(annotation, type):
        _refuse(
            function,
            f"parameter '{name}' has the non-type annotation {annotation!r}; the Azure worker "
            "accepts plain classes only, such as dict or str",
        )
    registry: Any = meta.get_binding_registry()  # type: ignore[no-untyped-call]
    converter = registry.get(kind)
    if converter is not None and not converter.check_input_type_annotation(annotation):
        _refuse(
            function,
            f"the annotation {annotation.__name__} of parameter '{name}' does not suit a {kind}",
        )


def _check_routes(functions: list[Function]) -> None:
    taken: list[tuple[Function, Route]] = []
    for function in functions:
        try:
            route = Route.parse(function.trigger["route"], function.trigger.get("methods"))
        except RouteError as error:
            _refuse(function, str(error))
        if route.template.lower().startswith(("admin", "runtime")):
            _refuse(function, f"the route '{route.template}' conflicts with built-in routes")
        for other, other_route in taken:
            if route.collides(other_route):
                _refuse(
                    function,
                    f"its route '{route.template}' conflicts with that of function '{other.name}'",
                )
        taken.append((function, route))
