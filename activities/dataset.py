"""The fan-in activity."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import step
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.BUILD_DATASET.value)
async def build_dataset(request: dict) -> dict:
    """Split, compose and write the dataset."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.datasets.build(ref.run))
