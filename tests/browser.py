"""Chromium, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

_FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; the tests are skipped without it, unless the gate requires it."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=_chromium(), args=_FLAGS)
        yield made
        made.close()


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("RAFT_REQUIRE_BROWSER"):
        pytest.fail("no Chromium is installed")
    pytest.skip("no Chromium is installed; the gate of .ci/run requires it")
