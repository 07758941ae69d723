"""host.json, local.settings.json, and the orchestration clock."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from local.host.clock import Clock
from local.host.settings import (
    HostSettings,
    SettingsError,
    read_host_json,
    read_local_settings,
    resolve,
)


def test_defaults_without_files(tmp_path: Path):
    assert read_host_json(tmp_path) == HostSettings()
    assert read_local_settings(tmp_path) == {}


def test_what_is_read(tmp_path: Path):
    (tmp_path / "host.json").write_text(
        '{"extensions": {"http": {"routePrefix": "v1/"}, "blobs": {"poisonBlobThreshold": 2},'
        ' "durableTask": {"hubName": "Hub", "maxConcurrentActivityFunctions": 3}}}'
    )
    (tmp_path / "local.settings.json").write_text('\ufeff{"Values": {"A": "1", "B": 2}}')
    assert read_host_json(tmp_path) == HostSettings("v1", "Hub", 3, 2)
    assert read_local_settings(tmp_path) == {"A": "1", "B": "2"}


def test_broken_files_are_named(tmp_path: Path):
    (tmp_path / "host.json").write_text("{")
    with pytest.raises(SettingsError, match=r"host\.json is not valid JSON"):
        read_host_json(tmp_path)


def test_setting_references():
    assert resolve("a/%B%/{name}", {"B": "b"}) == "a/b/{name}"
    with pytest.raises(SettingsError, match="'C'"):
        resolve("%C%", {})


def test_clock_goes_on_at_another_speed():
    fast = Clock.start(1000)
    time.sleep(0.01)
    reached = fast.now()
    assert reached - time.time() > 5
    slow = Clock.start(1, fast)
    assert reached <= slow.now() < reached + 60
    assert Clock.start(1000, fast) is fast
    assert slow.seconds_until(slow.now() + 10) == pytest.approx(10, abs=0.5)
    assert fast.seconds_until(fast.now() + 10) == pytest.approx(0.01, abs=0.005)
