"""The fan-in activities, and the baseline's answers that preferences reject."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import item, step
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


@bp.activity_trigger(input_name="request", activity=Activity.ANSWER_ROWS.value)
async def answer_rows(request: dict) -> dict:
    """The baseline's answers to a few training rows."""
    ref = from_wire(RunRef, request)
    return await item(
        f"preferences {ref.index}", lambda services: services.preferring.answer(ref.run, ref.index)
    )


@bp.activity_trigger(input_name="request", activity=Activity.WRITE_PREFERENCES.value)
async def write_preferences(request: dict) -> dict:
    """Pairs of preferred and worse answers."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.preferring.write(ref.run))
