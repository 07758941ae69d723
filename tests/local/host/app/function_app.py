"""A small but complete function app that the tests of the local host run, unmodified."""

import asyncio
import json
import os
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

bp = df.Blueprint()
calls: Counter[str] = Counter()
OUT = Path(os.environ["TEST_OUT"])


def note(line: str) -> None:
    with (OUT / "notes").open("a") as file:
        file.write(line + "\n")


@bp.activity_trigger(input_name="request")
def double(request: dict) -> dict:
    return {"n": request["n"] * 2}


@bp.activity_trigger(input_name="request")
async def adouble(request: dict) -> dict:
    await asyncio.sleep(0.001)
    return {"n": request["n"] * 2}


@bp.activity_trigger(input_name="request")
def flaky(request: dict) -> str:
    calls[request["key"]] += 1
    if calls[request["key"]] <= request["failures"]:
        raise ValueError(f"attempt {calls[request['key']]}")
    return f"attempt {calls[request['key']]}"


@bp.activity_trigger(input_name="request")
def record(request: dict) -> int:
    time.sleep(0.01)
    note(f"{request['lane']}-{request['n']}")
    return 1


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def start_other(request: dict, client) -> str:
    return await client.start_new("chain", request["id"], {"n": 1})


@bp.activity_trigger(input_name="request")
def large(request: dict) -> str:
    return "x" * request["size"]


@bp.orchestration_trigger(context_name="context")
def chain(context):
    n = context.get_input()["n"]
    a = yield context.call_activity("double", {"n": n})
    b = yield context.call_activity("adouble", a)
    return b["n"]


@bp.orchestration_trigger(context_name="context")
def lanes(context):
    spec = context.get_input()
    tasks = [
        context.call_sub_orchestrator(
            "lane", {**spec, "lane": i, "next": 0, "sum": 0}, f"{context.instance_id}-lane{i}"
        )
        for i in range(spec["lanes"])
    ]
    sums = yield context.task_all(tasks)
    return sum(sums)


@bp.orchestration_trigger(context_name="context")
def lane(context):
    spec = context.get_input()
    last = min(spec["next"] + spec["batch"], spec["each"])
    tasks = [
        context.call_activity(spec["activity"], {"lane": spec["lane"], "n": n})
        for n in range(spec["next"], last)
    ]
    results = yield context.task_all(tasks)
    context.set_custom_status({"done": last})
    spec["sum"] += len(results)
    spec["next"] = last
    if last < spec["each"]:
        context.continue_as_new(spec)
        return None
    return spec["sum"]


@bp.orchestration_trigger(context_name="context")
def retrying(context):
    options = df.RetryOptions(20, 3)
    return (yield context.call_activity_with_retry("flaky", options, context.get_input()))


@bp.orchestration_trigger(context_name="context")
def retrying_child(context):
    options = df.RetryOptions(20, 3)
    return (
        yield context.call_sub_orchestrator_with_retry(
            "one_flaky", options, context.get_input(), f"{context.instance_id}-child"
        )
    )


@bp.orchestration_trigger(context_name="context")
def one_flaky(context):
    return (yield context.call_activity("flaky", context.get_input()))


@bp.orchestration_trigger(context_name="context")
def parent_of_flaky(context):
    return (yield context.call_sub_orchestrator("one_flaky", context.get_input()))


@bp.orchestration_trigger(context_name="context")
def approval(context):
    deadline = context.current_utc_datetime + timedelta(seconds=context.get_input())
    timer = context.create_timer(deadline)
    decision = context.wait_for_external_event("Decision")
    winner = yield context.task_any([decision, timer])
    if winner == timer:
        return "timeout"
    timer.cancel()
    yield context.call_activity("double", {"n": 1})
    return decision.result


@bp.orchestration_trigger(context_name="context")
def nested(context):
    first = context.task_any(
        [
            context.call_activity("double", {"n": 1}),
            context.call_sub_orchestrator("chain", {"n": 1}),
        ]
    )
    second = context.task_all([context.call_activity("adouble", {"n": n}) for n in range(3)])
    _, doubled = yield context.task_all([first, second])
    return [each["n"] for each in doubled]


@bp.orchestration_trigger(context_name="context")
def poll_job(context):
    state = context.get_input()
    yield context.call_activity("double", {"n": 1})
    if state["polls"] >= 3:
        return state["polls"]
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=state["pause"]))
    context.continue_as_new({**state, "polls": state["polls"] + 1})


@bp.orchestration_trigger(context_name="context")
def polling_parent(context):
    started = context.current_utc_datetime
    pause = context.get_input()
    polls = yield context.call_sub_orchestrator("poll_job", {"polls": 0, "pause": pause})
    elapsed = (context.current_utc_datetime - started).total_seconds()
    return {"polls": polls, "elapsed": elapsed}


@bp.orchestration_trigger(context_name="context")
def caught(context):
    try:
        yield context.call_activity("flaky", {"key": context.instance_id, "failures": 99})
    except Exception as error:
        return str(error)


@bp.orchestration_trigger(context_name="context")
def broken(context):
    yield context.call_activity("double", {"n": 1})
    raise ValueError("no way")


@bp.orchestration_trigger(context_name="context")
def parent_of_broken(context):
    yield context.call_sub_orchestrator("broken")


@bp.orchestration_trigger(context_name="context")
def calls_nobody(context):
    yield context.call_activity("nobody", 1)


@bp.orchestration_trigger(context_name="context")
def starts_other(context):
    return (yield context.call_activity("start_other", {"id": f"{context.instance_id}-other"}))


@bp.orchestration_trigger(context_name="context")
def unsteady(context):
    calls[context.instance_id] += 1
    name = "double" if calls[context.instance_id] == 1 else "adouble"
    yield context.call_activity(name, {"n": 1})


@bp.orchestration_trigger(context_name="context")
def carries_over(context):
    slow = context.wait_for_external_event("never")
    kept = context.call_activity("record", {"lane": "c", "n": 1})
    yield context.task_any([kept, context.call_activity("double", {"n": 1})])
    yield context.task_any([kept, slow])
    yield context.call_activity("double", {"n": 1})


@bp.orchestration_trigger(context_name="context")
def oversized(context):
    yield context.call_activity("large", {"size": 5000})
    return "y" * 20000


@bp.route(route="things/{number:int}/{name?}", methods=["GET", "POST"])
def things(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    body = {
        "route": dict(req.route_params),
        "query": dict(req.params),
        "body": req.get_body().decode(),
        "function": context.function_name,
    }
    return func.HttpResponse(
        json.dumps(body), status_code=201, mimetype="application/json", headers={"X-Mine": "1"}
    )


@bp.route(route="things/special", methods=["GET"])
def special(req: func.HttpRequest) -> str:
    return "special"


@bp.route(route="fails")
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("secret")


@bp.route(route="begin/{name}/{id}", methods=["POST"])
@bp.durable_client_input(client_name="client")
async def begin(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    body = req.get_json() if req.get_body() else None
    instance_id = await client.start_new(req.route_params["name"], req.route_params["id"], body)
    return client.create_check_status_response(req, instance_id)


@bp.timer_trigger(arg_name="timer", schedule="%TEST_SCHEDULE%", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    note(f"tick {timer.past_due}")


if "TEST_STORAGE" in os.environ:

    @bp.blob_trigger(arg_name="blob", path="inbox/{name}.txt", connection="TEST_STORAGE")
    def on_blob(blob: func.InputStream) -> None:
        content = blob.read().decode()
        note(f"{blob.name} {blob.length} {content}")
        if "bad" in content:
            raise ValueError("bad blob")


app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(bp)
