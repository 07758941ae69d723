"""Prices: the longest known name counts, unknown models cost nothing, arithmetic by hand."""

from __future__ import annotations

import pytest

from shared.raft.costs import PRICES, call_cost, hosting_cost, price_of, training_cost


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18.ft-0123abcd-bank", "gpt-4o-mini"),
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("gpt-4.1-nano", "gpt-4.1-nano"),
        ("gpt-4.1-2025-04-14", "gpt-4.1"),
        ("text-embedding-3-large", "text-embedding-3-large"),
    ],
)
def test_a_model_costs_what_the_longest_name_it_begins_with_costs(model: str, base: str) -> None:
    assert price_of(model) == PRICES[base]


def test_the_order_of_the_table_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = dict(reversed(PRICES.items()))
    monkeypatch.setattr("shared.raft.costs.PRICES", turned)
    assert price_of("gpt-4o-mini-2024-07-18") == turned["gpt-4o-mini"]


@pytest.mark.parametrize("model", ["", "llama-3", "gpt-4", "my-gpt-4o"])
def test_an_unknown_model_has_no_price_and_costs_nothing(model: str) -> None:
    assert price_of(model) is None
    assert call_cost(model, 1_000_000, 1_000_000) == 0.0
    assert training_cost(model, 1_000_000) == 0.0
    assert hosting_cost(model, "Standard", 24) == 0.0


def test_costs_by_hand() -> None:
    assert call_cost("gpt-4o-mini", 1_000_000, 1_000_000) == 0.75
    assert call_cost("gpt-4o", 1_000, 100) == 0.0035
    assert call_cost("text-embedding-3-small", 500_000, 0) == 0.01
    assert training_cost("gpt-4o-mini-2024-07-18", 2_000_000) == 6.0
    assert hosting_cost("gpt-4o-mini", "Standard", 10) == 17.0


def test_the_developer_tier_has_no_hosting_fee() -> None:
    assert hosting_cost("gpt-4o-mini", "DeveloperTier", 1_000) == 0.0


def test_costs_of_calls_add_up_to_the_cost_of_their_tokens() -> None:
    calls = [(17 * n % 900, 31 * n % 400) for n in range(500)]
    whole = call_cost("gpt-4.1-nano", sum(p for p, _ in calls), sum(c for _, c in calls))
    assert sum(call_cost("gpt-4.1-nano", p, c) for p, c in calls) == pytest.approx(whole, rel=1e-6)


def test_every_price_is_a_plausible_amount() -> None:
    for name, price in PRICES.items():
        assert 0 < price.prompt <= 100, name
        assert 0 <= price.completion <= 100, name
        assert 0 <= price.training <= 200, name
