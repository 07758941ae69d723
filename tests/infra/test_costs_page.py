"""The cost page's figures are those of the price table, and the prose says the same."""

from __future__ import annotations

import pytest

from shared.raft.calculator import MONTH_HOURS, PAGE_TOKENS, RATES_AS_OF
from shared.raft.costs import AS_OF, LIST_PRICES
from tests.infra.costs_page import PAGE, tables, written

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(tables()))
def test_figures_are_recomputed(name: str) -> None:
    """After a change of prices or defaults: python -m tests.infra.costs_page"""
    assert written(TEXT)[name] == tables()[name]


def test_every_computed_table_is_known() -> None:
    assert set(written(TEXT)) == set(tables())


def test_the_prose_says_what_the_tables_rest_on() -> None:
    hour = LIST_PRICES["gpt-4o-mini"].hosting_hour
    assert f"${hour:.2f} an hour" in TEXT
    assert f"${hour * MONTH_HOURS:,.0f} a month" in TEXT
    assert f"{PAGE_TOKENS} tokens a page" in TEXT
    for when in (AS_OF, RATES_AS_OF):
        assert when.split(",")[0] in TEXT
