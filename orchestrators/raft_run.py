"""The run: from documents to report, one stage after the other. Its instance id is the run id.

It knows the order of the stages and when not to go on; what a stage does is in its activities.
Custom status tells the stage, how far the run is, and what it has cost so far.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import azure.durable_functions as df

from orchestrators.progress import Progress
from orchestrators.steps import RunFailed, Yields, call, step
from shared.contracts import (
    CHOICES_PER_ITEM,
    DEPLOYMENT,
    TRAINING,
    Activity,
    Estimate,
    Event,
    Finish,
    JobState,
    JobStatus,
    Orchestrator,
    PollRequest,
    RunPlan,
    RunRef,
    Stage,
    Step,
    Tally,
    from_wire,
    to_wire,
    wait_id,
)

bp = df.Blueprint()

Context = df.DurableOrchestrationContext


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.RAFT_RUN.value)
def raft_run(context: Context):
    """Returns {run, state}; fails, after recording why, when the run cannot go on.

    What a cancelled run began in the cloud is undone before its end is recorded.
    """
    run = context.get_input()["run"]
    try:
        yield from _stages(context, run)
    except Exception as error:
        reason = str(error) if isinstance(error, RunFailed) else _unexpected(error)
        yield from step(context, Activity.UNDO_RUN, RunRef(run))
        yield from step(context, Activity.FINISH_RUN, Finish(run, "failed", reason))
        raise RunFailed(reason) from None
    yield from step(context, Activity.FINISH_RUN, Finish(run, "completed"))
    return {"run": run, "state": "completed"}


def _stages(context: Context, run: str) -> Yields[None]:
    ref = RunRef(run)
    plan = yield from call(context, Activity.PREPARE_RUN, ref, RunPlan)
    progress = Progress(context, plan)

    yield from progress.begin(Stage.INGEST, plan.documents)
    tally = yield from progress.fan_out(Orchestrator.INGEST, Stage.INGEST, plan.documents)
    chunks = yield from step(context, Activity.COLLECT_CHUNKS, ref)
    yield from progress.end(Stage.INGEST, tally.merge(Tally(counts=chunks.counts)))
    if not chunks.count:
        raise RunFailed("no document gave any text" + _first_problem(tally))
    progress.estimate = yield from call(context, Activity.ESTIMATE_RUN, ref, Estimate)

    yield from progress.begin(Stage.GENERATE, chunks.count)
    tally = yield from _generate(progress, plan, chunks.count)
    yield from progress.end(Stage.GENERATE, tally)
    _require_quorum(tally, plan.quorum)

    yield from progress.begin(Stage.DATASET, 1)
    planned = yield from step(context, Activity.PLAN_DATASET, ref)
    tally = _tally(planned)
    if plan.check_distractors:
        items = ceil(planned.count / CHOICES_PER_ITEM)
        checked = yield from progress.fan_out(
            Orchestrator.VERIFY, Stage.DATASET, items, before=tally
        )
        tally = tally.merge(checked)
    if not tally.fatal:
        dataset = yield from step(context, Activity.BUILD_DATASET, ref)
        tally = tally.merge(_tally(dataset))
    if plan.own_answers and not tally.fatal:
        rows = dataset.counts["train"] + dataset.counts["valid"]
        tally = tally.merge((yield from _prefer(context, progress, plan, rows, tally)))
    yield from progress.end(Stage.DATASET, tally)

    yield from _approval(context, progress, plan)

    yield from progress.begin(Stage.TRAIN, plan.trainings)
    tally = Tally()
    for number in range(plan.trainings):
        tally = tally.merge((yield from _train(context, plan, number)))
    yield from progress.end(Stage.TRAIN, tally)

    yield from progress.begin(Stage.DEPLOY, 1)
    deployment = yield from step(context, Activity.CREATE_DEPLOYMENT, ref)
    deadline = plan.deploy_deadline_hours
    wait = wait_id(run, DEPLOYMENT)
    yield from _wait(context, plan, Activity.CHECK_DEPLOYMENT, deployment.ref, deadline, wait)
    smoke = yield from step(context, Activity.SMOKE_TEST_DEPLOYMENT, ref)
    yield from progress.end(Stage.DEPLOY, _tally(smoke))

    answers = yield from step(context, Activity.PLAN_EVALUATION, ref)
    yield from progress.begin(Stage.EVALUATE, answers.count)
    tally = yield from progress.fan_out(Orchestrator.EVALUATE, Stage.EVALUATE, answers.count)
    if not tally.fatal:
        yield from step(context, Activity.SCORE_EVALUATION, ref)
    yield from progress.end(Stage.EVALUATE, tally)

    yield from progress.begin(Stage.REPORT, 1)
    yield from step(context, Activity.WRITE_REPORT, ref)
    if not plan.keep_deployment:
        try:
            yield from step(context, Activity.REMOVE_DEPLOYMENT, ref)
        except Exception:  # the report is there, and the daily sweep tries again
            context.set_custom_status({"stage": Stage.REPORT.value, "deployment": "not removed"})
    yield from progress.end(Stage.REPORT, Tally(ok=1))


def _generate(progress: Progress, plan: RunPlan, chunks: int) -> Yields[Tally]:
    """All questions of all chunks; with a threshold, as few of each chunk as reach it.

    So a threshold samples the whole corpus: each further question of a chunk is answered only
    once every chunk has had its turn.
    """
    tally = Tally()
    most, jobs = 0, 0
    while most < plan.questions and not tally.fatal:
        missing = max(0, plan.qa_threshold - tally.counts.get("examples", 0))
        if plan.qa_threshold and not missing:
            break
        after, most = most, plan.questions
        if plan.qa_threshold:
            most = min(plan.questions, after + ceil(missing / chunks))
        more = yield from progress.fan_out(
            Orchestrator.GENERATE,
            Stage.GENERATE,
            chunks,
            before=tally,
            jobs=jobs,
            wanted=missing,
            most=most,
            after=after,
        )
        tally = tally.merge(more)
        jobs += 1
    return tally


def _prefer(
    context: Context, progress: Progress, plan: RunPlan, rows: int, before: Tally
) -> Yields[Tally]:
    """The baseline answers what its student will learn; its worse answers are not preferred."""
    items = ceil(rows / CHOICES_PER_ITEM)
    tally = yield from progress.fan_out(
        Orchestrator.PREFER, Stage.DATASET, items, before=before, jobs=1
    )
    if not tally.fatal:
        yield from step(context, Activity.WRITE_PREFERENCES, RunRef(plan.run))
    return tally


def _approval(context: Context, progress: Progress, plan: RunPlan) -> Yields[None]:
    """Wait for a person where the spec asks for one; raises RunFailed when nobody says yes."""
    ref = RunRef(plan.run)
    asked = yield from step(context, Activity.ASK_APPROVAL, ref)
    if asked.count:
        return
    yield from progress.begin(Stage.APPROVE, 1)
    expiry = context.current_utc_datetime + timedelta(hours=plan.approval_hours)
    while True:
        decided = context.wait_for_external_event(Event.DECIDED.value)
        timer = context.create_timer(expiry)
        winner = yield context.task_any([decided, timer])
        if winner is decided:
            timer.cancel()
        settled = yield from step(context, Activity.SETTLE_APPROVAL, ref)
        if settled.count or settled.ref or winner is timer:
            break
    yield from progress.end(Stage.APPROVE, Tally(ok=settled.count))
    if not settled.count:
        raise RunFailed(settled.ref or "nobody approved the training in time")
    progress.lift_budget()


def _train(context: Context, plan: RunPlan, number: int) -> Yields[Tally]:
    """One of the jobs that make the student: submit or adopt it, wait, keep its result."""
    job = yield from step(context, Activity.SUBMIT_TRAINING, RunRef(plan.run, number))
    wait = wait_id(plan.run, TRAINING, number)
    yield from _wait(
        context, plan, Activity.CHECK_TRAINING, job.ref, plan.train_deadline_hours, wait
    )
    ended = RunRef(plan.run, number, job=job.ref)
    return _tally((yield from step(context, Activity.RECORD_TRAINING, ended)))


def _wait(
    context: Context, plan: RunPlan, check: Activity, job: str, hours: float, wait: str
) -> Yields[None]:
    """Sleep until the cloud is done; raises RunFailed with its words when it ended badly."""
    deadline = context.current_utc_datetime + timedelta(hours=hours)
    request = PollRequest(plan.run, check.value, job, plan.poll_seconds, deadline.isoformat())
    answer = yield context.call_sub_orchestrator(
        Orchestrator.POLL_JOB.value, to_wire(request), instance_id=wait
    )
    status = from_wire(JobStatus, answer)
    if status.state is not JobState.SUCCEEDED:
        words = f": {status.detail}" if status.detail else ""
        what = wait.removeprefix(f"{plan.run}-")
        raise RunFailed(f"the {what} ended as {status.status}{words}")


def _require_quorum(tally: Tally, quorum: float) -> None:
    looked_at = tally.ok + tally.rejected + tally.failed
    if tally.failed > looked_at * (1 - quorum):
        raise RunFailed(
            f"{tally.failed} of {looked_at} chunks failed, more than the quorum of {quorum:g} "
            f"allows; nothing was trained{_first_problem(tally)}"
        )


def _first_problem(tally: Tally) -> str:
    return f". First: {tally.problems[0]}" if tally.problems else ""


def _tally(result: Step) -> Tally:
    return Tally(ok=1, counts=result.counts, spend=result.spend)


def _unexpected(error: Exception) -> str:
    """One line without a stack: the first line of what Durable reports of a failed activity."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"a step failed every time it was tried: {lines[0] if lines else type(error).__name__}"[
        :400
    ]
