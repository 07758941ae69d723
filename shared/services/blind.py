"""Blind comparisons: a person picks the better of two answers without knowing whose they are.

They are about validation rows: what is chosen may be trained on, and test rows must not be. Rows
come in a seeded order, and which answer stands first is drawn for each row. A choice is one blob,
written once; `Preferring` makes preferences of them for a dpo run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal

from shared.errors import NotNow, SpecError
from shared.ports import BlobStore, Clock
from shared.raft.examples import Row
from shared.raft.formats import row_from, to_json
from shared.raft.splitting import seeded
from shared.raft.winrate import win_rate
from shared.services.both_models import Answers, BothModels
from shared.services.deployment import student_request
from shared.services.preferring import comparisons_prefix, read_comparisons
from shared.services.results_view import ResultViews
from shared.services.runs import Runs, checked_id
from shared.spec import RunSpec

ENOUGH = 5  # choices before the result is told: a person who knows it is not blind any more
_ALIKE = 5  # rows with one answer that are passed over in one go: each pays two calls
_WORDS = 200

Winner = Literal["student", "baseline", "tie"]
Choice = dict[str, Any]


class Blind:
    """Use cases of comparing."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        results: ResultViews,
        both: BothModels,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._records = records
        self._results = results
        self._both = both
        self._clock = clock

    async def shown(self, run: str) -> dict[str, Any]:
        """{run, rows, made, enough, result, next, why}: the next pair, and what came of the others.

        `next` is {row, question, documents, answers: {a, b}}, None with the reason in `why` when
        there is none; `result` is a WinRate with its finding, None below `enough` choices. Raises
        BlobNotFound without a run or a dataset, and what asking raises.
        """
        choices: Mapping[int, Choice] = await self._choices(run)
        order = await self._order(run)
        pair, why = None, ""
        try:
            pair, choices = await self._next(run, order, choices)
        except NotNow as error:
            why = error.reason
        if pair is None and not why:
            why = "every validation row has been compared" if order else "no row is for validation"
        return {
            "run": run,
            "rows": len(order),
            "made": len(choices),
            "enough": ENOUGH,
            "result": _result(choices) if len(choices) >= ENOUGH else None,
            "next": pair,
            "why": why,
        }

    async def choose(self, run: str, row: Any, winner: Any, by: str) -> dict[str, Any]:
        """Keep that `winner` (a, b or tie) is better; {run, row, made}.

        Raises SpecError on a wrong row or winner, NotNow for a row that was compared before.
        """
        if winner not in ("a", "b", "tie"):
            raise SpecError("winner", "must be a, b or tie")
        rows = len(await self._order(run))
        if not isinstance(row, int) or isinstance(row, bool) or not 0 <= row < rows:
            raise SpecError("row", "must be the number of a validation row")
        asked = await self._row(run, row)
        said = await self._both.answers(run, _item(row), student_request(asked))
        first = await self._student_first(run, row)
        chosen: Winner = "tie"
        if winner != "tie":
            chosen = "student" if (winner == "a") == first else "baseline"
        if not await self._keep(run, row, asked, said, chosen, by):
            raise NotNow(f"row {row} was compared before: a choice stands")
        return {"run": run, "row": row, "made": len(await self._choices(run))}

    async def follow_up(self, run: str) -> dict[str, Any]:
        """The body of POST /api/runs that starts a dpo run which uses the choices: the same
        documents and spec but for `student.method` and `student.comparisons`."""
        manifest = await self._records.read(run)
        overrides = dict(manifest.get("overrides") or {})
        student = {**overrides.get("student", {}), "method": "dpo", "comparisons": run}
        names = [document["name"] for document in manifest["documents"]]
        return {"documents": names, "spec": {**overrides, "student": student}}

    async def _next(
        self, run: str, order: list[int], choices: Mapping[int, Choice]
    ) -> tuple[dict[str, Any] | None, Mapping[int, Choice]]:
        """The first row without a choice, and the choices with those made for rows that both
        models answer alike: they are ties that nobody has to look at."""
        alike = 0
        for row in order:
            if row in choices:
                continue
            asked = await self._row(run, row)
            said = await self._both.answers(run, _item(row), student_request(asked))
            if said.baseline.split() == said.student.split() and alike < _ALIKE:
                alike += 1
                await self._keep(run, row, asked, said, "tie", "")
                choices = {**choices, row: {"winner": "tie"}}
                continue
            pair = [said.baseline, said.student]
            if await self._student_first(run, row):
                pair.reverse()
            shown = {
                "row": row,
                "question": asked.question,
                "documents": [asdict(document) for document in asked.documents],
                "answers": dict(zip("ab", pair, strict=True)),
            }
            return shown, choices
        return None, choices

    async def _keep(
        self, run: str, row: int, asked: Row, said: Answers, winner: Winner, by: str
    ) -> bool:
        pairs = {
            "student": (said.student, said.baseline),
            "baseline": (said.baseline, said.student),
            "tie": ("", ""),
        }
        preferred, rejected = pairs[winner]
        record = {
            "row": row,
            "question": asked.question,
            "messages": list(student_request(asked).messages),
            "preferred": preferred,
            "rejected": rejected,
            "winner": winner,
            "by": " ".join(by.split())[:_WORDS],
            "at": self._clock().isoformat(),
        }
        return await self._runs.create(f"{comparisons_prefix(run)}{row:05}.json", to_json(record))

    async def _choices(self, run: str) -> dict[int, Choice]:
        """All choices of a run, by row."""
        return {choice["row"]: choice for choice in await read_comparisons(self._runs, run)}

    async def _order(self, run: str) -> list[int]:
        """Validation rows in the order in which they are shown."""
        seed = (await self._spec(run)).seed
        page = await self._results.rows(run, split="valid", limit=1)
        return sorted(range(page["total"]), key=lambda row: seeded(seed, "compare", str(row)))

    async def _row(self, run: str, row: int) -> Row:
        page = await self._results.rows(run, split="valid", offset=row, limit=1)
        return row_from(page["rows"][0])

    async def _student_first(self, run: str, row: int) -> bool:
        """Drawn for each row; the page cannot know it."""
        return bool(seeded((await self._spec(run)).seed, "side", run, str(row)) & 1)

    async def _spec(self, run: str) -> RunSpec:
        return (await self._records.context(checked_id(run))).spec


def _item(row: int) -> str:
    return f"compare/{row:05}"


def _result(choices: Mapping[int, Choice]) -> dict[str, Any]:
    winners = [choice["winner"] for choice in choices.values()]
    result = win_rate(winners.count("student"), winners.count("tie"), winners.count("baseline"))
    return {**asdict(result), "finding": result.finding}
