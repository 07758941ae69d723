"""What a run over so many pages will cost, and what an app costs while nobody uses it.

The calculator before there are documents: it guesses the chunks, and leaves the rest to the
estimate that a run makes of itself. Token and hosting prices are those of `costs.py`; the rates of
the resources around the models stand here, and only here. US dollars, list prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.contracts import Stage, StageCost
from shared.raft.costs import PriceTable
from shared.raft.estimates import Workload, estimate_run

RATES_SOURCE = "https://azure.microsoft.com/pricing/"
RATES_AS_OF = "2025-12, East US, from memory of those pages; not looked up since"
MONTH_HOURS = 730

# Measured on the samples: 48 pages of 436 tokens; `markdown` chunks of 512 are filled to 0.73.
PAGE_TOKENS = 440
_FILLED = 0.73
_CHECKING_HOURS = 0.1  # of the app's instances for a stage that only waits, in all
_CALL_SECONDS = 4.0  # of a model, of which so many are in flight on an instance:
_IN_FLIGHT = 16
_MEMORY_GB = 2.0
_GB_SECOND = 0.000026
_BLOB_GB_MONTH = 0.0184
_LOG_GB = 2.30
_LOG_FREE_GB = 5.0
_PRIVATE_ENDPOINT_HOUR = 0.01
_DNS_ZONE_MONTH = 0.50


@dataclass(frozen=True)
class RunQuote:
    """Expected cost of one run: chunks, stages by name, and what is paid besides."""

    chunks: int
    stages: Mapping[str, StageCost]
    app_usd: float
    hosting_usd: float

    @property
    def usd(self) -> float:
        """Everything."""
        return round(sum(stage.usd for stage in self.stages.values()) + self.besides, 2)

    @property
    def besides(self) -> float:
        """What is paid besides the stages: the app's instances, and hosting the student."""
        return self.app_usd + self.hosting_usd


@dataclass(frozen=True)
class Item:
    """Something that costs while nobody uses it, in dollars a month; `why` says of what."""

    what: str
    usd_month: float
    why: str


def chunks_of(pages: int, chunk_size: int) -> int:
    """Chunks that so many pages of running text are expected to give."""
    return round(pages * PAGE_TOKENS / (chunk_size * _FILLED))


def quote_run(
    chunks: int,
    chunk_size: int,
    work: Workload,
    models: Mapping[str, str],
    prices: PriceTable,
    *,
    sku: str = "DeveloperTier",
    hours: float = 24,
) -> RunQuote:
    """What a run over `chunks` costs, its student hosted for `hours` on `sku`.

    `models` names the model of each role, lower case, as for `estimate_run`.
    """
    sizes = [round(chunk_size * _FILLED)] * chunks
    work = replace(work, sku=sku, hosted_hours=hours)
    stages = dict(estimate_run(work, sizes, {**models, "student": work.student}, prices).stages)
    hosting = stages.pop(Stage.DEPLOY.value).usd
    calls = sum(stage.calls for stage in stages.values())
    instance_hours = calls * _CALL_SECONDS / _IN_FLIGHT / 3_600 + _CHECKING_HOURS
    app = round(instance_hours * 3_600 * _MEMORY_GB * _GB_SECOND, 4)
    return RunQuote(chunks, stages, app, hosting)


def at_rest(
    prices: PriceTable,
    *,
    student: str = "",
    sku: str = "DeveloperTier",
    stored_gb: float = 1,
    log_gb: float = 1,
    private: bool = False,
) -> tuple[Item, ...]:
    """What a month without runs costs; `student` names a fine-tuned model that stays deployed."""
    items = [
        Item("function app", 0.0, "scales to no instance; the sweeps are within the free grant"),
        Item("model deployments", 0.0, "paid by the token, not by the hour"),
        Item("storage", stored_gb * _BLOB_GB_MONTH, f"{stored_gb:g} GB of documents and runs"),
        Item(
            "logs",
            max(0.0, log_gb - _LOG_FREE_GB) * _LOG_GB,
            f"{log_gb:g} GB; the first {_LOG_FREE_GB:g} GB of a month are free",
        ),
    ]
    if private:
        endpoints = 4 * _PRIVATE_ENDPOINT_HOUR * MONTH_HOURS + 6 * _DNS_ZONE_MONTH
        items.append(Item("private endpoints", endpoints, "4 endpoints, 6 DNS zones"))
    if student:
        hosting = prices.hosting_cost(student, sku, MONTH_HOURS)
        items.append(Item("deployed student", hosting, f"{student} on {sku}, used or not"))
    return tuple(Item(item.what, round(item.usd_month, 2), item.why) for item in items)
