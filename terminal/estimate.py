"""`raft estimate`: what a run over so many pages would cost, before anything is started."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from local.azurite import ROOT
from shared.raft.calculator import PAGE_TOKENS, at_rest, chunks_of, quote_run
from shared.raft.costs import PriceTable
from shared.services.estimating import workload_of
from shared.services.runs import SPEC_FILE
from shared.settings import Settings, read_settings
from shared.spec import RunSpec, parse_spec, parse_spec_yaml
from terminal.exits import CliError, Exit
from terminal.running import files_of

_MODELS = ROOT / "infra" / "models.yaml"
_PRICED = ("teacher", "judge", "baseline", "embedding")  # besides the student
_CHARACTERS = 4  # of English text to a token
_TEMPORARY = "DeveloperTier"  # Azure removes it after 24 hours


def estimated(
    documents: Sequence[Path],
    pages: int | None,
    layers: Sequence[Mapping[str, Any]],
    hours: float | None,
) -> dict[str, Any]:
    """Dollars of a run by stage, of the app, of hosting, and a month at rest.

    The spec is as for `raft run`: the documents' raft.yaml, then `layers`. Raises CliError without
    pages and documents, SpecError on a wrong spec or price.
    """
    if pages is None and not documents:
        raise CliError(Exit.USAGE, "give --pages, or DOCS whose pages are counted")
    files = files_of(documents) if documents else []
    spec = _spec(files, layers)
    if pages is None:
        pages = sum(_pages(path) for path in files if path.name != SPEC_FILE)
    settings = read_settings(os.environ)
    prices = PriceTable(settings.prices)
    models = {**_models(settings), "student": spec.student.model}
    work = workload_of(spec)
    deployed = work.hosted_hours > 0
    hosted = work.hosted_hours if hours is None or not deployed else hours
    chunks = chunks_of(pages, spec.chunk_size)
    sku = spec.deployment.sku
    quote = quote_run(chunks, spec.chunk_size, work, models, prices, sku=sku, hours=hosted)
    deployment = spec.deployment
    stays = deployed and deployment.keep != "never" and deployment.ttl_hours is None
    student = spec.student.model if stays and sku != _TEMPORARY else ""
    unpriced = {role for role, model in models.items() if prices.price_of(model) is None}
    if not spec.student.billed_by_token:
        unpriced.add("student")
    return {
        "pages": pages,
        "chunks": quote.chunks,
        "models": models,
        "stages": {name: asdict(stage) for name, stage in quote.stages.items()},
        "app_usd": quote.app_usd,
        "hosting": {"hours": hosted, "sku": sku if deployed else "", "usd": quote.hosting_usd},
        "usd": quote.usd,
        "at_rest": [asdict(item) for item in at_rest(prices, student=student, sku=sku)],
        "without_price": sorted(unpriced),
        "prices": prices.source,
    }


def estimate_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The estimate as people read it."""
    yield f"A run over {found['pages']:,} pages, about {found['chunks']:,} chunks:"
    for name, stage in found["stages"].items():
        if stage["calls"]:
            yield _line(name, stage["usd"], _stage_words(name, stage))
    yield _line("app", found["app_usd"], "its instances while they work")
    hosting = found["hosting"]
    place = f"{hosting['hours']:g} h on {hosting['sku']}" if hosting["sku"] else "not deployed"
    yield _line("hosting", hosting["usd"], place)
    yield _line("in all", found["usd"])
    yield ""
    yield "At rest, a month:"
    for item in found["at_rest"]:
        yield _line(item["what"], item["usd_month"], item["why"])
    yield _line("in all", sum(item["usd_month"] for item in found["at_rest"]))
    yield ""
    for role in found["without_price"]:
        yield f"Not in it: {role} {found['models'][role]}, which has no price by the token here."
    yield f"A guess at list prices: {found['prices']}"


def _line(what: str, usd: float, why: str = "") -> str:
    return f"  {what:<18} {f'${usd:,.2f}':>10}  {why}".rstrip()


def _stage_words(name: str, stage: Mapping[str, Any]) -> str:
    if name == "train":
        return f"{stage['prompt_tokens']:,} tokens trained on"
    return f"{stage['calls']:,} calls"


def _spec(files: Sequence[Path], layers: Sequence[Mapping[str, Any]]) -> RunSpec:
    given = [
        parse_spec_yaml(path.read_text("utf-8", "replace"), path.name)
        for path in files
        if path.name == SPEC_FILE
    ]
    return parse_spec(*given, *layers)


def _pages(path: Path) -> int:
    """Pages of a PDF; of another file, what its characters would fill."""
    if path.suffix.lower() != ".pdf":
        return ceil(path.stat().st_size / (PAGE_TOKENS * _CHARACTERS))
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        return len(PdfReader(path).pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError):
        raise CliError(Exit.USAGE, f"{path} cannot be read as a PDF: give --pages") from None


def _models(settings: Settings) -> dict[str, str]:
    """Model of each role: what the settings name, else what a deployment prefers."""
    preferred = yaml.safe_load(_MODELS.read_text(encoding="utf-8"))["preferred"]
    models = {role: str(preferred[role]).partition("@")[0] for role in _PRICED}
    for role, endpoint in settings.models.items():
        if endpoint.configured and role.value.lower() in models:
            models[role.value.lower()] = endpoint.model or endpoint.deployment
    return models
