"""Where a run's student is trained, served and asked: the one place that reads it off the run."""

from __future__ import annotations

from collections import OrderedDict

from shared.ports import Chat, Platform
from shared.services.manifest import Manifest
from shared.services.runs import Runs
from shared.services.training import Platforms

_NAME_LIMIT = 52  # of serverless endpoints; Azure OpenAI allows 64
_HELD = 64


class Students:
    """Finds students by run."""

    def __init__(self, records: Runs, platforms: Platforms) -> None:
        self._records = records
        self._platforms = platforms
        self._found: OrderedDict[str, tuple[Chat, str]] = OrderedDict()

    async def platform(self, run: str) -> Platform:
        """The cloud that the run's spec names."""
        return self._platforms((await self._records.context(run)).spec.student.platform)

    async def chat(self, run: str) -> tuple[Chat, str]:
        """The chat with a run's trained student, and the student's model, by which its answers
        are known; raises KeyError before it is trained."""
        if run not in self._found:
            student = (await self._records.read(run))["student"]
            spec = (await self._records.context(run)).spec
            platform = await self.platform(run)
            name = served_name(run, student, platform)
            chat = platform.student(name, spec.format, spec.completion.stop)
            self._found[run] = chat, student["model"]
            while len(self._found) > _HELD:
                self._found.popitem(last=False)
        return self._found[run]


def served_name(run: str, student: Manifest, platform: Platform) -> str:
    """Under which name a run's student answers: one run, one deployment, or none."""
    return deployment_name(run) if platform.hosted else str(student["model"])


def deployment_name(run: str) -> str:
    """The name of a run's deployment: one run, one deployment."""
    return f"raft-{run}"[:_NAME_LIMIT]
