"""The chunk-level activity of the teacher."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import item
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.GENERATE_EXAMPLES.value)
async def generate_examples(request: dict) -> dict:
    """Questions, answers and their verification for one chunk."""
    ref = from_wire(RunRef, request)
    return await item(
        f"chunk {ref.index}", lambda services: services.generation.generate(ref.run, ref.index)
    )
