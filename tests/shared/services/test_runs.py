"""The life of a run: one per content, claimed once, recorded stage by stage, ended once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.contracts import Finish, Spend, Stage, StageRecord, Tally
from shared.errors import BlobNotFound, SpecError
from shared.services.runs import Runs, fingerprint_of, run_id, spend_of
from shared.settings import Role, Storage
from tests.shared.services.fakes import MemoryBlobs
from tests.shared.services.world import World
from tests.shared.support import settings

FILES = {"bank/1.pdf": "one", "bank/2.pdf": "two"}
FAILED = Finish("", "failed", "the cloud said no")


@pytest.fixture
def world() -> World:
    return World()


async def test_asking_twice_is_one_run(world: World) -> None:
    blobs = await world.upload(FILES)
    first = await world.records.claim("bank", blobs)
    second = await world.records.claim("bank", list(reversed(blobs)))
    assert (first.created, second.created) == (True, False)
    assert first.run == second.run
    assert first.pending and second.pending
    assert first.run.startswith("bank-")


async def test_a_change_of_documents_or_spec_is_another_run(world: World) -> None:
    blobs = await world.upload(FILES)
    runs = [await world.records.claim("bank", blobs)]
    runs.append(await world.records.claim("bank", blobs, {"seed": 7}))
    runs.append(await world.records.claim("bank", blobs[:1]))
    runs.append(await world.records.claim("bank", await world.upload({"bank/2.pdf": "two!"})))
    assert len({claim.run for claim in runs}) == 4


@pytest.fixture
async def azure(storage: str) -> AsyncIterator[Runs]:
    """Runs over a container that does not exist yet."""
    async with connect_storage(Storage(storage)) as service:
        world = World()
        store = AzureBlobStore(service, f"runs-{id(world)}")
        yield Runs(store, MemoryBlobs(), settings(), world._clock)


async def test_of_many_claims_at_once_one_creates(azure: Runs, world: World) -> None:
    blobs = await world.upload(FILES)
    claims = await asyncio.gather(*(azure.claim("bank", blobs) for _ in range(10)))
    assert len({claim.run for claim in claims}) == 1
    assert sum(claim.created for claim in claims) == 1
    await azure.finish(replace(FAILED, run=claims[0].run))
    again = [azure.claim("bank", blobs, again=True) for _ in range(6)]
    attempts = await asyncio.gather(*again)
    assert {claim.run for claim in attempts} == {f"{claims[0].run}-2"}
    assert sum(claim.created for claim in attempts) == 1
    assert [m["run"] for m in await azure.newest(9)] == [attempts[0].run, claims[0].run]


async def test_again_makes_a_new_attempt_only_after_a_failure(world: World) -> None:
    blobs = await world.upload(FILES)
    run = (await world.records.claim("bank", blobs)).run
    for state in ("pending", "running"):
        again = await world.records.claim("bank", blobs, again=True)
        assert (again.run, again.created, again.pending) == (run, False, state == "pending")
        await world.records.prepare(run)
    await world.records.finish(replace(FAILED, run=run))
    assert (await world.records.claim("bank", blobs)).run == run
    second = await world.records.claim("bank", blobs, again=True)
    assert (second.run, second.created, second.pending) == (f"{run}-2", True, True)
    await world.records.finish(Finish(second.run, "completed"))
    assert (await world.records.claim("bank", blobs, again=True)).run == second.run


async def test_the_folders_spec_is_overridden_by_the_request(world: World) -> None:
    blobs = await world.upload({**FILES, "bank/raft.yaml": "questions: 3\nseed: 9"})
    run = (await world.records.claim("bank", blobs, {"seed": 1})).run
    context = await world.records.context(run)
    assert (context.spec.questions, context.spec.seed) == (3, 1)
    assert [document["name"] for document in context.documents] == ["bank/1.pdf", "bank/2.pdf"]


async def test_a_spec_in_a_folder_below_is_neither_spec_nor_document(world: World) -> None:
    deeper = {"bank/archive/raft.yaml": "questions: 7", "bank/raft.yaml": "questions: 3"}
    blobs = await world.upload({**FILES, **deeper})
    context = await world.records.context((await world.records.claim("bank", blobs)).run)
    assert context.spec.questions == 3
    assert len(context.documents) == 2


@pytest.mark.parametrize(
    "text", ["questions: [", "questions: many", "- a list", "unknown: 1", "when: 2024-13-45"]
)
async def test_a_wrong_folder_spec_gives_a_run_that_has_failed_with_the_reason(
    world: World, text: str
) -> None:
    blobs = await world.upload({**FILES, "bank/raft.yaml": text})
    claim = await world.records.claim("bank", blobs)
    assert (claim.created, claim.pending) == (True, False)
    manifest = await world.records.read(claim.run)
    assert manifest["state"] == "failed"
    assert manifest["reason"]
    assert not await world.records.waits_for_start("bank", blobs)


async def test_wrong_overrides_and_empty_folders_make_no_run(world: World) -> None:
    blobs = await world.upload({**FILES, "bank/raft.yaml": ""})
    with pytest.raises(SpecError) as caught:
        await world.records.claim("bank", blobs, {"questions": 0})
    assert caught.value.field == "questions"
    with pytest.raises(SpecError, match="no documents"):
        await world.records.claim("bank", [blob for blob in blobs if "raft" in blob.name])
    assert world.blobs.blobs == {}


async def test_the_sweep_finds_what_has_no_run_or_one_that_never_began(world: World) -> None:
    blobs = await world.upload(FILES)
    assert await world.records.waits_for_start("bank", blobs)
    run = (await world.records.claim("bank", blobs)).run
    assert await world.records.waits_for_start("bank", blobs)
    await world.records.prepare(run)
    assert not await world.records.waits_for_start("bank", blobs)
    assert not await world.records.waits_for_start("bank", [])


async def test_preparing_twice_is_once_and_tells_the_plan(world: World) -> None:
    run = await world.start(FILES, quorum=0.4)
    before = await world.records.read(run)
    plan = await world.records.prepare(run)
    assert await world.records.read(run) == before
    assert before["state"] == "running"
    assert before["models"]["teacher"] == "teacher"
    assert (plan.run, plan.documents, plan.lanes, plan.quorum) == (run, 2, 4, 0.4)


async def test_a_model_that_is_not_configured_is_named_before_anything_is_paid() -> None:
    world = World()
    blobs = await world.upload(FILES)
    known = settings()
    models = {**known.models, Role.JUDGE: replace(known.models[Role.JUDGE], azure_endpoint="")}
    records = Runs(world.blobs, world.uploads, replace(known, models=models), world._clock)
    run = (await records.claim("bank", blobs)).run
    with pytest.raises(SpecError, match="JUDGE"):
        await records.prepare(run)
    assert (await records.read(run))["state"] == "pending"


async def test_recording_a_stage_twice_is_once(world: World) -> None:
    run = await world.start(FILES)
    begun = StageRecord(run, Stage.GENERATE, ended=False, total=7)
    tally = Tally(ok=6, failed=1, counts={"examples": 9}, spend=Spend(8, 800, 80, 0.5))
    ended = StageRecord(run, Stage.GENERATE, ended=True, tally=tally)
    seen: list[Any] = []
    for record in (begun, begun, ended, ended, begun):
        await world.records.record_stage(record)
        seen.append((await world.records.read(run))["stages"]["generate"])
    assert seen[0] == seen[1]
    assert seen[2] == seen[3] == seen[4]
    assert (seen[4]["total"], seen[4]["ok"], seen[4]["counts"]) == (7, 6, {"examples": 9})
    assert seen[4]["started"] < seen[4]["ended"]
    assert spend_of(await world.records.read(run)) == tally.spend


async def test_the_first_end_stands(world: World) -> None:
    run = await world.start(FILES)
    await world.records.finish(Finish(run, "completed"))
    first = await world.records.read(run)
    await world.records.finish(replace(FAILED, run=run))
    await world.records.prepare(run)
    assert await world.records.read(run) == first
    assert first["state"] == "completed"


async def test_facts_are_merged_field_by_field(world: World) -> None:
    run = await world.start(FILES)
    await world.records.note(run, student={"job": "j"}, links={"report": "r"})
    await world.records.note(run, student={"model": "m"}, reason="because")
    manifest = await world.records.read(run)
    assert manifest["student"] == {"job": "j", "model": "m"}
    assert set(manifest["links"]) == {"manifest", "report"}
    assert manifest["reason"] == "because"


async def test_a_context_is_read_once(world: World) -> None:
    run = await world.start(FILES)
    world.blobs.reads.clear()
    assert await world.records.context(run) is await world.records.context(run)
    assert len(world.blobs.reads) <= 1


@pytest.mark.parametrize("run", ["", "..", "a/b", "../documents", "A", "a" * 65, "none", "a\n"])
async def test_what_no_run_is_called_is_not_found(world: World, run: str) -> None:
    await world.blobs.put("documents/manifest.json", json.dumps({}).encode())
    for read in (world.records.read, world.records.report):
        with pytest.raises(BlobNotFound):
            await read(run)


async def test_a_fingerprint_is_of_versions_and_an_id_is_readable(world: World) -> None:
    blobs = await world.upload(FILES)
    assert fingerprint_of(blobs) == fingerprint_of(blobs[::-1])
    assert fingerprint_of(blobs) != fingerprint_of([replace(blobs[0], etag="2"), blobs[1]])
    assert fingerprint_of(blobs) == fingerprint_of([replace(blobs[0], size=9), blobs[1]])
    assert run_id("Bänk & Söhne/", "f", {}).startswith("b-nk-s-hne-")
    assert run_id("銀行", "f", {}).startswith("documents-")
    assert len(run_id("x" * 300, "f", {})) <= 40
