"""Doctor over fakes that answer, refuse, hang or cannot be made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelError, ModelRefusesUs, ModelUnavailable, SpecError
from shared.ports import ChatRequest, PaidCalls, Permit, Platform, Reply, Trainer
from shared.services.doctor import Doctor, Finding, Parts
from shared.settings import MachineLearning, ModelEndpoint, Role, Settings
from tests.shared.services.fakes import MemoryBlobs, MemoryDeployer
from tests.shared.support import endpoint, settings

URL = "http://127.0.0.1:9"


class Model:
    """A chat and an embedder; `trouble` by deployment."""

    def __init__(self, deployment: str, trouble: Mapping[str, Exception]) -> None:
        self.deployment = deployment
        self.asked: list[ChatRequest] = []
        self._trouble = trouble

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        self.asked.append(request)
        if self.deployment in self._trouble:
            raise self._trouble[self.deployment]
        await permit()
        return Reply("yes", f"{self.deployment}-model")

    async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
        async def send(permit: Permit) -> Reply:
            return await self.complete(ChatRequest([]), permit)

        await calls.once("embedding", {}, send)
        return [[0.0, 1.0] for _ in texts]


class Jobs:
    """A trainer that knows no job."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def check(self, job: str) -> JobStatus:
        if self._error:
            raise self._error
        return JobStatus(JobState.RUNNING, "unknown")


class World:
    """A doctor's parts, all well."""

    def __init__(self) -> None:
        self.settings: Settings = settings(URL)
        self.containers = MemoryBlobs(), MemoryBlobs()
        self.trouble: dict[str, Exception] = {}
        self.job_error: Exception | None = JobError("the service answered 404: no such job")
        self.models: list[Model] = []
        self.made: list[str] = []
        self.hosted = True

    def model(self, of: ModelEndpoint) -> Any:
        self.models.append(Model(of.deployment, self.trouble))
        return self.models[-1]

    def platform(self, name: str) -> Platform:
        self.made.append(name)
        jobs: Trainer = Jobs(self.job_error)  # type: ignore[assignment]
        return Platform(jobs, MemoryDeployer(), lambda *_: Model("", {}), hosted=self.hosted)

    async def findings(
        self, storage: Callable[[], Any] | None = None, patience: float = 5
    ) -> dict[str, Finding]:
        parts = Parts(storage or (lambda: self.containers), self.model, self.model, self.platform)
        found = await Doctor(self.settings, parts, patience).examine()
        return {finding.what: finding for finding in found}


async def test_what_is_well_is_found_well_and_each_model_is_asked_for_one_token() -> None:
    world = World()
    found = await world.findings()
    assert {finding.state for finding in found.values()} == {"ok"}
    assert world.made == ["azure_openai"] * 2 + ["azure_ml"] * 2 + ["openai"] * 2
    asked = {model.deployment: model.asked for model in world.models}
    assert set(asked) == {"teacher", "baseline", "judge", "embedding", "vision"}
    assert all(asked[name][0].max_tokens == 1 for name in ("teacher", "baseline", "judge"))
    assert asked["vision"][0].image.startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (ModelRefusesUs("teacher answered 401: no"), "TEACHER_AZURE_OPENAI_API_KEY"),
        (ModelRefusesUs("teacher answered 404: no"), "TEACHER_AZURE_OPENAI_DEPLOYMENT"),
        (ModelUnavailable("teacher cannot be reached"), "TEACHER_AZURE_OPENAI_ENDPOINT"),
        (OSError("what an SDK says"), "TEACHER_AZURE_OPENAI_ENDPOINT"),
    ],
)
async def test_a_model_that_does_not_answer_is_named_with_its_setting(
    error: Exception, fix: str
) -> None:
    world = World()
    world.trouble["teacher"] = error
    found = await world.findings()
    assert [name for name, each in found.items() if each.state == "wrong"] == ["model TEACHER"]
    assert found["model TEACHER"].words == str(error)
    assert fix in found["model TEACHER"].fix


async def test_a_reasoning_model_that_one_token_is_too_few_for_answers() -> None:
    world = World()
    world.trouble["judge"] = ModelError("judge answered 400: max_tokens was reached")
    assert (await world.findings())["model JUDGE"].state == "ok"
    world.trouble["judge"] = ModelError("judge answered 400: no")
    assert (await world.findings())["model JUDGE"].state == "wrong"


async def test_each_endpoint_of_a_role_is_asked_by_itself() -> None:
    world = World()
    second = endpoint(URL, "spare")
    world.settings = replace(world.settings, further_models={Role.TEACHER: (second,)})
    world.trouble["spare"] = ModelRefusesUs("spare answered 401: no")
    found = await world.findings()
    assert found["model TEACHER"].state == "ok"
    assert "TEACHER_2_AZURE_OPENAI_API_KEY" in found["model TEACHER_2"].fix


async def test_missing_models_are_wrong_unless_they_are_optional() -> None:
    world = World()
    models = {**world.settings.models, Role.VISION: ModelEndpoint(), Role.JUDGE: ModelEndpoint()}
    models[Role.BASELINE] = endpoint(URL, "")
    world.settings = replace(world.settings, models=models)
    found = await world.findings()
    assert found["model VISION"].state == "unused"
    assert "JUDGE_AZURE_OPENAI_ENDPOINT" in found["model JUDGE"].fix
    assert "BASELINE_AZURE_OPENAI_DEPLOYMENT" in found["model BASELINE"].fix


async def test_storage_is_written_and_what_it_refuses_is_told() -> None:
    world = World()
    assert (await world.findings())["storage"].state == "ok"
    assert list(world.containers[1].blobs) == ["doctor.txt"]
    assert world.containers[0].blobs == {}

    def refused() -> Any:
        raise ValueError("not a connection string")

    found = (await world.findings(refused))["storage"]
    assert (found.state, found.words) == ("wrong", "not a connection string")
    assert "DocumentsStorage" in found.fix


async def test_what_hangs_is_told_so() -> None:
    world = World()

    class Hanging(MemoryBlobs):
        async def folders(self) -> list[str]:
            await asyncio.Event().wait()
            return []

    world.containers = Hanging(), MemoryBlobs()
    found = await world.findings(patience=0.05)
    assert found["storage"].words == "no answer within 0.05 s"
    assert found["model TEACHER"].state == "ok"


async def test_platforms_that_are_not_configured_are_not_asked() -> None:
    world = World()
    world.settings = replace(
        world.settings,
        machine_learning=MachineLearning("", "", "", URL),
        public_openai=ModelEndpoint(),
    )
    found = await world.findings()
    assert set(world.made) == {"azure_openai"}
    assert found["platform azure_ml"].state == found["platform openai"].state == "unused"


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (None, "ok"),
        (JobError("raft-doctor could not be found"), "ok"),
        (JobError("the service answered 401: no"), "wrong"),
        (SpecError("AZURE_ML_WORKSPACE", "must be set"), "wrong"),
    ],
)
async def test_a_platform_answers_when_it_does_not_know_the_job(
    error: Exception | None, state: str
) -> None:
    world = World()
    world.job_error = error
    found = (await world.findings())["training on azure_ml"]
    assert found.state == state
    assert ("AZURE_ML_WORKSPACE" in found.fix) == (state == "wrong")


async def test_a_platform_without_deployments_needs_none() -> None:
    world = World()
    world.hosted = False
    assert (await world.findings())["deployment on openai"].words == "needs none"
