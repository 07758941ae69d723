"""What crosses the durable wire: names, small frozen records, and their byte budgets.

References go over the wire, never payloads: a record here holds blob names, counts and short
reasons. `to_wire` refuses what is over budget, so a history can never grow a document.
Field names are part of recorded histories: add with a default, never rename.
"""

from __future__ import annotations

from shared.contracts.names import (
    Activity,
    Event,
    JobState,
    Orchestrator,
    OutcomeStatus,
    Stage,
)
from shared.contracts.outcomes import (
    ITEM_CHARACTERS,
    PROBLEM_BYTES,
    PROBLEMS_BYTES,
    Outcome,
    Spend,
    Tally,
)
from shared.contracts.records import (
    BATCH_LIMIT,
    CHOICES_PER_ITEM,
    DEPLOYMENT,
    TRAINING,
    Estimate,
    FanOut,
    Finish,
    GatherRequest,
    JobStatus,
    PollRequest,
    Refusal,
    RunPlan,
    RunRef,
    StageCost,
    StageRecord,
    Step,
    Survey,
    lane_id,
    wait_id,
    wait_ids,
)
from shared.contracts.wire import (
    ACTIVITY_BYTES,
    ORCHESTRATION_BYTES,
    from_wire,
    to_wire,
)

__all__ = [
    "ACTIVITY_BYTES",
    "BATCH_LIMIT",
    "CHOICES_PER_ITEM",
    "DEPLOYMENT",
    "ITEM_CHARACTERS",
    "ORCHESTRATION_BYTES",
    "PROBLEMS_BYTES",
    "PROBLEM_BYTES",
    "TRAINING",
    "Activity",
    "Estimate",
    "Event",
    "FanOut",
    "Finish",
    "GatherRequest",
    "JobState",
    "JobStatus",
    "Orchestrator",
    "Outcome",
    "OutcomeStatus",
    "PollRequest",
    "Refusal",
    "RunPlan",
    "RunRef",
    "Spend",
    "Stage",
    "StageCost",
    "StageRecord",
    "Step",
    "Survey",
    "Tally",
    "from_wire",
    "lane_id",
    "to_wire",
    "wait_id",
    "wait_ids",
]
