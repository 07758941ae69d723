"""A lane of documents: each is read and chunked by one activity."""

from __future__ import annotations

import azure.durable_functions as df

from orchestrators.steps import run_lane
from shared.contracts import Activity, Orchestrator

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.INGEST.value)
def ingest(context: df.DurableOrchestrationContext):
    """Documents of one lane, batch after batch; returns their Tally."""
    return (yield from run_lane(context, Activity.INGEST_DOCUMENT))
