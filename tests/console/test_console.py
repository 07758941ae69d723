"""The console in a real browser over a real stack: from starting a run to starting the next."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from local.stack import Stack
from tests.runs.helpers import corpus, manifest, new_run, until, upload

DOMAIN = "console"
HOSTILE = "<img src=x onerror=window.pwned=1>"
SPEC = """
chunk_size: 96
splits: {train: 0.5, valid: 0.3, test: 0.2}
evaluation:
  {judge_sample: 0, bootstrap_draws: 100, settings: [open_book], distractor_sweep: [0, 1]}
budget: {approval: always, usd: 50}
"""
PATIENCE = 90_000  # ms


class Watched:
    """A page with all it complained about and all that it asked for elsewhere."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.problems: list[str] = []
        self.elsewhere: list[str] = []
        self._host = urlsplit(url).netloc
        self._context = browser.new_context(viewport={"width": 1440, "height": 900})
        self.page = self._context.new_page()
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc != self._host and parts.scheme not in ("data", "blob"):
            self.elsewhere.append(request.url)

    def close(self) -> None:
        self._context.close()


@pytest.fixture
def watched(browser: Browser, stack: Stack) -> Iterator[Watched]:
    made = Watched(browser, stack.url)
    made.page.set_default_timeout(PATIENCE)
    yield made
    made.close()


def settled(page: Page) -> None:
    """Wait until the view is in its shell."""
    page.wait_for_selector("main:not([aria-busy])")


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="This run").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def start(page: Page, url: str) -> str:
    """Start a run of the domain with a seed of its own; its id."""
    page.goto(f"{url}/api/console/new")
    page.get_by_role("link", name=DOMAIN, exact=True).click()
    expect(page.get_by_role("checkbox", name="Anew")).to_be_visible()
    page.get_by_text("Questions and rows").click()
    page.locator("[name='spec.seed']").fill("7")
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url("**/api/console/runs/*")
    return urlsplit(page.url).path.rpartition("/")[2]


def approve(page: Page) -> None:
    """Watch the run until it waits, without loading the page again, and approve it."""
    page.evaluate("window.loaded = 1")
    expect(page.locator("[data-part=now] .badge")).to_have_text(
        "waits for approval", timeout=PATIENCE
    )
    expect(page.locator("#said")).to_contain_text("waits for approval")
    assert page.locator(".stages .done").count() >= 3
    panel = page.get_by_role("region", name="May training be paid for?")
    panel.get_by_label("Your name").fill("Ada")
    panel.get_by_label("Why").fill("worth it")
    page.keyboard.press("Enter")  # nothing is paid by a slip
    panel.get_by_role("button", name="Approve").click()
    ended = re.compile("completed|failed|cancelled")
    expect(page.locator("[data-part=now] .badge")).to_have_text(ended, timeout=PATIENCE)
    assert "completed" in page.locator("[data-part=now]").inner_text()
    assert page.evaluate("window.loaded") == 1


def browse(page: Page) -> None:
    tab(page, "Dataset")
    page.get_by_label("Split").select_option("valid")
    page.wait_for_url("**split=valid*")
    row = page.locator("article").first
    expect(row).to_contain_text("validation")
    shown = page.locator("article", has=page.locator("li.oracle")).first
    shown.locator("summary").click()
    oracle = shown.locator("li.oracle").first
    expect(oracle.locator("mark").first).to_be_visible()
    expect(oracle.locator(".where")).to_contain_text(re.compile(rf"{DOMAIN}/\d+\.pdf · page"))
    page.get_by_label("Verdict").select_option("dropped")
    page.wait_for_url("**verdict=dropped*")
    expect(page.get_by_label("Split")).to_have_count(0)
    tab(page, "Evaluation")
    expect(page.locator("table").first).to_contain_text("Token F1")


def ask(page: Page, question: str) -> None:
    tab(page, "Ask")
    page.get_by_label("A question about").fill(f"{question} {HOSTILE}")
    page.get_by_role("button", name="Ask both").click()
    expect(page.locator("#answers article")).to_have_count(2)
    expect(page.locator("#answers h2")).to_contain_text(HOSTILE)
    expect(page.locator("#answers .sources mark").first).to_be_visible()


def compare(page: Page) -> None:
    tab(page, "Compare")
    html = page.content()
    assert "student" not in html[html.index("Answer A") : html.index("</form>")].casefold()
    for choice in ("A is better", "B is better", "Neither", "A is better", "B is better"):
        made = page.locator(".contest .meta span").first.inner_text()
        page.get_by_role("button", name=choice).click()
        until_changed = page.locator(".contest .meta span").first
        expect(until_changed).not_to_have_text(made)
    expect(page.get_by_text("of comparisons won by the student")).to_be_visible()


def test_a_run_is_started_watched_approved_read_asked_compared_and_followed(
    watched: Watched, stack: Stack
) -> None:
    page = watched.page
    files = corpus(9_400, 2, 8, SPEC) | {f"{HOSTILE}.txt": "Nothing is said here."}
    upload(stack, DOMAIN, files)
    first = new_run(stack, DOMAIN)  # of the upload: it pays for what the next one finds
    run = start(page, stack.url)
    assert run != first
    approve(page)
    decided = manifest(stack, run)["approval"]
    assert (decided["by"], decided["why"]) == ("Ada", "worth it")
    browse(page)
    question = stack.get(f"/api/runs/{run}/dataset?split=test&limit=1")["rows"][0]["question"]
    ask(page, question)
    compare(page)
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("", f"/runs/{run}", f"/runs/{run}/dataset", f"/runs/{run}/evaluation"):
            page.goto(f"{stack.url}/api/console{path}")
            settled(page)
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, (width, path)
    page.goto(f"{stack.url}/api/console/runs/{run}/compare")
    page.get_by_role("button", name="Start the dpo run").click()
    page.wait_for_url(lambda url: "/runs/" in url and run not in url)
    following = urlsplit(page.url).path.rpartition("/")[2]
    student = manifest(stack, following)["spec"]["student"]
    assert (student["method"], student["comparisons"]) == ("dpo", run)
    page.get_by_text("Cancel this run").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator("[data-part=now] .badge")).to_have_text("cancelled", timeout=PATIENCE)
    assert page.evaluate("window.pwned") is None
    assert watched.problems == []
    assert watched.elsewhere == []
    assert stack.call("POST", f"/api/runs/{first}/cancel", {})[0] == 202
    until(lambda: manifest(stack, first)["state"] == "cancelled", "end of the first run")


def test_the_key_is_kept_in_the_tab_and_stands_in_no_address(
    browser: Browser, stack: Stack
) -> None:
    """The local host asks for no key: here stands what Azure does in front of the app."""
    watched = Watched(browser, stack.url)
    page = watched.page
    sent: list[str | None] = []

    def guard(route: Route) -> None:
        sent.append(route.request.header_value("x-functions-key"))
        if sent[-1] == "right-key":
            route.continue_()
        else:
            route.fulfill(status=401)

    page.route("**/api/console-views**", guard)
    page.goto(f"{stack.url}/api/console")
    field = page.get_by_label("Function key")
    expect(field).to_be_focused()
    field.fill("wrong-key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("did not take this key")
    field.fill("right-key")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.get_by_role("link", name="Start a run").first.click()
    expect(page.get_by_role("heading", name="Start a run")).to_be_visible()
    assert sent == [None, "wrong-key", "right-key", "right-key"]
    page.evaluate("sessionStorage.clear()")
    for mark in ("?", "#"):
        page.goto(f"{stack.url}/api/console/new{mark}code=right-key")
        expect(page.get_by_role("heading", name="Start a run")).to_be_visible()
        assert "right-key" not in page.url + page.content()
    page.goto(f"{stack.url}/api/console")
    settled(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    watched.close()


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/api/console-views/runs/none", {}, None, 404),
        ("GET", "/api/console-views/runs/none/dataset", {}, None, 404),
        ("GET", "/api/console-views/runs/..%2f..%2fdocuments", {}, None, 404),
        ("GET", "/api/console-static/..%2froutes.py", {}, None, 404),
        ("GET", "/api/console-views?offset=-1", {}, None, 400),
        ("POST", "/api/console", {}, b"{}", 404),
        ("DELETE", "/api/console-views/runs/none", {}, None, 404),
        ("POST", "/api/console-answers/none", {}, b'{"question": "Why?"}', 404),
        ("POST", "/api/console-answers/none", {"Origin": "http://evil.example"}, b"{}", 403),
        ("PUT", "/api/runs/none/ask", {}, b"{}", 404),
        ("POST", "/api/runs/none/ask", {}, b"x" * 10_000_000, 413),
        ("POST", "/api/runs/none/comparisons", {}, b'{"row": 0, "winner": "a"}', 404),
        ("POST", "/api/runs/none/approve", {"Origin": "http://evil.example"}, b"{}", 403),
        ("POST", "/api/runs", {"Origin": "http://evil.example"}, b"{}", 403),
    ],
)
def test_what_is_wrong_is_refused(
    stack: Stack, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    assert request(stack.url + path, method, headers, body) == status


def request(url: str, method: str, headers: dict[str, str], body: bytes | None) -> int:
    """The status of a request whose path is sent as it is."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
