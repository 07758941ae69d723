"""What a workspace keeps as records, by resource id in lower case, one file each.

Data assets, marketplace subscriptions and serverless endpoints. What takes time to provision is
ready at a time written in its record, so a restart changes nothing.
"""

import hashlib
import time
from pathlib import Path
from typing import Any

from local.models.store import read_all, write_json

Record = dict[str, Any]


def digest(path: str) -> str:
    """A short name for a resource id, whatever its case."""
    return hashlib.sha256(path.lower().encode()).hexdigest()[:32]


def ready(record: Record) -> bool:
    """Whether the resource is provisioned by now."""
    return time.time() >= float(record["ready_at"])


class Resources:
    """Records under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._records = {str(record["id"]).lower(): record for record in read_all(root, "*.json")}

    def get(self, path: str) -> Record | None:
        """The record of a resource id, or None."""
        return self._records.get(path.lower())

    def put(self, record: Record) -> Record:
        """Stores a record under its own id."""
        write_json(self.root / f"{digest(record['id'])}.json", record)
        self._records[record["id"].lower()] = record
        return record

    def remove(self, path: str) -> bool:
        """Removes a record; False when there was none."""
        if self._records.pop(path.lower(), None) is None:
            return False
        (self.root / f"{digest(path)}.json").unlink()
        return True

    def under(self, path: str) -> list[Record]:
        """The records whose ids lie under a path, by name."""
        prefix = path.lower().rstrip("/") + "/"
        found = [record for id_, record in self._records.items() if id_.startswith(prefix)]
        return sorted(found, key=lambda record: str(record["name"]))

    def all(self, kind: str) -> list[Record]:
        """All records of a kind, whatever their workspace."""
        part = f"/{kind.lower()}/"
        return [record for id_, record in self._records.items() if part in id_]

    def endpoint(self, name: str) -> Record | None:
        """The serverless endpoint of that name, which one workspace at most has."""
        found = self.all("serverlessEndpoints")
        return next((record for record in found if record["name"].lower() == name.lower()), None)
