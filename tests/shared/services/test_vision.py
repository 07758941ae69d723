"""Pages read by their pictures: which, what it costs, what one failure costs, and without a model.

Real PDFs, the real reader and renderer, and the stand-in of the VISION model over HTTP.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from shared.adapters.chat import OpenAIChat
from shared.adapters.pdf_pictures import PdfPictures
from shared.adapters.readers import Readers
from shared.contracts import Outcome, OutcomeStatus
from shared.errors import ContentFiltered
from shared.ports import Chat, PageRenderer, Reply
from shared.services.cutting import Cutter
from shared.services.documents import Documents, document_facts
from shared.services.vision import SET_VISION, PageVision
from tests.local.models.support import Server
from tests.pdfs import prose, scanned_pdf
from tests.shared.services.fakes import LetterVectors, ScriptedChat, WordTokenizer
from tests.shared.services.world import SPEC, World
from tests.shared.support import endpoint

LETTER = Path("samples/bank/fees-and-charges.pdf").read_bytes()
LAST = 7  # the page of the letter that is a scan
NAME = "bank/1.pdf"


@pytest.fixture
async def chat(models: Server) -> AsyncIterator[OpenAIChat]:
    made = OpenAIChat(
        endpoint(models.url, "vision"),
        deployment="vision",
        concurrency=asyncio.Semaphore(8),
        timeout=120,
        attempts=1,
    )
    yield made
    await made.close()


def scan(text: str) -> io.BytesIO:
    """A picture of a few words."""
    picture = Image.new("L", (900, 300), 250)
    ImageDraw.Draw(picture).text((60, 110), text, font=ImageFont.load_default(44), fill=20)
    out = io.BytesIO()
    picture.save(out, "PNG")
    out.seek(0)
    return out


def mixed_pdf(*scans: str) -> bytes:
    """A page of text, pages that are pictures of words, and a blank one."""
    pdf = FPDF(format=(180, 60))
    pdf.set_font("helvetica", size=7)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.multi_cell(0, 4, prose(1, 2))
    for text in scans:
        pdf.add_page()
        pdf.image(scan(text), x=0, y=0, w=180, h=60)
    pdf.add_page()
    return bytes(pdf.output())


class NoPictures:
    """A renderer for which no page can be drawn."""

    async def render(self, data: bytes, numbers: Sequence[int]) -> dict[int, bytes]:
        return {}


async def started(
    data: bytes,
    model: Chat | None,
    world: World | None = None,
    renderer: PageRenderer | None = None,
    **spec: Any,
) -> tuple[World, str]:
    """A prepared run over one PDF whose documents are read by real parts."""
    world = world or World()
    await world.uploads.put(NAME, data)
    vision = PageVision(lambda: model, renderer or PdfPictures()) if model else None
    cutter = Cutter(Readers(), WordTokenizer(), LetterVectors, vision)
    common = (world.uploads, world.blobs, world.records, world.shards)
    world.documents = Documents(*common, cutter, world.work)
    blobs = await world.documents.blobs_of("bank")
    claim = await world.records.claim("bank", blobs, {**SPEC, **spec})
    await world.records.prepare(claim.run)
    return world, claim.run


async def ingested(*of: Any, **more: Any) -> tuple[Outcome, dict[str, Any]]:
    """The outcome of the one document, and its record."""
    world, run = await started(*of, **more)
    outcome = await world.documents.ingest(run, 0)
    return outcome, record_of(world, run)


def record_of(world: World, run: str) -> dict[str, Any]:
    record = json.loads(world.blobs.blobs[f"{run}/documents/00000.json"][0])
    assert isinstance(record, dict)
    return record


def billed(models: Server) -> dict[str, int]:
    none = {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
    return dict(models.admin("ledger")["deployments"].get("vision", none))


async def test_only_poor_pages_are_shown_and_paid_once(models: Server, chat: OpenAIChat) -> None:
    data = mixed_pdf("The ferry leaves at nine", "Keep this letter")
    world, run = await started(data, chat)
    outcome = await world.documents.ingest(run, 0)
    record = record_of(world, run)
    assert [page["read_by"] for page in record["pages"]] == ["pdfium", "vision", "vision", "pdfium"]
    assert [page["number"] for page in record["pages"]] == [1, 2, 3, 4]
    assert "ferry leaves at nine" in record["pages"][1]["text"]
    assert "Keep this letter" in record["pages"][2]["text"]
    assert (record["pages_by_vision"], record["pages_without_text"]) == ([2, 3], [4])
    assert record["poor_pages"] == {}
    assert outcome.counts["pages_by_vision"] == 2
    assert any(2 in chunk["pages"] and "ferry" in chunk["text"] for chunk in record["chunks"])
    spend = outcome.spend
    paid = billed(models)
    assert (spend.calls, spend.prompt_tokens) == (paid["calls"], paid["prompt_tokens"])
    assert spend.completion_tokens == paid["completion_tokens"]
    assert paid["calls"] == 2
    (fact,) = await document_facts(world.blobs, run, 1)
    assert fact["pages_by_vision"] == 2

    assert await world.documents.ingest(run, 0) == outcome
    other, _ = await ingested(data, chat, world, chunk_size=80)
    assert (other.spend.calls, other.spend.reused) == (0, 2)
    assert billed(models) == paid


async def test_vision_reads_all_pages_that_show_something(models: Server, chat: OpenAIChat) -> None:
    outcome, record = await ingested(mixed_pdf("Signed in March"), chat, reading="vision")
    assert [page["read_by"] for page in record["pages"]] == ["vision", "vision", "pdfium"]
    assert "Meadow" in record["pages"][0]["text"]
    assert outcome.spend.calls == billed(models)["calls"] == 2


async def test_reading_text_asks_nobody(models: Server, chat: OpenAIChat) -> None:
    outcome, record = await ingested(mixed_pdf("Signed in March"), chat, reading="text")
    assert billed(models)["calls"] == outcome.spend.calls == 0
    assert record["pages_without_text"] == [2, 3]
    assert record["poor_pages"] == {"2": "it is a picture without text"}
    assert SET_VISION not in " ".join(record["notes"])


async def test_without_a_model_poor_pages_are_named_with_what_to_set() -> None:
    world, run = await started(mixed_pdf("Signed in March"), None)
    outcome, record = await world.documents.ingest(run, 0), record_of(world, run)
    (fact,) = await document_facts(world.blobs, run, 1)
    assert (fact["poor_pages"], fact["pages_by_vision"]) == ([2], 0)
    assert (outcome.status, outcome.counts["pages_poor"]) == (OutcomeStatus.OK, 1)
    assert record["pages_without_text"] == [2, 3]
    assert "page 2: it is a picture without text" in record["notes"]
    assert SET_VISION in record["notes"][-1]


async def test_a_good_document_without_a_model_has_no_notes() -> None:
    _, record = await ingested(mixed_pdf(), None)
    assert (record["notes"], record["poor_pages"]) == ([], {})


async def test_a_scanned_document_without_a_model_is_refused_in_the_same_words() -> None:
    outcome, record = await ingested(scanned_pdf(2), None)
    assert (outcome.status, record["code"]) == (OutcomeStatus.FAILED, "no_text")
    assert f"{NAME} has 2 pages and none holds text: it may be scanned" in outcome.reason
    assert SET_VISION in outcome.reason
    outcome, _ = await ingested(scanned_pdf(2), None, reading="text")
    assert outcome.reason.endswith("it may be scanned")


async def test_vision_asked_for_without_a_model_names_the_field() -> None:
    outcome, record = await ingested(mixed_pdf(), None, reading="vision")
    assert (outcome.status, record["code"]) == (OutcomeStatus.FAILED, "bad_spec")
    assert outcome.reason.startswith("reading: ")
    assert SET_VISION in outcome.reason


async def test_a_wholly_scanned_document_is_read(chat: OpenAIChat) -> None:
    pdf = FPDF(format=(180, 60))
    pdf.add_page()
    pdf.image(scan("The ferry leaves at nine"), x=0, y=0, w=180, h=60)
    outcome, record = await ingested(bytes(pdf.output()), chat)
    assert (outcome.status, outcome.counts["chunks"]) == (OutcomeStatus.OK, 1)
    assert "ferry" in record["chunks"][0]["text"]


async def test_pictures_without_words_are_no_text(chat: OpenAIChat) -> None:
    outcome, record = await ingested(scanned_pdf(2), chat)
    assert record["code"] == "no_text"
    assert "found none in its pictures" in outcome.reason


async def test_a_page_that_fails_costs_that_page(models: Server, chat: OpenAIChat) -> None:
    models.fault("server_error", "vision", count=1)
    data = mixed_pdf("The ferry leaves at nine", "Keep this letter")
    outcome, record = await ingested(data, chat)
    assert outcome.status is OutcomeStatus.OK
    assert len(record["pages_by_vision"]) == outcome.counts["pages_poor"] == 1
    (lost,) = {2, 3} - set(record["pages_by_vision"])
    assert record["pages"][lost - 1]["problem"]
    assert record["pages_without_text"] == [lost, 4]
    assert any(
        note.startswith(f"page {lost} was not read by the VISION model") for note in record["notes"]
    )


async def test_replies_that_are_no_text_are_asked_for_twice(
    models: Server, chat: OpenAIChat
) -> None:
    models.fault("malformed", "vision")
    outcome, record = await ingested(LETTER, chat)
    assert outcome.status is OutcomeStatus.OK
    assert record["pages_without_text"] == [LAST]
    assert "the reply is no text" in record["pages"][LAST - 1]["problem"]
    assert outcome.spend.calls == billed(models)["calls"] == 2
    models.admin("faults", "DELETE")
    models.fault("malformed", "vision", count=1)
    outcome, record = await ingested(LETTER, chat)
    assert (record["pages_by_vision"], outcome.spend.calls) == ([LAST], 2)
    assert "Idris Calloway" in record["pages"][LAST - 1]["text"].replace("ldris", "Idris")
    under = {
        chunk["heading"].split(" > ")[-1] for chunk in record["chunks"] if LAST in chunk["pages"]
    }
    assert "Notice from the Pellwick branch" in under


async def test_a_model_that_refuses_us_is_fatal(models: Server, chat: OpenAIChat) -> None:
    models.fault("unauthorized", "vision")
    world, run = await started(mixed_pdf("One", "Two"), chat)
    outcome = await world.documents.ingest(run, 0)
    assert (outcome.status, outcome.fatal) == (OutcomeStatus.FAILED, True)
    asked = billed(models)["calls"]
    again = await world.documents.ingest(run, 0)
    assert (again.fatal, billed(models)["calls"]) == (True, asked)


@pytest.mark.parametrize(
    "reply",
    [
        "[empty page]",
        "I'm sorry, I can't help with that.",
        Reply("Half of the pa", "gpt-4o", "length"),
        Reply("Half of the pa", "gpt-4o", "content_filter"),
        ContentFiltered("the filter refused the prompt"),
    ],
    ids=["empty", "declined", "cut off", "filtered", "refused"],
)
async def test_a_page_keeps_its_good_text_layer(reply: Any) -> None:
    outcome, record = await ingested(mixed_pdf(), ScriptedChat(lambda _: reply), reading="vision")
    (first, _) = record["pages"]
    assert (first["read_by"], first["problem"]) == ("pdfium", "")
    assert "Meadow" in first["text"]
    assert first["note"].startswith("page 1")
    assert record["notes"] == [first["note"]]
    assert "pages_by_vision" not in outcome.counts


async def test_a_page_that_cannot_be_drawn_says_so() -> None:
    model = ScriptedChat(lambda _: "never asked")
    _, record = await ingested(mixed_pdf("Signed"), model, renderer=NoPictures())
    assert record["pages"][1]["problem"] == "it cannot be drawn"
    assert model.requests == []


async def test_many_pages_are_drawn_in_batches_and_keep_their_place() -> None:
    sizes: list[int] = []

    class Numbered:
        async def render(self, data: bytes, numbers: Sequence[int]) -> dict[int, bytes]:
            sizes.append(len(numbers))
            return {number: b"picture %d" % number for number in numbers}

    model = ScriptedChat(lambda _: "Words of a page.")
    _, record = await ingested(mixed_pdf(*["x"] * 40), model, renderer=Numbered())
    assert record["pages_by_vision"] == list(range(2, 42))
    assert sum(sizes) == len(model.requests) == 40
    assert max(sizes) == 16
    assert len({request.image for request in model.requests}) == 40
