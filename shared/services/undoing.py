"""Takes back what a run that was cancelled or failed began in the cloud: jobs and deployment.

A job that still runs is cancelled: nobody would fetch its model. A deployment that never worked is
removed, and one that does is kept only where the run failed and its spec says keep: always; what
it costs is noted then. Trouble here is noted in the run record and never raised: the run has a
reason of its own to end by, and whoever reads that has to know what may be left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from shared.contracts import Stage, Step
from shared.errors import RaftError
from shared.services.deployment import Deploying
from shared.services.manifest import Manifest
from shared.services.runs import Runs
from shared.services.students import Students
from shared.services.training import Training

_TRY_AGAIN = (2, 5, 10, 20)  # seconds: another operation on the account may have to end first


class Undoing:
    """Use case of undoing; harmless to repeat."""

    def __init__(
        self, records: Runs, training: Training, deploying: Deploying, students: Students
    ) -> None:
        self._records = records
        self._training = training
        self._deploying = deploying
        self._students = students

    async def undo(self, run: str) -> Step:
        """End the jobs and remove the deployment of a run that ends badly; counts those.

        `student.kept` and `student.left` of the run record say what is still there, and why.
        """
        manifest = await self._records.read(run)
        ended, problem = await _try(lambda: self._training.cancel(run))
        left = [f"a training job may still run: {problem}"] if problem else []
        removed, problem = await _try(lambda: self._settle(run, manifest))
        left += [f"the deployment may still be there: {problem}"] if problem else []
        if left:
            await self._records.note(run, student={"left": "; ".join(left)})
        return Step(ended.count + removed.count)

    async def _settle(self, run: str, manifest: Manifest) -> Step:
        """Keep the deployment and note its price, or remove it."""
        if "cancel" in manifest:
            return await self._deploying.remove(run, "the run was cancelled")
        platform = await self._students.platform(run)
        works = platform.hosted and "ended" in manifest["stages"].get(Stage.DEPLOY.value, {})
        if works and manifest["spec"].get("deployment", {}).get("keep") == "always":
            student = manifest["student"]
            if (await platform.deployer.check(student["deployment"])).status != "NotFound":
                await self._records.note(run, student={"kept": _kept(run, student)})
                return Step()
        return await self._deploying.remove(run, "the run failed")


async def _try(work: Callable[[], Awaitable[Step]]) -> tuple[Step, str]:
    """What `work` did, or why it could not."""
    problem = ""
    for seconds in (0, *_TRY_AGAIN):
        await asyncio.sleep(seconds)
        try:
            return await work(), ""
        except RaftError as error:
            problem = error.reason
            if not error.retryable:
                break
    return Step(), problem


def _kept(run: str, student: Manifest) -> str:
    return (
        f"the deployment {student['deployment']} works and is kept (keep: always), at "
        f"${student['usd_per_hour']:g} an hour, until DELETE /api/runs/{run}/deployment"
    )
