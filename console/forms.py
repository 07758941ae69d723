"""The spec's JSON Schema as fields of a form, so that what the browser allows is what GET /api/spec
allows. A field left empty keeps its default; the API has the last word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FIRST = ("student", "questions", "chunk_size", "distractors", "budget", "evaluation", "deployment")


def fields_of(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Groups {name, title, fields}: the plain fields first, then one for each part of the spec.

    A field is {name (dotted), title, about, kind, default, choices, low, high, longest}; `kind` is
    choice, truth, whole, number, text, choices, wholes or texts.
    """
    return list(_groups(schema, schema.get("$defs", {}), ""))


def _groups(
    schema: Mapping[str, Any], parts: Mapping[str, Any], name: str
) -> Iterator[dict[str, Any]]:
    """The group of an object's own fields, and those of the objects in it."""
    inner = {key: _resolved(field, parts) for key, field in schema["properties"].items()}
    own = [key for key, field in inner.items() if field.get("type") != "object"]
    prefix = f"{name}." if name else ""
    fields = [
        _field(prefix + key, schema["properties"][key], parts) for key in sorted(own, key=_rank)
    ]
    yield {"name": name, "title": _title(name) or "Questions and rows", "fields": fields}
    for key in sorted(inner.keys() - set(own), key=lambda key: (_rank(key), key)):
        yield from _groups(inner[key], parts, prefix + key)


def _field(name: str, field: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    inner = _resolved(field, parts)
    items = _resolved(inner.get("items") or {}, parts)
    choices = items.get("enum") or inner.get("enum") or []
    default = field.get("default")
    return {
        "name": name,
        "title": _title(name.rpartition(".")[2]),
        "about": _sentence(field.get("description", "")),
        "kind": _kind(inner, items),
        "default": list(default) if isinstance(default, tuple | list) else default,
        "choices": list(choices),
        "low": _bound(inner, "minimum", "exclusiveMinimum"),
        "high": _bound(inner, "maximum", "exclusiveMaximum"),
        "longest": inner.get("maxLength"),
    }


def _kind(field: Mapping[str, Any], items: Mapping[str, Any]) -> str:
    if field.get("type") == "array":
        if items.get("enum"):
            return "choices"
        return "wholes" if items.get("type") == "integer" else "texts"
    if field.get("enum"):
        return "choice"
    kinds = {"boolean": "truth", "integer": "whole", "number": "number"}
    return kinds.get(str(field.get("type")), "text")


def _resolved(field: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The field without references and without the possibility of being null."""
    options = [each for each in field.get("anyOf", []) if each.get("type") != "null"]
    if options:
        return {**field, **_resolved(options[0], parts)}
    reference = field.get("$ref") or next(
        (each["$ref"] for each in field.get("allOf", []) if "$ref" in each), ""
    )
    if reference:
        return {**field, **_resolved(parts[reference.rpartition("/")[2]], parts)}
    return field


def _bound(field: Mapping[str, Any], *names: str) -> Any:
    return next((field[name] for name in names if name in field), None)


def _title(name: str) -> str:
    words = name.replace("_", " ").replace(".", ": ").capitalize()
    return words.replace("Usd", "US dollars").replace("Dpo", "DPO").replace("Sku", "SKU")


def _sentence(text: str) -> str:
    """With a capital, unless it begins with the name of a choice."""
    first = text.split(" ", 1)[0]
    return text if first.endswith(":") or "_" in first else text[:1].upper() + text[1:]


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
