"""The report of a run in a real browser: no error, no request beyond the file, no overflow,
nothing planted runs, keyboard and print work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from shared.adapters.report_html import HtmlReport
from tests.browser import browser
from tests.console.payloads import PAYLOADS
from tests.shared.adapters.reports import poisoned, realistic, two_jobs

__all__ = ["browser"]


@dataclass
class Opened:
    """A page opened from disk, and what it did beyond showing itself."""

    page: Page
    problems: list[str]


def opened(browser: Browser, folder: Path, report: dict[str, Any], **options: Any) -> Opened:
    file = folder / "report.html"
    file.write_text(HtmlReport().render(report), encoding="utf-8")
    page = browser.new_page(**options)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url))
    page.goto(file.as_uri())
    problems.remove(file.as_uri())
    return Opened(page, problems)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_report_opens_from_disk_without_errors_or_requests(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    found = opened(
        browser,
        tmp_path,
        two_jobs(),
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
    )
    page = found.page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    first = page.locator(".decision, .figure strong").all()
    assert [one.inner_text() for one in first] == ["✓ Promoted", "+0.172"]
    assert all((one.bounding_box() or {})["y"] < 900 for one in first)
    assert "token F1" in page.inner_text("body")
    assert found.problems == []
    assert overflow <= 0
    assert dark == (scheme == "dark") == (background == "rgb(21, 25, 29)")
    page.close()


def test_nothing_planted_in_a_record_runs(browser: Browser, tmp_path: Path) -> None:
    found = opened(browser, tmp_path, poisoned(realistic(), " ".join(PAYLOADS)))
    assert found.page.evaluate("window.pwned") is None
    assert found.problems == []
    found.page.close()


def test_details_open_by_keyboard_and_a_quote_leads_to_its_document(
    browser: Browser, tmp_path: Path
) -> None:
    page = opened(browser, tmp_path, realistic()).page
    closed = page.locator("#effects details > summary").nth(1)
    closed.focus()
    page.keyboard.press("Enter")
    assert closed.evaluate("one => one.parentElement.open")
    oracle = page.locator("#won-0-1")
    oracle.evaluate("one => one.open = false")
    page.locator("a.where[href='#won-0-1']").first.press("Enter")
    assert page.url.endswith("#won-0-1")
    page.close()


def test_print_shows_what_is_folded_and_no_links(browser: Browser, tmp_path: Path) -> None:
    page = opened(browser, tmp_path, realistic(), color_scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("details:not([open]):not(.aside) pre").is_visible()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(252, 252, 251)"
    narrow = "one => one.getBoundingClientRect().width < 80"
    page.set_viewport_size({"width": 690, "height": 980})
    assert not page.locator("#effects th.wide[scope='row']").evaluate_all(
        f"all => all.some({narrow})"
    )
    page.close()
