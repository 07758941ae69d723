"""The report of a run in a real browser: no error, no request beyond the file, no overflow."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from shared.adapters.report_html import HtmlReport
from tests.shared.adapters.reports import realistic

_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def _browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("RAFT_REQUIRE_BROWSER"):
        pytest.fail("no Chromium is installed")
    pytest.skip("no Chromium is installed; the gate of .ci/run requires it")


@pytest.mark.parametrize("width", [390, 1440])
def test_report_opens_from_disk_without_errors_or_requests(tmp_path: Path, width: int) -> None:
    page_file = tmp_path / "report.html"
    page_file.write_text(HtmlReport().render(realistic()), encoding="utf-8")
    problems: list[str] = []
    requests: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_browser(), args=_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(page_file.as_uri())
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        headline = page.inner_text("body")
        browser.close()
    assert problems == []
    assert requests == [page_file.as_uri()]
    assert overflow <= 0
    assert "token F1" in headline
