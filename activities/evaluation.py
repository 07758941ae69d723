"""Activities of evaluation and report."""

from __future__ import annotations

import azure.durable_functions as df

from activities.wire import item, step
from shared.contracts import Activity, RunRef, from_wire

bp = df.Blueprint()


@bp.activity_trigger(input_name="request", activity=Activity.PLAN_EVALUATION.value)
async def plan_evaluation(request: dict) -> dict:
    """Decide which model answers what, and what is shown; counts the answers."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.evaluation.plan(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.EVALUATE_ANSWER.value)
async def evaluate_answer(request: dict) -> dict:
    """One model's answer to one test row in one setting, scored."""
    ref = from_wire(RunRef, request)
    return await item(
        f"answer {ref.index}", lambda services: services.evaluation.evaluate(ref.run, ref.index)
    )


@bp.activity_trigger(input_name="request", activity=Activity.SCORE_EVALUATION.value)
async def score_evaluation(request: dict) -> dict:
    """Compare baseline and student."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.evaluation.score(ref.run))


@bp.activity_trigger(input_name="request", activity=Activity.WRITE_REPORT.value)
async def write_report(request: dict) -> dict:
    """Write report.json and report.html."""
    ref = from_wire(RunRef, request)
    return await step(lambda services: services.reporting.write(ref.run))
