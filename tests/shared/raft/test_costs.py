"""Prices: the longest known name counts, unknown models cost nothing, arithmetic by hand."""

from __future__ import annotations

import pytest

from shared.errors import SpecError
from shared.raft.costs import LIST_PRICES, SOURCE, Price, PriceTable

TABLE = PriceTable()


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
    assert TABLE.price_of(model) == LIST_PRICES[base]


def test_the_order_of_the_table_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = dict(reversed(LIST_PRICES.items()))
    monkeypatch.setattr("shared.raft.costs.LIST_PRICES", turned)
    assert PriceTable().price_of("gpt-4o-mini-2024-07-18") == turned["gpt-4o-mini"]


@pytest.mark.parametrize("model", ["", "llama-3", "gpt-4", "my-gpt-4o"])
def test_an_unknown_model_has_no_price_and_costs_nothing(model: str) -> None:
    assert TABLE.price_of(model) is None
    assert TABLE.call_cost(model, 1_000_000, 1_000_000) == 0.0
    assert TABLE.training_cost(model, 1_000_000) == 0.0
    assert TABLE.hosting_cost(model, "Standard", 24) == 0.0


def test_costs_by_hand() -> None:
    assert TABLE.call_cost("gpt-4o-mini", 1_000_000, 1_000_000) == 0.75
    assert TABLE.call_cost("gpt-4o", 1_000, 100) == 0.0035
    assert TABLE.call_cost("text-embedding-3-small", 500_000, 0) == 0.01
    assert TABLE.training_cost("gpt-4o-mini-2024-07-18", 2_000_000) == 6.0
    assert TABLE.hosting_cost("gpt-4o-mini", "Standard", 10) == 17.0


def test_the_developer_tier_has_no_hosting_fee() -> None:
    assert TABLE.hosting_cost("gpt-4o-mini", "DeveloperTier", 1_000) == 0.0


def test_costs_of_calls_add_up_to_the_cost_of_their_tokens() -> None:
    calls = [(17 * n % 900, 31 * n % 400) for n in range(500)]
    whole = TABLE.call_cost("gpt-4.1-nano", sum(p for p, _ in calls), sum(c for _, c in calls))
    assert sum(TABLE.call_cost("gpt-4.1-nano", p, c) for p, c in calls) == pytest.approx(
        whole, rel=1e-6
    )


def test_every_price_is_a_plausible_amount() -> None:
    for name, price in LIST_PRICES.items():
        assert 0 < price.prompt <= 100, name
        assert 0 <= price.completion <= 100, name
        assert 0 <= price.training <= 200, name


def test_an_operators_own_price_stands_in_place_of_the_list_price() -> None:
    table = PriceTable({"gpt-4o": {"prompt": 2, "completion": 8.5}, "phi-4": {"prompt": 0.1}})
    assert table.price_of("gpt-4o-2024-08-06") == Price(2, 8.5)
    assert table.price_of("gpt-4o-mini") == LIST_PRICES["gpt-4o-mini"]
    assert table.call_cost("phi-4-instruct", 1_000_000, 7) == 0.1
    assert table.source.startswith("MODEL_PRICES for gpt-4o, phi-4; ")
    assert SOURCE in table.source
    assert "MODEL_PRICES" not in TABLE.source


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"m": 3}, "MODEL_PRICES.m"),
        ({"m": {"completion": 3}}, "MODEL_PRICES.m"),
        ({"m": {"prompt": 1, "input": 3}}, "MODEL_PRICES.m.input"),
        ({"m": {"prompt": -1}}, "MODEL_PRICES.m.prompt"),
        ({"m": {"prompt": "1"}}, "MODEL_PRICES.m.prompt"),
        ({"m": {"prompt": True}}, "MODEL_PRICES.m.prompt"),
        ({"m": {"prompt": float("nan")}}, "MODEL_PRICES.m.prompt"),
    ],
)
def test_what_is_no_price_is_named(own: dict[str, object], field: str) -> None:
    with pytest.raises(SpecError) as caught:
        PriceTable(own)
    assert caught.value.field == field
