"""Serves the student: create the deployment, look, and ask it one real question."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict

from shared.contracts import JobStatus, Step
from shared.errors import JobError, ModelRefusesUs
from shared.ports import BlobStore, Chat, ChatRequest, Deployer, Permit, Reply
from shared.raft.costs import PriceTable
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_json
from shared.raft.prompts import student_prompt
from shared.services.dataset import questions_prefix
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.work import StopMarkers, WorkStore

ANSWER_TOKENS = 1_024
_NAME_LIMIT = 64
_NOT_KNOWN_YET = (1, 2, 4, 8, 15, 30)  # seconds

StudentChat = Callable[[str], Chat]


class Deploying:
    """Use cases of deployment."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        stops: StopMarkers,
        deployer: Deployer,
        student: StudentChat,
        prices: PriceTable,
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._stops = stops
        self._deployer = deployer
        self._student = student
        self._prices = prices

    async def create(self, run: str) -> Step:
        """Begin the deployment of the run's student; `ref` is its name."""
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        model = (await self._records.read(run))["student"]["model"]
        name = deployment_name(run)
        sku, capacity = spec.deployment.sku, spec.deployment.capacity
        await self._deployer.create(name, model, sku, capacity)
        facts = {
            "deployment": name,
            "model": model,
            "sku": sku,
            "capacity": capacity,
            "usd_per_hour": self._prices.hosting_cost(model, sku, hours=1),
        }
        await self._runs.put(f"{run}/deployment.json", to_json(facts))
        await self._records.note(run, student=facts)
        return Step(1, name)

    async def check(self, name: str) -> JobStatus:
        """The deployment now."""
        return await self._deployer.check(name)

    async def smoke_test(self, run: str) -> Step:
        """Ask the student the first test question; raises JobError on an empty answer."""
        row = row_from(await self._shards.item(questions_prefix(run), 0))
        chat = self._student(deployment_name(run))
        calls = self._work.item(run, "smoke")
        # By the deployment's name, not its model's: what an earlier one answered says nothing.
        request = student_request(row)
        shape = {"deployment": chat.deployment, "request": asdict(request)}
        reply = await calls.once("smoke", shape, lambda permit: _patiently(chat, request, permit))
        if not reply.text.strip():
            raise JobError(f"the deployment {deployment_name(run)} answered with nothing")
        return Step(1, spend=calls.spend)


async def _patiently(chat: Chat, request: ChatRequest, permit: Permit) -> Reply:
    """Ask a deployment that has just succeeded: for a minute or so it may still be unknown."""
    for seconds in _NOT_KNOWN_YET:
        try:
            return await chat.complete(request, permit)
        except ModelRefusesUs:
            await asyncio.sleep(seconds)
    return await chat.complete(request, permit)


def deployment_name(run: str) -> str:
    """The name of a run's deployment: one run, one deployment."""
    return f"raft-{run}"[:_NAME_LIMIT]


def student_request(row: Row) -> ChatRequest:
    """The request that baseline and student both get for a row."""
    prompt = student_prompt([document.text for document in row.documents], row.question)
    return ChatRequest(prompt, max_tokens=ANSWER_TOKENS, seed=0)
