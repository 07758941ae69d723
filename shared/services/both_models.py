"""Baseline and student of a run, asked the same question by a person.

What they answer is paid once, and what evaluation has asked before costs nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts import Spend
from shared.errors import ModelRefusesUs, NotNow
from shared.ports import Chat, ChatRequest, Permit, Reply
from shared.services.manifest import Manifest
from shared.services.runs import Runs
from shared.services.students import Students
from shared.services.work import WorkStore, ask, settled


@dataclass(frozen=True)
class Answers:
    """What both said to one request, and what that cost now."""

    baseline: str
    student: str
    spend: Spend


class BothModels:
    """Asks them side by side."""

    def __init__(self, records: Runs, work: WorkStore, baseline: Chat, students: Students) -> None:
        self._records = records
        self._work = work
        self._baseline = baseline
        self._students = students

    async def check(self, run: str) -> None:
        """Raise NotNow, saying what is gone or missing, where the student cannot be asked;
        BlobNotFound where there is no such run."""
        student = (await self._records.read(run))["student"]
        if "model" not in student:
            raise NotNow(f"run {run} has no student yet: it is made when training ends")
        if (await self._students.platform(run)).hosted:
            _check_deployment(run, student)

    async def answers(self, run: str, item: str, request: ChatRequest) -> Answers:
        """What both answer; `item` names what is asked in the ledger.

        Raises NotNow as `check` does and when a model turns us away, and the errors of
        `Chat.complete`.
        """
        await self.check(run)
        student, model = await self._students.chat(run)
        calls = self._work.item(run, item)
        baseline, answered = await settled(
            (
                ask(calls, "evaluation", _Guest(self._baseline, "baseline"), request),
                ask(calls, "evaluation", _Guest(student, "student"), request, model=model),
            )
        )
        return Answers(baseline.text, answered.text, calls.spend)


class _Guest:
    """A chat whose refusal costs the asker an answer; for a run at work it would be the end."""

    def __init__(self, chat: Chat, who: str) -> None:
        self._chat = chat
        self._who = who

    @property
    def deployment(self) -> str:
        """See the port."""
        return self._chat.deployment

    async def complete(self, request: ChatRequest, permit: Permit) -> Reply:
        """See the port; raises NotNow where the model turns us away."""
        try:
            return await self._chat.complete(request, permit)
        except ModelRefusesUs as error:
            name = self._chat.deployment
            raise NotNow(f"the {self._who} cannot be asked, as {name}: {error.reason}") from None


def _check_deployment(run: str, student: Manifest) -> None:
    if "deployment" not in student:
        raise NotNow(f"the student of run {run} is not deployed yet")
    if removed := student.get("removed"):
        because = student.get("removed_because")
        raise NotNow(
            f"the deployment {student['deployment']} was removed at {removed}: {because}. "
            f"The fine-tuned model {student['model']} is still there"
        )
