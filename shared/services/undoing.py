"""Takes back what a cancelled run began in the cloud: its job and its deployment."""

from __future__ import annotations

from shared.contracts import Step
from shared.services.deployment import Deploying
from shared.services.runs import Runs
from shared.services.training import Training


class Undoing:
    """Use case of undoing; harmless to repeat."""

    def __init__(self, records: Runs, training: Training, deploying: Deploying) -> None:
        self._records = records
        self._training = training
        self._deploying = deploying

    async def undo(self, run: str) -> Step:
        """End the job and remove the deployment of a cancelled run; counts what was undone.

        Does nothing for a run that nobody cancelled.
        """
        if "cancel" not in await self._records.read(run):
            return Step()
        ended = await self._training.cancel(run)
        removed = await self._deploying.remove(run, "the run was cancelled")
        return Step(ended.count + removed.count)
