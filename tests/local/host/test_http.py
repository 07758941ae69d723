"""The app's HTTP routes and the Durable HTTP API, the latter through the SDK's own client."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import pytest

Status = df.OrchestrationRuntimeStatus
WEBHOOKS = "/runtime/webhooks/durabletask"


def test_routes_with_parameters(host):
    status, headers, body = host.request("POST", "/api/things/7/a%20b?x=1", {"k": 1})
    assert (status, headers["X-Mine"]) == (201, "1")
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(body) == {
        "route": {"number": "7", "name": "a b"},
        "query": {"x": "1"},
        "body": '{"k": 1}',
        "function": "things",
    }
    assert json.loads(host.request("GET", "/API/Things/-3")[2])["route"] == {"number": "-3"}


def test_routes_that_do_not_match(host):
    assert host.request("GET", "/api/things/seven")[0] == 404
    assert host.request("DELETE", "/api/things/7")[0] == 404
    assert host.request("GET", "/things/7")[0] == 404


def test_literal_route_and_plain_text(host):
    status, headers, body = host.request("GET", "/api/things/special")
    assert (status, body) == (200, b"special")
    assert headers["Content-Type"].startswith("text/plain")


def test_failing_function_answers_500_without_details(host):
    assert host.request("GET", "/api/fails")[::2] == (500, b"")
    assert "RuntimeError: secret" in host.log()


def test_admin_status(host):
    report = host.admin()
    assert report["state"] == "Running"
    assert {"chain", "double", "things"} <= set(report["functions"])


def test_timer_trigger_ran_at_startup(host, wait_until):
    wait_until(lambda: "tick False" in host.notes())


async def test_start_and_status(host, client):
    instance_id = await client.start_new("chain", None, {"n": 1})
    host.wait(instance_id)
    done = await client.get_status(
        instance_id, show_history=True, show_history_output=True, show_input=True
    )
    assert done.runtime_status is Status.Completed
    assert (done.output, json.loads(done.input_)) == (4, {"n": 1})
    assert [each["EventType"] for each in done.historyEvents] == [
        "ExecutionStarted",
        "TaskCompleted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]
    assert done.historyEvents[1]["FunctionName"] == "double"
    assert done.historyEvents[1]["Result"] == {"n": 2}
    assert not await client.get_status("nobody")


async def test_start_of_an_unknown_function_is_refused(client):
    with pytest.raises(Exception, match="The function 'nobody' doesn't exist"):
        await client.start_new("nobody")


async def test_running_id_is_refused_and_finished_id_replaced(host, client):
    await client.start_new("approval", "same", 3600)
    with pytest.raises(Exception, match="already exists"):
        await client.start_new("chain", "same", {"n": 1})
    assert host.request("POST", f"{WEBHOOKS}/orchestrators/chain/same", {"n": 1})[0] == 409
    await client.terminate("same", "enough")
    await client.start_new("chain", "same", {"n": 1})
    assert host.wait("same")["output"] == 4


async def test_events_reach_only_those_that_wait(host, client):
    await client.start_new("approval", "event", 3600)
    await client.raise_event("event", "Decision", {"ok": 1})
    # The SDK encodes its data twice, so it arrives as a JSON string.
    assert json.loads(host.wait("event")["output"]) == {"ok": 1}
    with pytest.raises(Exception, match="is gone"):
        await client.raise_event("event", "Decision", 1)
    with pytest.raises(Exception, match="No instance"):
        await client.raise_event("nobody", "Decision", 1)


async def test_terminate(host, client):
    await client.start_new("approval", "ended", 3600)
    host.wait("ended", "Running")
    await client.terminate("ended", "no more")
    done = await client.get_status("ended")
    assert (done.runtime_status, done.output) == (Status.Terminated, "no more")
    await client.terminate("ended", "again")  # 410, which the client takes as done


async def test_terminated_child_fails_its_parent(host, client):
    await client.start_new("polling_parent", "parent", 3600)
    host.wait("parent", "Running")
    children = await client.get_status_by(runtime_status=[Status.Running])
    (child,) = [each for each in children if each.name == "poll_job"]
    await client.terminate(child.instance_id, "not needed")
    parent = host.wait("parent")
    assert parent["runtimeStatus"] == "Failed"
    assert "not needed" in parent["output"]


async def test_suspend_keeps_events_until_resume(host, client):
    await client.start_new("approval", "paused", 3600)
    host.wait("paused", "Running")
    await client.suspend("paused", "hold")
    await client.raise_event("paused", "Decision", "go")
    assert (await client.get_status("paused")).runtime_status is Status.Suspended
    await client.resume("paused", "go on")
    assert host.wait("paused")["output"] == '"go"'


async def test_restart_runs_again_with_the_first_input(host, client):
    await client.start_new("chain", "again", {"n": 5})
    host.wait("again")
    instance_id = await client.restart("again")
    assert instance_id != "again"
    assert host.wait(instance_id)["output"] == 20
    assert await client.restart("again", restart_with_new_instance_id=False) == "again"
    assert host.wait("again")["output"] == 20


async def test_rewind_runs_the_failed_part_again(host, client):
    await client.start_new("parent_of_flaky", "rewound", {"key": "rewound", "failures": 1})
    assert host.wait("rewound")["runtimeStatus"] == "Failed"
    await client.rewind("rewound", "fixed")
    assert host.wait("rewound", "Completed")["output"] == "attempt 2"
    with pytest.raises(Exception, match="only supported on failed"):
        await client.rewind("rewound", "once more")


async def test_lists_and_filters(host, client):
    for n in range(3):
        await client.start_new("chain", f"list-{n}", {"n": n})
        host.wait(f"list-{n}")
    await client.start_new("approval", "list-open", 3600)
    host.wait("list-open", "Running")
    found = await client.get_status_by(instance_id_prefix="list-")
    assert [each.instance_id for each in found] == ["list-0", "list-1", "list-2", "list-open"]
    running = await client.get_status_by(
        runtime_status=[Status.Running], instance_id_prefix="list-"
    )
    assert [each.instance_id for each in running] == ["list-open"]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await client.get_status_by(created_time_from=later) == []
    assert len(await client.get_status_all()) >= 4
    status, headers, body = host.request(
        "GET", f"{WEBHOOKS}/instances?instanceIdPrefix=list-&top=3&showInput=false"
    )
    assert (status, headers["x-ms-continuation-token"]) == (200, "list-2")
    assert [each["input"] for each in json.loads(body)] == [None] * 3


async def test_purge(host, client):
    await client.start_new("chain", "purge-1", {"n": 1})
    await client.start_new("approval", "purge-2", 3600)
    host.wait("purge-1")
    assert (await client.purge_instance_history("purge-1")).instances_deleted == 1
    assert (await client.purge_instance_history("purge-1")).instances_deleted == 0
    assert (await client.purge_instance_history("purge-2")).instances_deleted == 0
    since = datetime.now(UTC) - timedelta(hours=1)
    await client.start_new("chain", "purge-3", {"n": 1})
    host.wait("purge-3")
    purged = await client.purge_instance_history_by(since, None, [Status.Completed])
    assert purged.instances_deleted >= 1
    assert host.request("GET", f"{WEBHOOKS}/instances/purge-3")[0] == 404


def test_headers_and_codes_as_on_azure(host):
    status, headers, body = host.request("POST", "/api/begin/approval/codes", 3600)
    assert (status, headers["Retry-After"]) == (202, "10")
    location = json.loads(body)["statusQueryGetUri"]
    assert headers["Location"] == location
    assert location.startswith(host.base)
    status, headers, _ = host.request("GET", f"{WEBHOOKS}/instances/codes")
    assert (status, headers["Location"]) == (202, location)
    host.request("POST", f"{WEBHOOKS}/instances/codes/terminate?reason=done")
    assert host.request("GET", f"{WEBHOOKS}/instances/codes")[0] == 200
    status, _, body = host.request("POST", f"{WEBHOOKS}/orchestrators/chain?timeout=5", {"n": 1})
    assert (status, body) == (200, b"4")
