"""The one record of a run, `{run}/manifest.json`: read, and changed under etag conditions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from shared.errors import BlobChanged
from shared.ports import BlobStore
from shared.raft.formats import to_json

Manifest = dict[str, Any]
_ATTEMPTS = 20


def manifest_name(run: str) -> str:
    """The manifest's blob name."""
    return f"{run}/manifest.json"


async def read_manifest(runs: BlobStore, run: str) -> Manifest:
    """The manifest; raises BlobNotFound for an unknown run."""
    manifest: Manifest = json.loads(await runs.read(manifest_name(run)))
    return manifest


async def create_manifest(runs: BlobStore, manifest: Manifest) -> bool:
    """Write a new run's manifest; False when the run exists."""
    return await runs.create(manifest_name(manifest["run"]), to_json(manifest))


def who_and_why(decision: Manifest) -> str:
    """Who decided something about a run, and why, in one line."""
    why = f": {decision['why']}" if decision.get("why") else ""
    return f"{decision.get('by') or 'someone'}{why}"


def cancelled_words(manifest: Manifest) -> str:
    """Who cancelled a run, and why; '' for one that nobody did."""
    cancel = manifest.get("cancel")
    return f"cancelled by {who_and_why(cancel)}" if cancel else ""


async def change_manifest(
    runs: BlobStore, run: str, change: Callable[[Manifest], None]
) -> Manifest:
    """Apply `change` to the newest version, again when another writer was first.

    `change` must give the same result when applied twice: activities repeat.
    """
    for _ in range(_ATTEMPTS):
        data, etag = await runs.read_versioned(manifest_name(run))
        manifest: Manifest = json.loads(data)
        change(manifest)
        changed = to_json(manifest)
        if changed == data:
            return manifest
        try:
            await runs.replace(manifest_name(run), changed, etag)
        except BlobChanged:
            continue
        return manifest
    raise BlobChanged(f"the manifest of {run} is being changed by too many writers")
