"""What people decide about a run: whether training may be paid for, and that a run shall end.

A decision is written into the run record before anyone is woken, so that a lost event loses
nothing; the first one stands. `by` and `why` are shown wherever the run is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.contracts import Stage, Step
from shared.errors import BudgetReached, NotNow
from shared.ports import BlobStore, Clock
from shared.raft.costs import PriceTable
from shared.raft.estimates import USUAL_EPOCHS
from shared.services.manifest import (
    Manifest,
    cancelled_words,
    change_manifest,
    who_and_why,
)
from shared.services.runs import ENDED, Runs, checked_id, spend_of
from shared.services.training import method_file
from shared.services.work import StopMarkers

WAITING, APPROVED, REJECTED, EXPIRED = "waiting", "approved", "rejected", "expired"
_WORDS = 200  # characters of who and why
_BYTES_A_TOKEN = 4
_LATER = (Stage.DEPLOY, Stage.EVALUATE)


class Decisions:
    """Use cases of approval and cancelling."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        stops: StopMarkers,
        prices: PriceTable,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._records = records
        self._stops = stops
        self._prices = prices
        self._clock = clock

    async def ask(self, run: str) -> Step:
        """Whether training may begin: count 1, or 0 when a person has to approve it first.

        Raises BudgetReached when it is over the budget and nobody is to be asked.
        """
        await self._stops.check(run)
        spec = (await self._records.context(run)).spec
        manifest = await self._records.read(run)
        if decided := manifest.get("approval"):
            return Step(int(decided["state"] == APPROVED))
        spent, training, after = spend_of(manifest).usd, await self._training(run), 0.0
        if estimate := manifest.get("estimate"):
            later = (estimate["stages"].get(stage.value, {}) for stage in _LATER)
            after = sum(stage.get("usd", 0.0) for stage in later)
        budget, mode = spec.budget.usd, spec.budget.approval
        over = budget is not None and spent + training + after > budget
        if over and mode == "never":
            raise BudgetReached(
                f"the budget of ${budget:g} does not reach further: ${spent:.4f} were spent, "
                f"training is expected to cost ${training:.2f}, deployment and evaluation "
                f"${after:.2f}. "
                "Nothing paid is lost: start a run over the same documents with a higher "
                "budget.usd, or with budget.approval: over_budget"
            )
        if mode == "never" or (mode == "over_budget" and not over):
            return Step(1)
        now = self._clock()
        asked = {
            "state": WAITING,
            "asked": now.isoformat(),
            "expires": (now + timedelta(hours=spec.budget.approval_hours)).isoformat(),
            "usd_spent": round(spent, 6),
            "usd_training": round(training, 6),
            "usd_after": round(after, 6),
            "budget_usd": budget,
        }

        def wait(manifest: Manifest) -> None:
            manifest.setdefault("approval", asked)

        await change_manifest(self._runs, run, wait)
        return Step(0)

    async def settle(self, run: str) -> Step:
        """What was decided: count 1 for approved, else 0 with the reason in `ref`; a wait that is
        over and was not answered expires here. `ref` is '' while it goes on."""
        now = self._clock()

        def expire(manifest: Manifest) -> None:
            approval = manifest["approval"]
            over = now >= datetime.fromisoformat(approval["expires"])
            if approval["state"] == WAITING and over:
                approval.update(state=EXPIRED, decided=now.isoformat())

        manifest = await change_manifest(self._runs, run, expire)
        approval = manifest["approval"]
        if cancelled := cancelled_words(manifest):
            return Step(0, cancelled)
        if approval["state"] == APPROVED:
            return Step(1)
        if approval["state"] == EXPIRED:
            return Step(0, f"nobody approved the training until {approval['expires']}")
        if approval["state"] == REJECTED:
            return Step(0, f"the training was rejected by {who_and_why(approval)}")
        return Step(0)

    async def decide(self, run: str, approved: bool, by: str, why: str) -> Manifest:
        """Approve or reject; deciding again in the same way changes nothing.

        Raises BlobNotFound, and NotNow when nothing waits for it or it was decided otherwise.
        """
        wanted = APPROVED if approved else REJECTED
        decision = self._record(by, why)

        def note(manifest: Manifest) -> None:
            approval = manifest.get("approval") or {}
            if approval.get("state") == wanted:
                return
            if approval.get("state") != WAITING:
                state = approval.get("state")
                words = f"it was {state} before" if state else "no approval is waited for"
                raise NotNow(f"run {run}: {words}")
            approval.update(decision, state=wanted)

        return await change_manifest(self._runs, checked_id(run), note)

    async def cancel(self, run: str, by: str, why: str) -> Manifest:
        """End the run: no paid call leaves from here on. Cancelling again changes nothing.

        Raises BlobNotFound, and NotNow for a run that has ended otherwise.
        """
        decision = self._record(by, why)

        def note(manifest: Manifest) -> None:
            if manifest["state"] in ENDED and "cancel" not in manifest:
                raise NotNow(f"run {run} has ended before: {manifest['state']}")
            manifest.setdefault("cancel", decision)

        manifest = await change_manifest(self._runs, checked_id(run), note)
        if manifest["state"] not in ENDED:
            await self._stops.stop(run, cancelled_words(manifest))
        return manifest

    async def _training(self, run: str) -> float:
        """Dollars that training is expected to cost; 0 where it is not billed by tokens."""
        spec = (await self._records.context(run)).spec
        if not spec.student.billed_by_token:
            return 0.0
        tokens = 0
        for number in range(len(spec.student.methods)):
            path = method_file(spec, number, "train.jsonl")
            epochs = spec.student.hyperparameters_of(number).n_epochs or USUAL_EPOCHS
            tokens += len(await self._runs.read(f"{run}/{path}")) // _BYTES_A_TOKEN * epochs
        return self._prices.training_cost(spec.student.model, tokens)

    def _record(self, by: str, why: str) -> dict[str, Any]:
        return {
            "by": " ".join(by.split())[:_WORDS],
            "why": " ".join(why.split())[:_WORDS],
            "decided": self._clock().isoformat(),
        }
