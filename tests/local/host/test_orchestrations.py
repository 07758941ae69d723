"""Orchestrations through a strict host: every API that the app's orchestrators may use."""

from __future__ import annotations

WEBHOOKS = "/runtime/webhooks/durabletask"


def test_activities_follow_each_other(host):
    done = host.run("chain", "chain1", {"n": 3})
    assert (done["runtimeStatus"], done["output"], done["name"]) == ("Completed", 12, "chain")


def test_lanes_continue_as_new_and_the_parent_gets_the_final_result(host):
    spec = {"lanes": 4, "each": 120, "batch": 50, "activity": "double"}
    done = host.run("lanes", "lanes1", spec)
    assert (done["runtimeStatus"], done["output"]) == ("Completed", 480)
    child = host.status("lanes1-lane2")
    assert (child["output"], child["customStatus"]) == (120, {"done": 120})
    assert host.admin()["max_history_events"] <= 60 * 2


def test_activity_is_retried_until_it_succeeds(host):
    done = host.run("retrying", "retry1", {"key": "r1", "failures": 2})
    assert done["output"] == "attempt 3"


def test_retries_end_after_the_last_attempt(host):
    done = host.run("retrying", "retry2", {"key": "r2", "failures": 9})
    assert done["runtimeStatus"] == "Failed"
    assert "Activity function 'flaky' failed:  ValueError: attempt 3" in done["output"]


def test_child_with_an_id_of_its_own_is_retried(host):
    done = host.run("retrying_child", "retry3", {"key": "r3", "failures": 1})
    assert done["output"] == "attempt 2"


def test_event_beats_the_timer_which_is_cancelled(host):
    host.begin("approval", "approve1", 3600)
    host.wait("approve1", "Running")
    status, _, _ = host.request(
        "POST", f"{WEBHOOKS}/instances/approve1/raiseEvent/Decision", {"ok": True}
    )
    assert status == 202
    assert host.wait("approve1")["output"] == {"ok": True}


def test_timer_beats_the_event(host):
    assert host.run("approval", "approve2", 0.05)["output"] == "timeout"


def test_event_raised_before_the_wait_is_delivered(host):
    host.begin("approval", "approve3", 3600)
    host.request("POST", f"{WEBHOOKS}/instances/approve3/raiseEvent/Decision", "early")
    assert host.wait("approve3")["output"] == "early"


def test_nested_groups(host):
    assert host.run("nested", "nested1")["output"] == [0, 2, 4]


def test_polling_child_with_timers_and_continue_as_new(host):
    output = host.run("polling_parent", "poll1", 0.05)["output"]
    assert output["polls"] == 3
    assert output["elapsed"] >= 0.15


def test_failure_texts_have_azures_shape(host):
    caught = host.run("caught", "fail1")
    assert caught["output"].startswith(
        "Activity function 'flaky' failed:  ValueError: attempt 1 \n"
    )
    parent = host.run("parent_of_broken", "fail2")
    assert parent["runtimeStatus"] == "Failed"
    assert parent["output"].startswith(
        "Orchestrator function 'parent_of_broken' failed: "
        "Orchestrator function 'broken' failed: no way"
    )
    assert "Traceback" in host.log()
    assert "Traceback" not in parent["output"]


def test_unknown_activity_fails_the_orchestration(host):
    done = host.run("calls_nobody", "fail3")
    assert done["runtimeStatus"] == "Failed"
    assert "The function 'nobody' doesn't exist" in done["output"]


def test_activity_with_a_durable_client(host):
    assert host.run("starts_other", "other1")["output"] == "other1-other"
    assert host.wait("other1-other")["output"] == 4


def test_strict_mode_turns_faults_into_failures(start_host):
    host = start_host("--strict")
    for name, expected in (
        ("unsteady", "Non-Deterministic workflow"),
        ("carries_over", "ran ahead"),
    ):
        done = host.run(name, name)
        assert done["runtimeStatus"] == "Failed"
        assert expected in done["output"]
        assert expected in host.admin()["errors"][-1]
    assert host.run("oversized", "x")["runtimeStatus"] == "Completed"
    report = host.admin()
    assert len(report["violations"]) == report["violation_count"] == 2
    assert "activity large of x: output: 5002 bytes > 4096" in report["violations"]
    assert report["max_payload_bytes"] == 20002
    assert host.stop() == 1


def test_otherwise_faults_are_only_counted(start_host):
    host = start_host()
    assert host.run("oversized", "y")["runtimeStatus"] == "Completed"
    report = host.admin()
    assert (report["violations"], report["violation_count"]) == ([], 2)
    assert host.stop() == 0


def test_fast_clock_makes_long_waits_short_and_histories_consistent(start_host):
    host = start_host("--strict", "--clock-speed", "100000")
    output = host.run("polling_parent", "long", 8 * 3600)["output"]
    assert output["polls"] == 3
    assert 24 * 3600 <= output["elapsed"] < 48 * 3600
    assert host.stop() == 0
