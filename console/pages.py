"""The views: each asks the services for what its page shows, and fills a template with it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from console.evaluation import tables_of
from console.forms import fields_of
from console.render import page
from console.runs import timeline
from shared.bootstrap import services
from shared.errors import BlobNotFound, SpecError
from shared.raft.highlights import answer_pieces, source_pieces
from shared.spec import spec_schema

_RUNS = 50
_ROWS = 10
_LISTED = 500  # documents of a domain, or of a run, that a page offers one by one
_ROW_KEYS = ("id", "split", "kind", "question", "final")


@dataclass(frozen=True)
class Asked:
    """What a view is asked for. `live` gives an orchestration's custom status."""

    run: str
    query: Mapping[str, str]
    live: Callable[[str], Awaitable[Any]]

    def number(self, name: str) -> int:
        """A whole number of the query; raises SpecError."""
        text = self.query.get(name, "") or "0"
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise SpecError(name, "must be a whole number")
        return int(text)


View = Callable[[Asked], Awaitable[str]]


async def runs(asked: Asked) -> str:
    """The newest runs."""
    offset = asked.number("offset")
    found = await services().views.newest(_RUNS + 1, offset)
    return page(
        "runs",
        runs=found[:_RUNS],
        offset=offset,
        newer=max(0, offset - _RUNS),
        older=offset + _RUNS if len(found) > _RUNS else None,
    )


async def run(asked: Asked) -> str:
    """One run: what it does now, its stages, what it costs, and what may be decided."""
    view = await services().views.one(asked.run, asked.live)
    return page("run", tab="", run=view, stages=timeline(view))


async def dataset(asked: Asked) -> str:
    """Rows of the dataset, or what was dropped, by the page."""
    manifest = await services().runs.read(asked.run)
    query = asked.query
    verdict = query.get("verdict", "")
    narrow = {
        "kind": query.get("kind", ""),
        "document": query.get("document", ""),
        "offset": asked.number("offset"),
        "limit": _ROWS,
    }
    results = services().results
    dropped = await results.dropped(asked.run, code=verdict.removeprefix("dropped"), **narrow)
    found = dropped
    if not verdict:
        found = await results.rows(asked.run, split=query.get("split", ""), **narrow)
    rows = [_row(record) if not verdict else _dropped(record) for record in found["rows"]]
    return page(
        "dataset",
        tab="dataset",
        run={"run": asked.run, **{k: manifest[k] for k in ("domain", "state", "created")}},
        verdict=verdict,
        query={name: query.get(name, "") for name in ("split", "kind", "document")},
        found={**found, "rows": rows},
        codes=dropped["codes"],
        splits=found.get("splits", {}),
        documents=[each["name"] for each in manifest["documents"][:_LISTED]],
        limit=_ROWS,
    )


async def evaluation(asked: Asked) -> str:
    """Baseline against student, as far as scores.json tells."""
    manifest = await services().runs.read(asked.run)
    try:
        tables = tables_of(await services().results.scores(asked.run))
    except BlobNotFound:
        tables = None
    return page("evaluation", tab="evaluation", run=manifest, tables=tables)


async def ask(asked: Asked) -> str:
    """The form that asks."""
    return page("ask", tab="ask", run=await services().runs.read(asked.run))


async def answers(run: str, question: Any) -> str:
    """What both models answer."""
    said = await services().asking.ask(run, question)
    quotes = [quote for who in ("baseline", "student") for quote in said[who]["quotes"]]
    places = {document["chunk"]: at for at, document in enumerate(said["documents"], 1)}
    return page(
        "answers",
        said=said,
        answers=[
            {
                "who": who,
                "pieces": answer_pieces(said[who]["answer"]),
                "cited": sorted(
                    {places[each["chunk"]] for each in said[who]["quotes"] if each["chunk"]}
                ),
                "unfound": sum(each["chunk"] is None for each in said[who]["quotes"]),
            }
            for who in ("baseline", "student")
        ],
        documents=[
            {**document, "pieces": source_pieces(document["text"], _texts(quotes, document))}
            for document in said["documents"]
        ],
    )


async def compare(asked: Asked) -> str:
    """The next pair of answers to compare, what came of the others, and the run that uses them."""
    manifest = await services().runs.read(asked.run)
    shown = await services().blind.shown(asked.run)
    pair = shown["next"]
    if pair:
        pair = {
            **pair,
            "answers": {side: answer_pieces(text) for side, text in pair["answers"].items()},
        }
    return page(
        "compare",
        tab="compare",
        run=manifest,
        shown={**shown, "next": pair},
        follow_up=await services().blind.follow_up(asked.run),
        platform=manifest["spec"].get("student", {}).get("platform", ""),
    )


async def new(asked: Asked) -> str:
    """The form that starts a run: a domain's documents, and what the spec shall be."""
    domain = asked.query.get("domain", "")
    documents = services().documents
    blobs = await documents.blobs_of(domain) if domain else []
    return page(
        "new",
        domains=[] if domain else await documents.domains(),
        domain=domain,
        blobs=blobs[:_LISTED],
        left_out=max(0, len(blobs) - _LISTED),
        fields=fields_of(spec_schema()) if domain else [],
    )


_ID = r"(?P<run>[a-z0-9-]{1,64})"
_PAGES: tuple[tuple[re.Pattern[str], View], ...] = (
    (re.compile(r""), runs),
    (re.compile(r"new"), new),
    (re.compile(f"runs/{_ID}"), run),
    (re.compile(f"runs/{_ID}/dataset"), dataset),
    (re.compile(f"runs/{_ID}/evaluation"), evaluation),
    (re.compile(f"runs/{_ID}/ask"), ask),
    (re.compile(f"runs/{_ID}/compare"), compare),
)


def find(path: str) -> tuple[View, str] | None:
    """The view at a path below the console, and the run it is about ('' for none)."""
    for pattern, view in _PAGES:
        if match := pattern.fullmatch(path.strip("/")):
            return view, match.groupdict().get("run", "")
    return None


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: record[name] for name in _ROW_KEYS},
        "label": answer_pieces(record["label"]),
        "oracles": len(record["oracles"]),
        "documents": [
            {
                **document,
                "oracle": at in record["oracles"],
                "pieces": source_pieces(document["text"], record["quotes"]),
            }
            for at, document in enumerate(record["documents"])
        ],
    }


def _dropped(record: Mapping[str, Any]) -> dict[str, Any]:
    document, _, number = record["chunk"].rpartition("#")
    return {
        **record,
        "document": document,
        "number": number,
        "answer": answer_pieces(record["answer"]),
    }


def _texts(quotes: list[dict[str, Any]], document: Mapping[str, Any]) -> list[str]:
    return [quote["text"] for quote in quotes if quote["chunk"] == document["chunk"]]
