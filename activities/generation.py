"""The chunk-level activity of the teacher, and the check of what examples are shown with."""

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
        f"chunk {ref.index}",
        lambda services: services.generation.generate(ref.run, ref.index, ref.most, ref.after),
    )


@bp.activity_trigger(input_name="request", activity=Activity.CHECK_CHOICES.value)
async def check_choices(request: dict) -> dict:
    """Whether distractors of a few examples answer their questions."""
    ref = from_wire(RunRef, request)
    return await item(
        f"choices {ref.index}", lambda services: services.checking.check(ref.run, ref.index)
    )
