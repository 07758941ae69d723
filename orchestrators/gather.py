"""One per domain: waits until its folder has been quiet, then starts one run over all of it.

While it waits, further uploads need no event of their own: it looks at the folder again. After
starting a run it looks once more, since a file may have come in between.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import azure.durable_functions as df

from orchestrators.steps import call, step
from shared.contracts import (
    Activity,
    GatherRequest,
    Orchestrator,
    Survey,
    from_wire,
    to_wire,
)

bp = df.Blueprint()

_LOOKS = 20


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.GATHER.value)
def gather(context: df.DurableOrchestrationContext):
    """Returns the fingerprint of what the last run was started for, '' when there was nothing."""
    request = from_wire(GatherRequest, context.get_input())
    for _ in range(_LOOKS):
        question = {"domain": request.domain}
        survey = yield from call(context, Activity.SURVEY_DOCUMENTS, question, Survey)
        if survey.documents == 0 or survey.fingerprint == request.handled:
            return request.handled
        if survey.fingerprint == request.seen:
            yield from step(context, Activity.START_RUN, survey)
            request = replace(request, handled=survey.fingerprint)
            continue
        request = replace(request, seen=survey.fingerprint)
        quiet = timedelta(seconds=request.quiet_seconds)
        yield context.create_timer(context.current_utc_datetime + quiet)
    context.continue_as_new(to_wire(request))
    return None
