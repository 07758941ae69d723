"""Runs in the order in which they were made, without reading them: an empty blob for each.

Its name holds time and run, so one listing tells the order. What a crash left out, or a release
before this one, is found when the index holds fewer runs than are asked for.
"""

from __future__ import annotations

from shared.errors import BlobNotFound
from shared.ports import BlobStore
from shared.services.manifest import Manifest, read_manifest

_FOLDER = "_made"  # no run is ever called so


class RunIndex:
    """Which runs there are."""

    def __init__(self, runs: BlobStore) -> None:
        self._runs = runs

    async def add(self, manifest: Manifest) -> None:
        """Take a run in; again is harmless."""
        await self._runs.create(_name(manifest), b"")

    async def newest_first(self, wanted: int) -> list[str]:
        """All runs, or at least `wanted`, by id, newest first."""
        names = [blob.name for blob in await self._runs.listing(f"{_FOLDER}/")]
        if len(names) < wanted:
            known = {_run(name) for name in names}
            names += await self._left_out(known)
        return list(dict.fromkeys(map(_run, sorted(names, reverse=True))))

    async def _left_out(self, known: set[str]) -> list[str]:
        names = []
        for folder in await self._runs.folders():
            if folder in known or folder in (_FOLDER, "work"):
                continue
            try:
                manifest = await read_manifest(self._runs, folder)
            except BlobNotFound:  # a run that was cleaned away
                continue
            await self.add(manifest)
            names.append(_name(manifest))
        return names


def _name(manifest: Manifest) -> str:
    return f"{_FOLDER}/{manifest['created']}/{manifest['run']}"


def _run(name: str) -> str:
    return name.rpartition("/")[2]
