"""What the report says of prices and of what is left running."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.report_money import hosting_view, prices_view
from tests.shared.adapters.pages import rendered
from tests.shared.adapters.reports import price, realistic


def hosting(noted: dict[str, Any], platform: str = "azure_openai") -> str:
    report = realistic()
    report["student"] |= noted
    report["spec"]["student"]["platform"] = platform
    return " ".join(hosting_view(report)["sentences"])


@pytest.mark.parametrize(
    ("sku", "hourly", "said"),
    [
        ("DeveloperTier", 0.0, "This SKU has no hourly hosting fee."),
        ("Standard", 0.0, "No hourly price is known for this model"),
        ("Standard", None, "No hourly price is known for this model"),
        ("Standard", 1.7, "$1.70 an hour, $1,224.00 in 30 days"),
    ],
)
def test_hosting_says_what_is_known(sku: str, hourly: float | None, said: str) -> None:
    assert said in hosting({"sku": sku, "usd_per_hour": hourly})


def test_hosting_of_other_platforms() -> None:
    free = {"sku": "DeveloperTier", "usd_per_hour": 0.0}
    assert "paid by the token" in hosting(free, "openai")
    serverless = hosting(free, "azure_ml")
    assert "serverless endpoint" in serverless and "No hourly price is known" in serverless


def test_what_was_removed_is_not_running() -> None:
    gone = {"removed": "2025-11-21T08:00:00+00:00", "removed_because": "its time was over"}
    said = hosting(gone)
    assert "was removed on 21 November 2025, 08:00 UTC: its time was over." in said
    assert "an hour" not in said
    assert "is kept (keep: always)" in hosting({"kept": "the deployment is kept (keep: always)"})


@pytest.mark.parametrize(
    ("wanted", "promoted", "said"),
    [
        ({"keep": "never", "ttl_hours": 5.0}, True, "removed as soon as this report is written"),
        ({"keep": "if_promoted"}, False, "since the student was not promoted"),
        ({"keep": "if_promoted"}, True, None),
        ({"keep": "always", "ttl_hours": 48.0}, True, "removed by the daily sweep once 48 hours"),
        ({"keep": "always", "ttl_hours": None}, True, None),
    ],
)
def test_a_deployment_that_ends_says_when(
    wanted: dict[str, Any], promoted: bool, said: str | None
) -> None:
    report = realistic()
    report["spec"]["deployment"] = wanted
    report["verdict"]["promoted"] = promoted
    text = rendered(report)[1].text
    assert said in text if said else "is removed" not in text


def test_prices_of_answers() -> None:
    text = rendered(realistic())[1].text
    assert "Teacher gpt-4o81271$2.74" in text
    assert "mean of 81 answers81250$0.1519" in text
    unknown = [price("student", "llama", 3, 10, 5, None), price("teacher", "gpt-4o", 0, 1, 1, 2.0)]
    assert prices_view(unknown)["sentence"] == ""
    report = realistic() | {"answer_prices": unknown}
    assert "Student llama, mean of 3 answers105no price known" in rendered(report)[1].text


def test_a_student_that_costs_more_is_said_to() -> None:
    dear = [price("teacher", "a", 0, 1, 1, 1.0), price("student", "b", 1, 1, 1, 2.5)]
    assert "student costs 2.5 times what the teacher costs" in prices_view(dear)["sentence"]
