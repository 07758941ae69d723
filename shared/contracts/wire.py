"""Contract records to plain JSON values and back, within their byte budgets."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter

from shared.errors import WireTooLarge

ACTIVITY_BYTES = 4 * 1024
ORCHESTRATION_BYTES = 16 * 1024

T = TypeVar("T")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """The validator of one record type, built once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_wire(record: Any, limit: int = ACTIVITY_BYTES) -> dict[str, Any]:
    """Plain JSON values of a contract record; raises `WireTooLarge` over `limit` bytes."""
    data: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json")
    size = len(json.dumps(data, ensure_ascii=False).encode())
    if size > limit:
        raise WireTooLarge(f"{type(record).__name__} has {size} bytes on the wire, over {limit}")
    return data


def from_wire(kind: type[T], data: Any) -> T:
    """The contract record of `kind` in `data` (plain JSON values, or their JSON text)."""
    if isinstance(data, str):
        data = json.loads(data)
    return _adapter(kind).validate_python(data)  # type: ignore[no-any-return]
