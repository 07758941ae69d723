"""A lane of answers: baseline's and student's, each asked for and scored by one activity."""

from __future__ import annotations

import azure.durable_functions as df

from orchestrators.steps import run_lane
from shared.contracts import Activity, Orchestrator

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.EVALUATE.value)
def evaluate(context: df.DurableOrchestrationContext):
    """Answers of one lane, batch after batch; returns their Tally."""
    return (yield from run_lane(context, Activity.EVALUATE_ANSWER))
