"""From the documents container to a run's chunks: survey, ingest one document, collect all."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from shared.contracts import Outcome, OutcomeStatus, Step, Survey
from shared.errors import BlobNotFound, DocumentError, ModelError, RunStopped, SpecError
from shared.ports import BlobInfo, BlobStore
from shared.raft.answers import squash
from shared.raft.documents import BY_VISION, doctype_of
from shared.raft.formats import to_json
from shared.raft.transcripts import TRANSCRIPT_VERSION
from shared.services.cutting import Cut, Cutter
from shared.services.runs import Runs, fingerprint_of, is_spec_file
from shared.services.shards import Shards
from shared.services.work import WorkStore

_NAME_CHARACTERS = 1_024


class Documents:
    """Use cases on documents."""

    def __init__(
        self,
        documents: BlobStore,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        cutter: Cutter,
        work: WorkStore,
    ) -> None:
        self._documents = documents
        self._runs = runs
        self._records = records
        self._shards = shards
        self._cutter = cutter
        self._work = work

    @staticmethod
    def domain_of(name: str) -> str:
        """The domain of a blob: its first folder, or itself at the container's root."""
        return name.partition("/")[0]

    async def blobs_of(self, domain: str) -> list[BlobInfo]:
        """The domain's blobs: those of its folder, or the one file at the container's root."""
        blobs = await self._documents.listing(domain)
        return [
            blob
            for blob in blobs
            if blob.name == domain
            or (blob.name.startswith(f"{domain}/") and not blob.name.endswith("/"))
        ]

    async def domains(self) -> list[str]:
        """All domains, by name."""
        return sorted({self.domain_of(blob.name) for blob in await self._documents.listing()})

    async def asked_for(self, names: Any, prefix: Any) -> tuple[str, list[BlobInfo]]:
        """The domain and blobs that a request names, with the domain's raft.yaml.

        Raises SpecError naming the field, and for documents the first that cannot be taken.
        """
        if (names is None) == (prefix is None):
            raise SpecError("documents", "give either documents or prefix")
        if prefix is not None:
            if not _is_name(prefix) or not prefix.strip("/"):
                raise SpecError("prefix", "must be the name of a folder of documents")
            domain = self.domain_of(prefix)
            blobs = await self.blobs_of(domain)
            taken = [b for b in blobs if b.name.startswith(prefix) or is_spec_file(b.name)]
            if not any(not is_spec_file(blob.name) for blob in taken):
                raise SpecError("prefix", f"there are no documents under {prefix}")
            return domain, taken
        if not isinstance(names, list) or not names or not all(map(_is_name, names)):
            raise SpecError("documents", "must be a list of blob names")
        domain = self.domain_of(names[0])
        there = {blob.name: blob for blob in await self.blobs_of(domain)}
        for index, name in enumerate(names):
            if self.domain_of(name) != domain:
                raise SpecError(f"documents[{index}]", f"{name} is not in the domain {domain}")
            if name not in there:
                raise SpecError(f"documents[{index}]", f"there is no blob {name} in documents")
        return domain, [b for b in there.values() if b.name in names or is_spec_file(b.name)]

    async def survey(self, domain: str) -> Survey:
        """What is in the domain's folder now."""
        blobs = await self.blobs_of(domain)
        documents = [blob for blob in blobs if not is_spec_file(blob.name)]
        return Survey(domain, fingerprint_of(blobs), len(documents))

    async def ingest(self, run: str, index: int) -> Outcome:
        """Read and chunk one document of the run; a document that cannot be read is an outcome."""
        context = await self._records.context(run)
        document = context.documents[index]
        name = str(document["name"])
        calls = self._work.item(run, f"ingest/{index}")
        cut = Cut([], [], [])
        problem = code = ""
        fatal = False
        try:
            doctype = doctype_of(name, context.spec.doctype)
            data = await self._read(name, str(document["etag"]))
            cut = await self._cutter.cut(data, name, doctype, context.spec, calls)
        except (DocumentError, ModelError, RunStopped, SpecError) as error:
            problem, code, fatal = error.reason, error.code, error.fatal
        unread = [page.number for page in cut.pages if not page.text.strip()]
        by_vision = [page.number for page in cut.pages if page.read_by == BY_VISION]
        record = {
            "name": name,
            "etag": document["etag"],
            "problem": problem,
            "code": code,
            "pages_without_text": unread,
            "pages_by_vision": by_vision,
            "poor_pages": {str(number): why for number, why in cut.poor.items()},
            "transcripts": TRANSCRIPT_VERSION if by_vision else "",
            "notes": cut.notes,
            "pages": [asdict(page) for page in cut.pages],
            "chunks": [asdict(chunk) for chunk in cut.chunks],
        }
        ref = document_name(run, index)
        await self._runs.put(ref, to_json(record))
        if code:
            status = OutcomeStatus.REJECTED if code == "unsupported" else OutcomeStatus.FAILED
            counts = {f"document_{code}": 1}
            return Outcome(name, status, problem, ref, fatal, counts, calls.spend)
        counts = {
            "pages": len(cut.pages),
            "pages_without_text": len(unread),
            "pages_by_vision": len(by_vision),
            "pages_poor": len(cut.poor),
            "chunks": len(cut.chunks),
        }
        counts = {name: count for name, count in counts.items() if count}
        return Outcome(name, ref=ref, counts=counts, spend=calls.spend)

    async def collect(self, run: str) -> Step:
        """Bring the documents' chunks together, each text once, in shards for the fan-out."""
        context = await self._records.context(run)
        chunks: list[dict[str, Any]] = []
        repeated = 0
        seen: set[str] = set()
        for index in range(len(context.documents)):
            record = await _record(self._runs, run, index)
            for chunk in record["chunks"]:
                text = squash(chunk["text"])
                if text in seen:
                    repeated += 1
                    continue
                seen.add(text)
                chunks.append(chunk)
        await self._shards.write(chunks_prefix(run), chunks)
        return Step(len(chunks), chunks_prefix(run), {"repeated_chunks": repeated})

    async def _read(self, name: str, etag: str) -> bytes:
        try:
            data, now = await self._documents.read_versioned(name)
        except BlobNotFound:
            raise DocumentError("deleted", f"{name} was deleted after the run began") from None
        if now.strip('"') != etag.strip('"'):
            raise DocumentError("replaced", f"{name} was replaced after the run began")
        return data


def document_name(run: str, index: int) -> str:
    """Where a document's text and chunks are."""
    return f"{run}/documents/{index:05}.json"


def _is_name(value: Any) -> bool:
    """Whether a blob can have this name; the storage service fails on what cannot be one."""
    if not isinstance(value, str) or not 0 < len(value) <= _NAME_CHARACTERS:
        return False
    return min(value) >= " "


def chunks_prefix(run: str) -> str:
    """Where a run's chunks are."""
    return f"{run}/chunks"


async def _record(runs: BlobStore, run: str, index: int) -> Any:
    """A document as it was read; an empty one when its item failed before it could write."""
    try:
        return json.loads(await runs.read(document_name(run, index)))
    except BlobNotFound:
        problem = "it was not read, for a reason of our own"
        nothing: dict[str, Any] = {"pages": [], "chunks": [], "pages_without_text": []}
        return {"name": f"document {index}", "problem": problem, **nothing}


async def document_facts(runs: BlobStore, run: str, count: int) -> list[dict[str, Any]]:
    """What became of each of the run's documents, without their text."""
    facts = []
    for index in range(count):
        record = await _record(runs, run, index)
        facts.append(
            {
                "name": record["name"],
                "pages": len(record["pages"]),
                "chunks": len(record["chunks"]),
                "problem": record["problem"],
                "pages_without_text": record["pages_without_text"],
                "pages_by_vision": len(record.get("pages_by_vision", [])),
                "poor_pages": [int(number) for number in record.get("poor_pages", {})],
            }
        )
    return facts
