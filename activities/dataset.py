"""The fan-in activities."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import step
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.PLAN_DATASET.value)
async def plan_dataset(request: dict) -> dict:
    """Drop repeats, split, and choose what each example is shown with."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.datasets.plan(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.BUILD_DATASET.value)
async def build_dataset(request: dict) -> dict:
    """Compose and write the dataset."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.datasets.build(ref.run))
