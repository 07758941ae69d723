"""Uploaded and produced files of the data plane, kept on disk.

A file is `uploaded` first and `processed` a moment later, as on Azure, where clients have to wait.
"""

import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from local.models.errors import ApiError
from local.models.store import read_all, read_json, write_bytes, write_json

PURPOSES = ("fine-tune", "fine-tune-results")


class FileStore:
    """Files by id under one folder: `{id}/file.json` and `{id}/content`."""

    def __init__(self, root: Path, processing_seconds: float) -> None:
        self.root = root
        self.processing_seconds = processing_seconds

    def add(self, filename: str, purpose: str, content: bytes) -> dict[str, Any]:
        """Stores a new file."""
        if purpose not in PURPOSES:
            raise ApiError(400, "invalidPayload", f"Invalid purpose {purpose!r}.", param="purpose")
        record: dict[str, Any] = {
            "id": f"file-{uuid.uuid4().hex}",
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "ready_at": time.time() + self.processing_seconds,
        }
        write_bytes(self.root / record["id"] / "content", content)
        write_json(self.root / record["id"] / "file.json", record)
        return self._shown(record)

    def get(self, file_id: str) -> dict[str, Any]:
        """A file's record; 404 if there is none."""
        record = read_json(self.root / Path(file_id).name / "file.json")
        if record is None:
            raise ApiError(404, "notFound", f"File {file_id!r} was not found.", param="file_id")
        return self._shown(record)

    def path(self, file_id: str) -> Path:
        """Where a file's content lies; 404 if there is none."""
        return self.root / str(self.get(file_id)["id"]) / "content"

    def all(self) -> list[dict[str, Any]]:
        """All files, newest first."""
        records = read_all(self.root, "*/file.json")
        return [self._shown(r) for r in sorted(records, key=lambda r: -float(r["ready_at"]))]

    def delete(self, file_id: str) -> dict[str, Any]:
        """Removes a file."""
        shutil.rmtree(self.path(file_id).parent)
        return {"id": file_id, "object": "file", "deleted": True}

    @staticmethod
    def _shown(record: dict[str, Any]) -> dict[str, Any]:
        ready = time.time() >= record["ready_at"]
        return record | {"status": "processed" if ready else "uploaded"}
