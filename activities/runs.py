"""Activities that keep the run record, from claim to end state."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import step
from shared.bootstrap import Services
from shared.contracts import (
    Activity,
    Finish,
    RunRef,
    StageRecord,
    Step,
    Survey,
    from_wire,
)
from shared.errors import SpecError

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.START_RUN.value)
@bp.durable_client_input(client_name="client")
async def start_run(request: dict, client: df.DurableOrchestrationClient) -> dict:
    """Claim the run of what the survey saw and start its orchestration; `ref` is the run."""
    survey = from_wire(Survey, request)

    async def work(services: Services) -> Step:
        blobs = await services.documents.blobs_of(survey.domain)
        try:
            claim = await services.runs.claim(survey.domain, blobs)
        except SpecError:  # the folder was emptied meanwhile
            return Step()
        if claim.pending:
            await services.start_run(client, claim.run)
        return Step(1, claim.run)

    return await step(work)


@bp.activity_trigger(input_name="request", activity=Activity.PREPARE_RUN.value)
async def prepare_run(request: dict) -> dict:
    """Mark the run as running; answers its RunPlan."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.runs.prepare(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.ESTIMATE_RUN.value)
async def estimate_run(request: dict) -> dict:
    """What the run is expected to cost, before generation is paid."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.estimating.estimate(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.ASK_APPROVAL.value)
async def ask_approval(request: dict) -> dict:
    """Whether training may begin, or a person has to approve it first."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.decisions.ask(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.SETTLE_APPROVAL.value)
async def settle_approval(request: dict) -> dict:
    """What was decided, or that the wait is over."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.decisions.settle(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.UNDO_RUN.value)
async def undo_run(request: dict) -> dict:
    """Take back what a cancelled run began in the cloud; nothing for other runs."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.undoing.undo(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.RECORD_STAGE.value)
async def record_stage(request: dict) -> dict:
    """Write down that a stage began or ended."""
    record = from_wire(StageRecord, request)
    return await step(lambda services: services.runs.record_stage(record))


@bp.activity_trigger(input_name="request", activity=Activity.FINISH_RUN.value)
async def finish_run(request: dict) -> dict:
    """Write the end state."""
    finish = from_wire(Finish, request)
    return await step(lambda services: services.runs.finish(finish))
