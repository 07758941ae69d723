"""Where a run is and what it has spent: in the run record, the custom status, and its budget."""

from __future__ import annotations

import azure.durable_functions as df

from orchestrators.lanes import lanes_of
from orchestrators.steps import Job, RunFailed, Yields, fan_out, step
from shared.contracts import (
    Activity,
    Estimate,
    Orchestrator,
    RunPlan,
    Spend,
    Stage,
    StageCost,
    StageRecord,
    Tally,
)

_STAGES = list(Stage)
ROUNDS_OF_A_JOB = 100  # numbers kept free for the rounds of one fan-out


class Progress:
    """Stages of one run, one after the other."""

    def __init__(self, context: df.DurableOrchestrationContext, plan: RunPlan) -> None:
        self.estimate = Estimate()
        self._context = context
        self._plan = plan
        self._budget = plan.budget_usd
        self._spend = Spend()

    def begin(self, stage: Stage, total: int) -> Yields[None]:
        """Record that a stage begins over `total` items."""
        self._show(stage, 0, total)
        record = StageRecord(self._plan.run, stage, ended=False, total=total)
        yield from step(self._context, Activity.RECORD_STAGE, record)

    def end(self, stage: Stage, tally: Tally) -> Yields[None]:
        """Raises RunFailed after recording a stage that found out that nothing will work."""
        self._spend += tally.spend
        self._show(stage, tally.done, max(tally.done, 1))
        record = StageRecord(self._plan.run, stage, ended=True, tally=tally)
        yield from step(self._context, Activity.RECORD_STAGE, record)
        if tally.fatal:
            raise RunFailed(tally.fatal)

    def lift_budget(self) -> None:
        """A person has approved what is over it."""
        self._budget = None

    def fan_out(
        self,
        orchestrator: Orchestrator,
        stage: Stage,
        total: int,
        *,
        before: Tally | None = None,
        jobs: int = 0,
        **limits: int,
    ) -> Yields[Tally]:
        """Run a stage's items within what is left of the budget, less what `before` spent.

        A tally that the budget ended has it as its `fatal` reason. `jobs` were fanned out before
        in this stage; `limits` are those of `Job`.
        """
        plan = self._plan
        earlier = before or Tally()
        cost = self.estimate.stages.get(stage.value, StageCost())
        spent = self._spend.usd + earlier.spend.usd
        job = Job(
            plan.run,
            stage,
            orchestrator,
            total,
            plan.lanes,
            usd=None if self._budget is None else self._budget - spent,
            usd_per_item=cost.usd / cost.items if cost.items else 0.0,
            **limits,
        )

        def show(number: int) -> None:
            self._show(stage, earlier.done, total, lanes=True, number=number)

        tally = yield from fan_out(self._context, job, show, rounds=jobs * ROUNDS_OF_A_JOB)
        wanted_more = tally.counts.get("examples", 0) < job.wanted if job.wanted else True
        if tally.done < total and wanted_more and not tally.fatal and job.usd is not None:
            spent += tally.spend.usd
            reason = over_budget(self._budget or 0, spent, stage, total - tally.done, total)
            tally = tally.merge(Tally(fatal=reason))
        return tally

    def _show(
        self, stage: Stage, done: int, total: int, *, lanes: bool = False, number: int = 0
    ) -> None:
        count = len(lanes_of(self._plan.run, total, self._plan.lanes)) if lanes else 0
        self._context.set_custom_status(
            {
                "stage": stage.value,
                "stage_number": _STAGES.index(stage) + 1,
                "stages": len(_STAGES),
                "done": done,
                "total": total,
                "lanes": count,
                "round": number,
                "usd": round(self._spend.usd, 6),
            }
        )


def over_budget(budget: float, spent: float, stage: Stage, left: int, total: int) -> str:
    """What to tell a person whose budget ended a run."""
    return (
        f"the budget of ${budget:g} does not reach further: ${spent:.4f} were spent, and {left} of "
        f"{total} items of the stage {stage.value} are left. Nothing paid is lost: start a run "
        "over the same documents with a higher budget.usd, and only what is missing is paid"
    )
