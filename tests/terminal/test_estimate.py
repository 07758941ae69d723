"""The estimate: of which spec, of how many pages, and each dollar in it once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.raft.calculator import MONTH_HOURS
from shared.raft.costs import LIST_PRICES
from terminal.estimate import estimate_lines, estimated
from terminal.exits import CliError, Exit
from tests.pdfs import prose, text_pdf

HOUR = LIST_PRICES["gpt-4o-mini"].hosting_hour


def quoted(*layers: dict[str, Any], pages: int = 200, hours: float | None = None) -> dict[str, Any]:
    return estimated([], pages, layers, hours)


def at_rest(found: dict[str, Any]) -> set[str]:
    return {item["what"] for item in found["at_rest"]}


def test_everything_is_in_the_sum_once() -> None:
    found = quoted({"deployment": {"sku": "Standard"}}, hours=10)
    assert found["hosting"] == {"hours": 10, "sku": "Standard", "usd": 10 * HOUR}
    assert "deploy" not in found["stages"]
    stages = sum(stage["usd"] for stage in found["stages"].values())
    assert found["usd"] == pytest.approx(stages + found["app_usd"] + 10 * HOUR, abs=0.005)


def test_the_spec_says_how_long_the_student_is_hosted() -> None:
    standard = {"sku": "Standard"}
    assert quoted({"deployment": standard})["hosting"]["usd"] == HOUR
    assert quoted({"deployment": {**standard, "ttl_hours": 8}})["hosting"]["usd"] == 8 * HOUR
    served = {"student": {"platform": "openai"}, "deployment": standard}
    found = quoted(served, hours=10)
    assert found["hosting"] == {"hours": 0, "sku": "", "usd": 0}
    assert "not deployed" in "\n".join(estimate_lines(found))


def test_at_rest_a_student_that_stays_is_what_costs() -> None:
    found = quoted({"deployment": {"sku": "Standard"}})
    (student,) = [item for item in found["at_rest"] if item["what"] == "deployed student"]
    assert student["usd_month"] == pytest.approx(HOUR * MONTH_HOURS)
    for deployment in (
        {"sku": "DeveloperTier"},
        {"sku": "Standard", "keep": "never"},
        {"sku": "Standard", "ttl_hours": 8},
    ):
        assert "deployed student" not in at_rest(quoted({"deployment": deployment}))


def test_what_has_no_price_by_the_token_is_named() -> None:
    assert quoted()["without_price"] == []
    model = {"model": "o4-mini-2025-04-16", "method": "reinforcement"}
    found = quoted({"student": model})
    assert found["without_price"] == ["student"]
    assert "Not in it: student o4-mini-2025-04-16" in "\n".join(estimate_lines(found))


def test_models_and_prices_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    before = quoted()["stages"]["generate"]["usd"]
    monkeypatch.setenv("TEACHER_AZURE_OPENAI_ENDPOINT", "https://models.example")
    monkeypatch.setenv("TEACHER_AZURE_OPENAI_DEPLOYMENT", "mine")
    monkeypatch.setenv("TEACHER_AZURE_OPENAI_MODEL", "gpt-4.1-mini")
    assert quoted()["models"]["teacher"] == "gpt-4.1-mini"
    cheaper = quoted()["stages"]["generate"]["usd"]
    monkeypatch.setenv("MODEL_PRICES", '{"gpt-4.1-mini": {"prompt": 0}}')
    assert before > cheaper > quoted()["stages"]["generate"]["usd"]
    assert "MODEL_PRICES for gpt-4.1-mini" in quoted()["prices"]


def test_pages_are_counted_where_they_are_not_given(tmp_path: Path) -> None:
    (tmp_path / "1.pdf").write_bytes(text_pdf(prose(1, 8)))
    (tmp_path / "2.txt").write_text("word " * 1_000)  # 5,000 characters
    pdf, both = estimated([tmp_path / "1.pdf"], None, [], None), estimated([tmp_path], None, [], 0)
    assert both["pages"] == pdf["pages"] + 3
    assert estimated([tmp_path], 7, [], None)["pages"] == 7


def test_options_win_over_the_documents_spec(tmp_path: Path) -> None:
    (tmp_path / "raft.yaml").write_text("chunk_size: 256\nquestions: 2\n")
    theirs = estimated([tmp_path], 200, [], None)
    assert theirs["chunks"] == pytest.approx(2 * quoted()["chunks"], abs=1)
    ours = estimated([tmp_path], 200, [{"chunk_size": 512}], None)
    assert ours["chunks"] == quoted()["chunks"]
    assert ours["usd"] == quoted({"questions": 2})["usd"]


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n%%EOF"])
def test_a_broken_pdf_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "1.pdf"
    path.write_bytes(content)
    with pytest.raises(CliError, match="give --pages") as caught:
        estimated([path], None, [], None)
    assert caught.value.code is Exit.USAGE
    assert estimated([path], 7, [], None)["pages"] == 7
