"""Serves the student: create the deployment, look, ask it one real question, and remove it."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from datetime import datetime, timedelta

from shared.contracts import JobStatus, Step
from shared.errors import JobError, ModelRefusesUs, NotNow
from shared.ports import BlobStore, Chat, ChatRequest, Clock, Permit, Reply
from shared.raft.costs import PriceTable
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_json
from shared.raft.prompts import student_prompt
from shared.services.dataset import questions_prefix
from shared.services.manifest import Manifest
from shared.services.runs import ENDED, Runs
from shared.services.shards import Shards
from shared.services.students import Students, served_name
from shared.services.work import StopMarkers, WorkStore

ANSWER_TOKENS = 1_024
_NOT_KNOWN_YET = (1, 2, 4, 8, 15, 30)  # seconds


class Deploying:
    """Use cases of deployment."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        stops: StopMarkers,
        students: Students,
        prices: PriceTable,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._stops = stops
        self._students = students
        self._prices = prices
        self._clock = clock

    async def create(self, run: str) -> Step:
        """Begin the deployment of the run's student; `ref` is the name under which it answers.

        Raises JobError once it was removed: what ended is not made again.
        """
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        student = (await self._records.read(run))["student"]
        model = student["model"]
        platform = await self._students.platform(run)
        name = served_name(run, student, platform)
        if removed := student.get("removed"):
            because = student["removed_because"]
            raise JobError(f"the deployment {name} was removed at {removed}: {because}")
        sku, capacity = spec.deployment.sku, spec.deployment.capacity
        await platform.deployer.create(name, model, sku, capacity)
        hourly = self._prices.hosting_cost(model, sku, hours=1) if platform.hosted else 0.0
        facts = {
            "deployment": name,
            "model": model,
            "sku": sku,
            "capacity": capacity,
            "usd_per_hour": hourly,
            "created": student.get("created") or self._clock().isoformat(),
        }
        await self._runs.put(f"{run}/deployment.json", to_json(facts))
        await self._records.note(run, student=facts)
        return Step(1, name)

    async def check(self, run: str, name: str) -> JobStatus:
        """The deployment now; raises RunStopped once the run was stopped."""
        await self._stops.check(run)
        return await (await self._students.platform(run)).deployer.check(name)

    async def smoke_test(self, run: str) -> Step:
        """Ask the student the first test question; raises JobError on an empty answer."""
        row = row_from(await self._shards.item(questions_prefix(run), 0))
        chat, _ = await self._students.chat(run)
        calls = self._work.item(run, "smoke")
        # By the deployment's name, not its model's: what an earlier one answered says nothing.
        request = student_request(row)
        shape = {"deployment": chat.deployment, "request": asdict(request)}
        reply = await calls.once("smoke", shape, lambda permit: _patiently(chat, request, permit))
        if not reply.text.strip():
            raise JobError(f"the student {chat.deployment} answered with nothing")
        return Step(1, spend=calls.spend)

    async def remove(self, run: str, why: str) -> Step:
        """Remove the run's deployment and note it; count 1 when this call did.

        A deployment whose creation was begun and not yet noted is found by its name.
        """
        student = (await self._records.read(run))["student"]
        if "model" not in student or "removed" in student:
            return Step(0)
        platform = await self._students.platform(run)
        name = student.get("deployment") or served_name(run, student, platform)
        removed = await platform.deployer.delete(name, student["model"])
        if removed or "deployment" in student:
            because = why if removed else "it was not there any more"
            facts = {"removed": self._clock().isoformat(), "removed_because": because}
            await self._records.note(run, student=facts)
        return Step(int(removed), name)

    async def settle(self, run: str) -> Step:
        """At a run's end: remove the deployment unless the spec wants it kept."""
        why = _unwanted(await self._records.read(run))
        return await self.remove(run, why) if why else Step()

    async def remove_of_ended(self, run: str, why: str) -> Step:
        """As `remove`; raises NotNow while the run needs its deployment, BlobNotFound."""
        if (await self._records.read(run))["state"] not in ENDED:
            raise NotNow(f"run {run} has not ended: cancel it, or wait for its end")
        return await self.remove(run, why)

    async def expired(self) -> dict[str, str]:
        """Ended runs whose deployment is due to be removed, and why. Reads every run's record.

        One that is not to be kept is due here when its run ended before the report was written.
        """
        now = self._clock()
        found = {}
        for manifest in await self._records.newest(sys.maxsize):
            if manifest["state"] in ENDED and (why := _due(manifest, now)):
                found[manifest["run"]] = why
        return found


def _due(manifest: Manifest, now: datetime) -> str:
    """Why the deployment of an ended run is to go; '' when there is none or it stays."""
    student, wanted = manifest["student"], manifest["spec"].get("deployment", {})
    if "deployment" not in student or "removed" in student:
        return ""
    if why := _unwanted(manifest):
        return why
    if student.get("left"):
        return "it was to be removed when its run ended"
    hours, created = wanted.get("ttl_hours"), student.get("created")
    if hours and created and now >= datetime.fromisoformat(created) + timedelta(hours=hours):
        return f"its time was over (ttl_hours: {hours:g})"
    return ""


def _unwanted(manifest: Manifest) -> str:
    """Why the spec does not want the deployment kept beyond its run; '' where it does."""
    keep = manifest["spec"].get("deployment", {}).get("keep")
    if keep == "never":
        return "it is not kept (keep: never)"
    verdict = manifest.get("verdict", {})
    if keep == "if_promoted" and not verdict.get("promoted"):
        why = verdict.get("reason") or "the run ended before it was compared"
        return f"the student was not promoted: {why}"
    return ""


async def _patiently(chat: Chat, request: ChatRequest, permit: Permit) -> Reply:
    """Ask a deployment that has just succeeded: for a minute or so it may still be unknown."""
    for seconds in _NOT_KNOWN_YET:
        try:
            return await chat.complete(request, permit)
        except ModelRefusesUs:
            await asyncio.sleep(seconds)
    return await chat.complete(request, permit)


def student_request(row: Row) -> ChatRequest:
    """The request that baseline and student both get for a row."""
    prompt = student_prompt([document.text for document in row.documents], row.question)
    return ChatRequest(prompt, max_tokens=ANSWER_TOKENS, seed=0)
