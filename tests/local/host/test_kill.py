"""Kill -9 at random moments: nothing is lost, and the result is the same."""

from __future__ import annotations

import random
import time

import pytest


@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_moments_everything_resumes(start_host, seed):
    moments = random.Random(seed)
    spec = {"lanes": 4, "each": 150, "batch": 30, "activity": "record"}
    host = start_host("--max-activities", "8")
    host.begin("lanes", "run", spec)
    host.begin("polling_parent", "poll", 0.4)
    host.begin("approval", "waiting", 3600)
    for _ in range(4):
        time.sleep(moments.uniform(0.02, 0.3))
        host.kill()
        host.start()
    assert host.wait("run", seconds=20)["output"] == 600
    assert host.wait("poll", seconds=20)["output"]["polls"] == 3
    host.request(
        "POST", "/runtime/webhooks/durabletask/instances/waiting/raiseEvent/Decision", "yes"
    )
    assert host.wait("waiting")["output"] == "yes"
    notes = [note for note in host.notes() if not note.startswith("tick")]
    assert set(notes) == {f"{lane}-{n}" for lane in range(4) for n in range(150)}
    # At least once; what was under way or not yet committed at one of the kills ran again.
    assert len(notes) <= 600 + 4 * 3 * 8
    assert host.stop() == 0


def test_two_hosts_cannot_share_a_data_folder(start_host):
    start_host()
    with pytest.raises(AssertionError, match="another host uses"):
        start_host()
