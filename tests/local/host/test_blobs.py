"""Blob triggers against a real Azurite: created, once per version, poison, restarts."""

from __future__ import annotations

import re

import pytest
from azure.storage.blob import BlobServiceClient

from local.host.blobs import path_pattern


def test_fires_once_per_version_and_gives_poison_up(storage, start_host, wait_until):
    service = BlobServiceClient.from_connection_string(storage)
    host = start_host("--blob-poll", "0.1", TEST_STORAGE=storage)
    container = service.get_container_client("inbox")
    wait_until(container.exists)
    container.upload_blob("early/one.txt", b"1")
    container.upload_blob("other.pdf", b"-")

    def seen() -> list[str]:
        return [note for note in host.notes() if not note.startswith("tick")]

    wait_until(lambda: seen() == ["inbox/early/one.txt 1 1"])
    container.upload_blob("two.txt", b"bad")
    wait_until(lambda: "inbox/two.txt is poison, given up" in host.log())
    container.upload_blob("two.txt", b"good", overwrite=True)
    wait_until(lambda: "inbox/two.txt 4 good" in seen())
    assert host.stop() == 0
    container.upload_blob("three.txt", b"3")
    host.start()
    wait_until(lambda: "inbox/three.txt 1 3" in seen())
    assert sorted(seen()) == [
        "inbox/early/one.txt 1 1",
        "inbox/three.txt 1 3",
        "inbox/two.txt 3 bad",
        "inbox/two.txt 3 bad",
        "inbox/two.txt 4 good",
    ]
    assert host.stop() == 0


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("{name}", "a/b.pdf", True),
        ("{domain}/{name}", "a/b.pdf", True),
        ("{domain}/{name}", "b.pdf", False),
        ("in/{name}.pdf", "in/x.pdf", True),
        ("in/{name}.pdf", "in/x.txt", False),
        ("", "anything/at/all", True),
    ],
)
def test_path_patterns(pattern: str, name: str, matches: bool):
    assert isinstance(path_pattern(pattern), re.Pattern)
    assert bool(path_pattern(pattern).fullmatch(name)) is matches
