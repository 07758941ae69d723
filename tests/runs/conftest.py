"""One stack for most whole-run tests: each takes a domain and document numbers of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.runs.helpers import (
    MODEL_OPTIONS,
    SETTINGS,
    assert_clean,
    clear_faults,
    clear_requests,
)


@pytest.fixture(scope="session")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(
        tmp_path_factory.mktemp("runs"),
        settings=SETTINGS,
        host_options=("--strict", "--blob-poll", "0.4"),
        model_options=MODEL_OPTIONS,
    )
    with stack:
        yield stack


@pytest.fixture
def stack(_shared: Stack) -> Iterator[Stack]:
    """The stack, without faults and with an empty log of requests; strict about the app."""
    clear_requests(_shared)
    try:
        yield _shared
    finally:
        clear_faults(_shared)
    assert_clean(_shared)
