"""Activities of deployment: create, look, ask one question, remove."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import step
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.CREATE_DEPLOYMENT.value)
async def create_deployment(request: dict) -> dict:
    """Begin the student's deployment."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.deploying.create(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.CHECK_DEPLOYMENT.value)
async def check_deployment(request: dict) -> dict:
    """The deployment now."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.deploying.check(ref.run, ref.job))


@bp.activity_trigger(input_name="request", activity=Activity.SMOKE_TEST_DEPLOYMENT.value)
async def smoke_test_deployment(request: dict) -> dict:
    """Ask the student one real question."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.deploying.smoke_test(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.REMOVE_DEPLOYMENT.value)
async def remove_deployment(request: dict) -> dict:
    """Remove the student's deployment where the spec does not want it kept."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.deploying.settle(ref.run))
