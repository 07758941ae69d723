"""Small durable records: one JSON file each, replaced atomically.

A reader sees the old record or the new one, never half of either, also after a kill.
"""

import json
from pathlib import Path
from typing import Any


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(content)
    temporary.replace(path)


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Writes a record whole or not at all."""
    write_bytes(path, json.dumps(record, ensure_ascii=False).encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The record, or None if there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    record = json.loads(content)
    return record if isinstance(record, dict) else None


def read_all(folder: Path, pattern: str) -> list[dict[str, Any]]:
    """All records of a folder that match a glob pattern."""
    records = (read_json(path) for path in sorted(folder.glob(pattern)))
    return [record for record in records if record is not None]
