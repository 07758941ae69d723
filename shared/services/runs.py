"""The life of a run: claimed by its content, prepared, recorded stage by stage, finished.

A run's id is a function of its domain, document versions and spec overrides. Whoever asks twice,
be it ten deliveries of one event or a repeated POST, gets the same run.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from shared.contracts import Finish, RunPlan, Spend, Stage, StageRecord
from shared.errors import BlobNotFound, RunStopped, SpecError
from shared.ports import BlobInfo, BlobStore, Clock
from shared.services.manifest import (
    Manifest,
    cancelled_words,
    change_manifest,
    create_manifest,
    manifest_name,
    read_manifest,
)
from shared.services.run_index import RunIndex
from shared.settings import OPTIONAL_ROLES, Role, Settings
from shared.spec import RunSpec, parse_spec, parse_spec_yaml

SPEC_FILE = "raft.yaml"
ENDED = ("completed", "failed", "cancelled")
_SLUG = re.compile(r"[^a-z0-9]+")
_RUN_ID = re.compile(r"[a-z0-9-]{1,64}")
_HELD = 32
_READERS = 16


@dataclass(frozen=True)
class Claim:
    """A run that exists now. `pending`: its orchestration has not begun to work yet."""

    run: str
    pending: bool
    created: bool


@dataclass(frozen=True)
class RunContext:
    """What activities need of a run and what never changes during it."""

    spec: RunSpec
    documents: Sequence[Mapping[str, Any]]


class Runs:
    """Use cases on the run record."""

    def __init__(
        self, runs: BlobStore, documents: BlobStore, settings: Settings, clock: Clock
    ) -> None:
        self._runs = runs
        self._documents = documents
        self._settings = settings
        self._clock = clock
        self._contexts: OrderedDict[str, RunContext] = OrderedDict()
        self._index = RunIndex(runs)

    async def claim(
        self,
        domain: str,
        blobs: Sequence[BlobInfo],
        overrides: Mapping[str, Any] | None = None,
        *,
        again: bool = False,
    ) -> Claim:
        """Make the run of these blob versions, or find it.

        `blobs` may hold the domain's raft.yaml. `again` makes a new attempt when the last one
        failed. Raises SpecError when nothing can be read or the overrides are wrong; a wrong
        raft.yaml gives a run that has failed with the reason, since no one waits for an answer.
        """
        overrides = dict(overrides or {})
        parse_spec(overrides)
        documents = [blob for blob in blobs if not is_spec_file(blob.name)]
        if not documents:
            raise SpecError("documents", f"there are no documents in {domain}")
        fingerprint = fingerprint_of(blobs)
        base = run_id(domain, fingerprint, overrides)
        problem = ""
        try:
            spec = parse_spec(await self._folder_spec(domain, blobs), overrides)
        except SpecError as error:
            spec, problem = RunSpec(), error.reason
        attempt = 1
        while True:
            run = base if attempt == 1 else f"{base}-{attempt}"
            manifest = {
                "run": run,
                "domain": domain,
                "created": self._clock().isoformat(),
                "fingerprint": fingerprint,
                "overrides": overrides,
                "state": "failed" if problem else "pending",
                "reason": problem,
                "spec": spec.model_dump(),
                "documents": [
                    {"name": blob.name, "etag": blob.etag, "size": blob.size} for blob in documents
                ],
                "stages": {},
                "student": {},
                "links": {"manifest": manifest_name(run)},
            }
            if await create_manifest(self._runs, manifest):
                await self._index.add(manifest)
                return Claim(run, pending=not problem, created=True)
            there = await read_manifest(self._runs, run)
            await self._index.add(there)  # whoever made it may have been killed just then
            if not (again and there["state"] in ENDED and there["state"] != "completed"):
                return Claim(run, pending=there["state"] == "pending", created=False)
            attempt += 1

    async def waits_for_start(self, domain: str, blobs: Sequence[BlobInfo]) -> bool:
        """Whether these versions have no run, or one whose orchestration was never begun."""
        if not any(not is_spec_file(blob.name) for blob in blobs):
            return False
        try:
            manifest = await read_manifest(self._runs, run_id(domain, fingerprint_of(blobs), {}))
        except BlobNotFound:
            return True
        return bool(manifest["state"] == "pending")

    async def prepare(self, run: str) -> RunPlan:
        """Mark the run as running and tell the orchestration what it needs to know.

        Raises SpecError when a model that the run will need later is not configured.
        """
        context = await self.context(run)
        needed = [role for role in Role if role not in OPTIONAL_ROLES or self._settings.has(role)]
        if context.spec.reading == "vision" and Role.VISION not in needed:
            needed.append(Role.VISION)
        models = {role.value.lower(): self._settings.model(role).deployment for role in needed}

        def begin(manifest: Manifest) -> None:
            if manifest["state"] == "pending":
                manifest["state"] = "running"
                manifest["models"] = models
                manifest["started"] = self._clock().isoformat()

        manifest = await change_manifest(self._runs, run, begin)
        return RunPlan(
            run=run,
            documents=len(manifest["documents"]),
            lanes=self._settings.lanes,
            quorum=context.spec.quorum,
            poll_seconds=self._settings.poll_seconds,
            train_deadline_hours=72,
            deploy_deadline_hours=2,
            questions=context.spec.questions,
            qa_threshold=context.spec.qa_threshold or 0,
            budget_usd=context.spec.budget.usd,
            approval_hours=context.spec.budget.approval_hours,
            check_distractors=context.spec.verification.distractors
            and context.spec.distractors > 0,
            keep_deployment=context.spec.deployment.keep == "always",
            trainings=len(context.spec.student.methods),
            own_answers=context.spec.student.compares_answers,
        )

    async def record_stage(self, record: StageRecord) -> None:
        """Write down that a stage began or ended; none begins, and the last one does not end,
        once the run was cancelled.

        Raises RunStopped then.
        """
        now = self._clock().isoformat()

        def note(manifest: Manifest) -> None:
            ends_late = record.stage is Stage.REPORT  # nothing else would notice
            if (ends_late or not record.ended) and (cancelled := cancelled_words(manifest)):
                raise RunStopped(cancelled)
            stage = manifest["stages"].setdefault(record.stage.value, {"started": now})
            stage["total"] = record.total or stage.get("total", 0)
            if record.ended and "ended" not in stage:
                stage.update(asdict(record.tally), ended=now)

        await change_manifest(self._runs, record.run, note)

    async def note(self, run: str, **facts: Any) -> None:
        """Merge facts into the manifest: mappings field by field, the rest replaced."""

        def merge(manifest: Manifest) -> None:
            for name, value in facts.items():
                old = manifest.get(name)
                if isinstance(old, dict) and isinstance(value, dict):
                    value = {**old, **value}
                manifest[name] = value

        await change_manifest(self._runs, run, merge)

    async def finish(self, finish: Finish) -> None:
        """Write the end state, once."""

        def end(manifest: Manifest) -> None:
            if manifest["state"] not in ENDED:
                manifest["state"] = finish.state
                manifest["reason"] = finish.reason
                if finish.state != "completed" and (cancelled := cancelled_words(manifest)):
                    manifest.update(state="cancelled", reason=cancelled)
                manifest["ended"] = self._clock().isoformat()
                for stage in manifest["stages"].values():  # the one in which it failed
                    stage.setdefault("ended", manifest["ended"])

        await change_manifest(self._runs, finish.run, end)

    async def context(self, run: str) -> RunContext:
        """The run's spec and documents, held in memory."""
        if run not in self._contexts:
            manifest = await read_manifest(self._runs, run)
            self._contexts[run] = RunContext(
                RunSpec.model_validate(manifest["spec"]), manifest["documents"]
            )
            while len(self._contexts) > _HELD:
                self._contexts.popitem(last=False)
        return self._contexts[run]

    async def read(self, run: str) -> Manifest:
        """The manifest; raises BlobNotFound."""
        return await read_manifest(self._runs, checked_id(run))

    async def report(self, run: str) -> bytes:
        """The report's page; raises BlobNotFound until it is written."""
        return await self._runs.read(f"{checked_id(run)}/report.html")

    async def newest_ids(self, limit: int, offset: int = 0) -> list[str]:
        """The newest runs, newest first, without the first `offset`; none of them is read."""
        return (await self._index.newest_first(offset + limit))[offset : offset + limit]

    async def several(self, runs: Sequence[str]) -> list[Manifest]:
        """Manifests of runs, in their order, without those that were cleaned away."""
        places = asyncio.Semaphore(_READERS)

        async def one(run: str) -> Manifest | None:
            async with places:
                try:
                    return await read_manifest(self._runs, run)
                except BlobNotFound:
                    return None

        found = await asyncio.gather(*map(one, runs))
        return [manifest for manifest in found if manifest]

    async def newest(self, limit: int) -> list[Manifest]:
        """The newest runs' manifests, newest first."""
        return await self.several(await self.newest_ids(limit))

    async def _folder_spec(self, domain: str, blobs: Sequence[BlobInfo]) -> dict[str, Any]:
        for blob in blobs:
            if blob.name == f"{domain}/{SPEC_FILE}":  # one in a folder below is no one's
                text = (await self._documents.read(blob.name)).decode("utf-8", "replace")
                return parse_spec_yaml(text, blob.name)
        return {}


def is_spec_file(name: str) -> bool:
    """Whether the blob is a domain's spec rather than a document."""
    return name.rpartition("/")[2] == SPEC_FILE


def fingerprint_of(blobs: Sequence[BlobInfo]) -> str:
    """A name for this set of blob versions."""
    versions = sorted((blob.name, blob.etag) for blob in blobs)
    return hashlib.sha256(json.dumps(versions).encode()).hexdigest()


def run_id(domain: str, fingerprint: str, overrides: Mapping[str, Any]) -> str:
    """The run's id: readable domain, then a hash of what makes this run differ from others."""
    slug = _SLUG.sub("-", domain.casefold()).strip("-")[:24] or "documents"
    shape = json.dumps([domain, fingerprint, overrides], sort_keys=True)
    return f"{slug}-{hashlib.sha256(shape.encode()).hexdigest()[:10]}"


def checked_id(run: str) -> str:
    """The id as it is; raises BlobNotFound for what no run is ever called, such as a path."""
    if not _RUN_ID.fullmatch(run):
        raise BlobNotFound("this is not the id of a run")
    return run


def spend_of(manifest: Manifest) -> Spend:
    """All that the run's ended stages spent."""
    total = Spend()
    for stage in manifest["stages"].values():
        total += Spend(**stage.get("spend", {}))
    return total
