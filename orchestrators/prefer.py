"""A lane of rows: the baseline answers a few of them in one activity."""

from __future__ import annotations

import azure.durable_functions as df

from orchestrators.steps import run_lane
from shared.contracts import Activity, Orchestrator

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.PREFER.value)
def prefer(context: df.DurableOrchestrationContext):
    """Rows of one lane, batch after batch; returns their Tally."""
    return (yield from run_lane(context, Activity.ANSWER_ROWS))
