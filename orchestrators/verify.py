"""A lane of chosen distractors: each few examples are checked by one activity."""

from __future__ import annotations

import azure.durable_functions as df

from orchestrators.steps import run_lane
from shared.contracts import Activity, Orchestrator

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.VERIFY.value)
def verify(context: df.DurableOrchestrationContext):
    """Choices of one lane, batch after batch; returns their Tally."""
    return (yield from run_lane(context, Activity.CHECK_CHOICES))
