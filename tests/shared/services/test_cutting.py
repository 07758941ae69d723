"""From a spec to chunks: which reader, which chunking, what is paid, what stays to the last row."""

from __future__ import annotations

import json

from shared.contracts import OutcomeStatus
from shared.services.documents import document_facts
from tests.shared.services.world import World, story


async def test_semantic_chunking_pays_for_vectors_once() -> None:
    world = World()
    run = await world.start(chunking="semantic")
    (first,) = await world.ingest(run)
    assert first.status is OutcomeStatus.OK
    assert first.spend.calls > 0
    (again,) = await world.ingest(run)
    assert again == first
    other = await world.start(chunking="semantic", seed=8)
    (reused,) = await world.ingest(other)
    assert (reused.spend.calls, reused.spend.reused) == (0, first.spend.calls)


async def test_other_chunkings_pay_nothing() -> None:
    for chunking in ("tokens", "markdown"):
        world = World()
        (outcome,) = await world.ingest(await world.start(chunking=chunking))
        assert outcome.spend.calls == 0
        assert world.chunks > 1


async def test_a_stopped_run_asks_for_no_vectors() -> None:
    world = World()
    run = await world.start(chunking="semantic")
    await world.stops.stop(run, "enough")
    (outcome,) = await world.ingest(run)
    assert (outcome.status, outcome.fatal) == (OutcomeStatus.FAILED, True)
    assert outcome.spend.calls == 0


async def test_each_file_is_read_by_its_name_unless_the_spec_says_otherwise() -> None:
    files = {"bank/1.md": story(1), "bank/2.txt": story(2), "bank/3.docx": story(3)}
    world = World()
    outcomes = await world.ingest(await world.start(files))
    ok, rejected = OutcomeStatus.OK, OutcomeStatus.REJECTED
    assert [outcome.status for outcome in outcomes] == [ok, ok, rejected]
    world = World()
    outcomes = await world.ingest(await world.start(files, doctype="txt"))
    assert [outcome.status for outcome in outcomes] == [ok, ok, ok]


async def test_an_endpoint_of_an_api_is_one_chunk() -> None:
    world = World()
    files = {"bank/api.json": "first entry\fsecond " + "entry of words. " * 60}
    run = await world.start(files, doctype="api")
    await world.ingest(run)
    assert world.chunks == 2
    (fact,) = await document_facts(world.blobs, run, 1)
    assert fact["problem"] == ""


async def test_pages_and_headings_stay_to_the_last_row() -> None:
    world = World()
    parts = story(1).split("\n\n")
    text = "\n\n".join(f"# Chapter {n}\n\n{part}" for n, part in enumerate(parts))
    run = await world.start({"bank/1.md": text})
    await world.ingest(run)
    await world.generate(run)
    await world.fan_in(run)
    rows = world.blobs.blobs[f"{run}/dataset/rows.jsonl"][0].decode().splitlines()
    shown = [document for row in rows for document in json.loads(row)["documents"]]
    assert shown
    for document in shown:
        assert document["document"] == "bank/1.md"
        assert document["pages"] == [1]
        assert document["heading"].startswith("Chapter ")
