"""Activities of fine-tuning: submit or adopt, look, keep the result."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import step
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.SUBMIT_TRAINING.value)
async def submit_training(request: dict) -> dict:
    """Submit the fine-tuning job, or adopt it."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.training.submit(ref.run, ref.index))


@bp.activity_trigger(input_name="request", activity=Activity.CHECK_TRAINING.value)
async def check_training(request: dict) -> dict:
    """The job now."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.training.check(ref.run, ref.job))


@bp.activity_trigger(input_name="request", activity=Activity.RECORD_TRAINING.value)
async def record_training(request: dict) -> dict:
    """Keep the fine-tuned model's name and its loss curve."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.training.record(ref.run, ref.job, ref.index))
