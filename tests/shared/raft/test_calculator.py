"""The calculator agrees with the estimate of a run and with the price table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.raft.calculator import MONTH_HOURS, at_rest, chunks_of, quote_run
from shared.raft.costs import LIST_PRICES, PriceTable
from shared.raft.estimates import Workload, estimate_run
from shared.services.estimating import workload_of
from shared.spec import RunSpec

MODELS = {
    "teacher": "gpt-4.1",
    "judge": "gpt-4o",
    "baseline": "gpt-4o-mini",
    "embedding": "text-embedding-3-large",
}
PRICES = PriceTable()


@pytest.fixture
def work() -> Workload:
    return workload_of(RunSpec())


def test_pages_become_the_chunks_that_the_samples_became() -> None:
    """48 pages of the samples gave 56 chunks of 512 tokens."""
    assert abs(chunks_of(48, 512) - 56) <= 1
    assert chunks_of(0, 512) == 0
    assert chunks_of(48, 256) == pytest.approx(2 * chunks_of(48, 512), abs=1)


def test_a_quote_is_the_estimate_of_its_chunks_and_what_is_paid_besides(work: Workload) -> None:
    quote = quote_run(100, 512, work, MODELS, PRICES)
    models = {**MODELS, "student": work.student}
    stages = dict(estimate_run(work, [374] * 100, models, PRICES).stages)
    del stages["deploy"]  # what hosting costs is told apart
    assert quote.stages == stages
    assert quote.hosting_usd == 0
    assert 0 < quote.app_usd < 1
    expected = sum(stage.usd for stage in stages.values()) + quote.app_usd
    assert quote.usd == pytest.approx(expected, abs=0.005)


def test_hosting_is_paid_by_the_hour_on_other_skus(work: Workload) -> None:
    day = quote_run(10, 512, work, MODELS, PRICES, sku="Standard", hours=24)
    assert day.hosting_usd == pytest.approx(24 * LIST_PRICES["gpt-4o-mini"].hosting_hour)


def test_a_model_without_a_price_costs_nothing(work: Workload) -> None:
    unknown = replace(work, student="azureml://registries/azureml-meta/models/Llama/versions/1")
    quote = quote_run(10, 512, unknown, {}, PRICES, sku="Standard")
    assert sum(stage.usd for stage in quote.stages.values()) == 0
    assert quote.hosting_usd == 0


def test_an_operators_own_prices_are_taken(work: Workload) -> None:
    free = PriceTable({"gpt-4.1": {"prompt": 0}, "gpt-4o": {"prompt": 0}})
    theirs = quote_run(100, 512, work, MODELS, free).stages["generate"].usd
    assert theirs == 0 < quote_run(100, 512, work, MODELS, PRICES).stages["generate"].usd


def test_at_rest_only_what_is_kept_costs() -> None:
    bare = {item.what: item.usd_month for item in at_rest(PRICES)}
    assert bare["function app"] == bare["model deployments"] == bare["logs"] == 0
    assert bare["storage"] == 0.02
    assert "private endpoints" not in bare
    full = at_rest(PRICES, student="gpt-4o-mini-2024-07-18.ft-1", sku="Standard", private=True)
    costs = {item.what: item.usd_month for item in full}
    assert costs["private endpoints"] == pytest.approx(4 * 7.30 + 6 * 0.50)
    assert costs["deployed student"] == pytest.approx(1.70 * MONTH_HOURS)
    assert all(item.why for item in full)


def test_many_logs_are_paid_beyond_the_free_ones() -> None:
    costs = {item.what: item.usd_month for item in at_rest(PRICES, log_gb=15)}
    assert costs["logs"] == pytest.approx(23.0)
