"""From blobs to chunks: who is asked for, what each document becomes, what is counted once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.contracts import Outcome, OutcomeStatus
from shared.errors import SpecError
from shared.services.documents import document_facts
from tests.shared.services.world import World, story

TWO = {"bank/1.pdf": story(1), "bank/2.pdf": story(2)}


@pytest.fixture
def world() -> World:
    return World()


def record(world: World, run: str, index: int) -> dict[str, Any]:
    """What ingest wrote of a document."""
    data = json.loads(world.blobs.blobs[f"{run}/documents/{index:05}.json"][0])
    assert isinstance(data, dict)
    return data


async def chunks(world: World, run: str) -> list[dict[str, Any]]:
    return await world.shards.all(f"{run}/chunks")


async def test_a_domain_is_a_folder_or_a_file_at_the_root(world: World) -> None:
    files = ("bank/1.pdf", "bank/deep/2.pdf", "bank2/3.pdf", "bank.pdf", "bank/")
    await world.upload(dict.fromkeys(files, "text"))
    assert await world.documents.domains() == ["bank", "bank.pdf", "bank2"]
    of_bank = [blob.name for blob in await world.documents.blobs_of("bank")]
    assert of_bank == ["bank/1.pdf", "bank/deep/2.pdf"]
    assert [blob.name for blob in await world.documents.blobs_of("bank.pdf")] == ["bank.pdf"]


async def test_a_survey_changes_with_any_version_and_counts_documents_only(world: World) -> None:
    await world.upload({**TWO, "bank/raft.yaml": "seed: 1"})
    first = await world.documents.survey("bank")
    assert first.documents == 2
    assert await world.documents.survey("bank") == first
    await world.upload({"bank/raft.yaml": "seed: 2"})
    assert (await world.documents.survey("bank")).fingerprint != first.fingerprint
    assert (await world.documents.survey("none")).documents == 0


async def test_names_and_prefixes_bring_the_domains_spec_along(world: World) -> None:
    await world.upload({**TWO, "bank/deep/3.pdf": "x", "bank/raft.yaml": ""})
    for names, prefix, expected in (
        (["bank/2.pdf"], None, ["bank/2.pdf", "bank/raft.yaml"]),
        (None, "bank/deep/", ["bank/deep/3.pdf", "bank/raft.yaml"]),
    ):
        domain, blobs = await world.documents.asked_for(names, prefix)
        assert domain == "bank"
        assert [blob.name for blob in blobs] == expected


@pytest.mark.parametrize(
    ("names", "prefix", "field"),
    [
        (None, None, "documents"),
        (["bank/1.pdf"], "bank/", "documents"),
        ([], None, "documents"),
        (["bank/1.pdf", 3], None, "documents"),
        (["bank/none.pdf"], None, "documents[0]"),
        (["bank/1.pdf", "shop/1.pdf"], None, "documents[1]"),
        (None, "shop/", "prefix"),
        (None, "/", "prefix"),
        (None, "", "prefix"),
        (None, "a" * 1_025, "prefix"),
    ],
)
async def test_what_cannot_be_taken_is_named(
    world: World, names: Any, prefix: Any, field: str
) -> None:
    await world.upload(TWO)
    with pytest.raises(SpecError) as caught:
        await world.documents.asked_for(names, prefix)
    assert caught.value.field == field


async def test_a_document_becomes_chunks_with_pages(world: World) -> None:
    run = await world.start({"bank/1.pdf": f"{story(1, 5)}\fOther words stand here.\f"})
    (outcome,) = await world.ingest(run)
    assert outcome.status is OutcomeStatus.OK
    assert outcome.counts["pages"] == 3
    assert outcome.counts["pages_without_text"] == 1
    made = await chunks(world, run)
    assert len(made) == world.chunks == outcome.counts["chunks"]
    assert {chunk["document"] for chunk in made} == {"bank/1.pdf"}
    assert made[0]["pages"][0] == 1
    assert made[-1]["pages"][-1] == 2
    assert all(0 < chunk["tokens"] <= 64 for chunk in made)
    assert record(world, run, 0)["pages_without_text"] == [3]


async def test_reading_a_document_again_writes_the_same_bytes(world: World) -> None:
    run = await world.start(TWO)
    first = await world.ingest(run)
    before = {name: data for name, (data, _) in world.blobs.blobs.items()}
    assert await world.ingest(run) == first
    assert {name: data for name, (data, _) in world.blobs.blobs.items()} == before


@pytest.mark.parametrize("code", ["encrypted", "damaged", "no_text", "too_slow"])
async def test_a_document_that_cannot_be_read_costs_itself_only(world: World, code: str) -> None:
    run = await world.start({"bank/1.pdf": f"!{code}", "bank/2.pdf": story(2)})
    bad, good = await world.ingest(run)
    assert (bad.status, bad.counts) == (OutcomeStatus.FAILED, {f"document_{code}": 1})
    assert "bank/1.pdf" in bad.reason
    assert good.status is OutcomeStatus.OK
    assert {chunk["document"] for chunk in await chunks(world, run)} == {"bank/2.pdf"}
    problems = [fact["problem"] for fact in await document_facts(world.blobs, run, 2)]
    assert problems == [bad.reason, ""]


async def test_a_kind_that_is_not_read_is_rejected_and_not_failed(world: World) -> None:
    run = await world.start({"bank/1.PDF": story(1), "bank/2.docx": "PK"})
    upper, other = await world.ingest(run)
    assert upper.status is OutcomeStatus.OK
    assert (other.status, other.counts) == (OutcomeStatus.REJECTED, {"document_unsupported": 1})


async def test_a_document_that_changed_after_the_claim_is_not_read(world: World) -> None:
    run = await world.start(TWO)
    await world.upload({"bank/1.pdf": "another text"})
    del world.uploads.blobs["bank/2.pdf"]
    codes = [outcome.counts for outcome in await world.ingest(run)]
    assert codes == [{"document_replaced": 1}, {"document_deleted": 1}]
    assert world.chunks == 0


async def test_a_document_whose_item_broke_costs_itself_only(world: World) -> None:
    """The activity turns the exception into a failed outcome; nothing was written then."""
    run = await world.start({"bank/1.pdf": "crash", "bank/2.pdf": story(2)})
    with pytest.raises(RuntimeError):
        await world.documents.ingest(run, 0)
    good: Outcome = await world.documents.ingest(run, 1)
    collected = await world.documents.collect(run)
    assert collected.count == good.counts["chunks"] > 0
    broken, fine = await document_facts(world.blobs, run, 2)
    assert broken["problem"] and not broken["chunks"]
    assert fine["name"] == "bank/2.pdf"


async def test_a_text_that_stands_in_two_documents_is_taken_once(world: World) -> None:
    run = await world.start({"bank/1.pdf": story(1), "bank/copy.pdf": story(1)})
    first, copy = await world.ingest(run)
    step = await world.documents.collect(run)
    assert step.count == first.counts["chunks"] == copy.counts["chunks"]
    assert step.counts == {"repeated_chunks": copy.counts["chunks"]}
    assert len({chunk["id"] for chunk in await chunks(world, run)}) == step.count
