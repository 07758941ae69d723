"""A run in memory, taken as far as a test needs it: every service over the fakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.adapters.parquet import ParquetWriter
from shared.contracts import CHOICES_PER_ITEM, Outcome, Step
from shared.errors import DocumentError
from shared.ports import BlobInfo, Chat, Judge, Platform, Reply
from shared.raft.costs import PriceTable
from shared.raft.documents import Page
from shared.raft.examples import ChoiceVerdict
from shared.services.checking import Checking
from shared.services.choices import choice_from, choices_prefix, write_verdicts
from shared.services.cutting import Cutter
from shared.services.dataset import Datasets
from shared.services.decisions import Decisions
from shared.services.deployment import Deploying
from shared.services.documents import Documents
from shared.services.estimating import Estimating
from shared.services.evaluation import Evaluation
from shared.services.generation import Generation
from shared.services.planning import Planning
from shared.services.preferring import Preferring
from shared.services.reporting import Reporting
from shared.services.runs import Runs
from shared.services.shards import Shards
from shared.services.students import Students
from shared.services.training import Training
from shared.services.work import StopMarkers, WorkStore
from tests.shared.services.fakes import (
    JsonReport,
    LetterVectors,
    MemoryBlobs,
    MemoryDeployer,
    MemoryTrainer,
    ScriptedChat,
    ScriptedJudge,
    WordTokenizer,
    WordVectors,
)
from tests.shared.support import settings

SPEC = {
    "chunk_size": 64,
    "questions": 2,
    "question_kinds": {"multi_hop": 0},
    "evaluation": {"bootstrap_draws": 100, "settings": ["open_book"], "distractor_sweep": []},
}
WORDS = "alder birch cedar dogwood elm fir ginkgo hazel ivy juniper katsura larch maple nettle oak"


class TextReader:
    """A document is UTF-8 text, one page per form feed; `!code` cannot be read for that code."""

    async def read(self, data: bytes, name: str, doctype: str) -> list[Page]:
        text = data.decode()
        if text.startswith("!"):
            raise DocumentError(text[1:], f"{name} cannot be read")
        if text == "crash":
            raise RuntimeError("the reader broke")
        return [Page(number, part) for number, part in enumerate(text.split("\f"), 1)]


def story(number: int, paragraphs: int = 15) -> str:
    """Paragraphs of some forty words, each about a word of its own."""
    return "\n\n".join(
        f"The {word} {number} account has a fee of {index + 2} pounds. "
        + f"Whoever holds the {word} {number} account may visit any branch on a weekday. " * 3
        for index, word in enumerate(WORDS.split()[:paragraphs])
    )


def teach(prompt: str) -> str | Reply | Exception:
    """A teacher of the stories: two questions a chunk, answered with a verbatim quote."""
    text = prompt.split("<DOCUMENT>\n")[1].split("\n</DOCUMENT>")[0]
    subject = text.partition(" account")[0].removeprefix("The ").strip()
    if "Write 2 questions" in prompt:
        return f"What does the {subject} account cost?\nWho may visit with {subject}?"
    quote = text.partition(".")[0]
    return f"It says ##begin_quote##{quote}##end_quote##\n<ANSWER>: {subject} fee"


class World:
    """Services that share two containers. `reader` is the judge's model, asked to answer."""

    def __init__(
        self,
        teacher: Chat | None = None,
        *,
        baseline: Chat | None = None,
        student: Chat | None = None,
        judge: Judge | None = None,
        reader: Chat | None = None,
        containers: tuple[MemoryBlobs, MemoryBlobs] | None = None,
    ) -> None:
        self.uploads, self.blobs = containers or (MemoryBlobs(), MemoryBlobs())
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.records = Runs(self.blobs, self.uploads, settings(), self._clock)
        self.shards = Shards(self.blobs)
        self.stops = StopMarkers(self.blobs)
        self.work = WorkStore(self.blobs, self.stops, PriceTable())
        self.teacher = teacher or ScriptedChat(teach)
        self.baseline = baseline or ScriptedChat(lambda _: "<ANSWER>: baseline", "baseline")
        self.student = student or ScriptedChat(lambda _: "<ANSWER>: student", "student")
        self.reader = reader or ScriptedChat(teach, "reader")
        self.judge = judge or ScriptedJudge({"faithfulness": 0.5})
        self.trainer, self.deployer = MemoryTrainer(), MemoryDeployer()
        self.platforms: list[str] = []
        common = (self.blobs, self.records, self.shards)
        self.documents = Documents(
            self.uploads, *common, Cutter(TextReader(), WordTokenizer(), LetterVectors), self.work
        )
        self.generation = Generation(*common, self.work, self.teacher, self.reader)
        self.checking = Checking(*common, self.work, self.reader)
        self.question_vectors = WordVectors()
        planning = Planning(*common, self.work, lambda: self.question_vectors)
        self.datasets = Datasets(*common, WordTokenizer(), ParquetWriter(), planning)
        prices = PriceTable()
        self.hosted = True
        self.training = Training(self.blobs, self.records, self.stops, self._platform, prices)
        self.students = Students(self.records, self._platform)
        self.preferring = Preferring(*common, self.work, self.baseline)
        self.decisions = Decisions(self.blobs, self.records, self.stops, prices, self._clock)
        self.estimating = Estimating(
            self.records, self.shards, prices, {"teacher": "gpt-4o", "judge": "gpt-4o-mini"}
        )
        self.deploying = Deploying(
            *common, self.work, self.stops, self.students, prices, self._clock
        )
        self.evaluation = Evaluation(*common, self.work, self.baseline, self.students, self.judge)
        self.reporting = Reporting(
            self.blobs, self.records, self.evaluation, JsonReport(), [], prices, "gpt-4o"
        )

    def _platform(self, name: str) -> Platform:
        """Every platform is the same; `platforms` remembers which were asked for."""
        self.platforms.append(name)
        return Platform(self.trainer, self.deployer, lambda *_: self.student, self.hosted)

    def _clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    async def upload(self, files: Mapping[str, str]) -> Sequence[BlobInfo]:
        """Put files into the documents container; all blobs of the first one's domain."""
        for name, text in files.items():
            await self.uploads.put(name, text.encode())
        return await self.documents.blobs_of(next(iter(files)).partition("/")[0])

    async def start(self, files: Mapping[str, str] | None = None, **spec: Any) -> str:
        """A claimed and prepared run."""
        blobs = await self.upload(files or {"bank/1.pdf": story(1)})
        claim = await self.records.claim(blobs[0].name.partition("/")[0], blobs, {**SPEC, **spec})
        await self.records.prepare(claim.run)
        return claim.run

    async def ingest(self, run: str) -> list[Outcome]:
        """All documents read and their chunks collected."""
        count = len((await self.records.context(run)).documents)
        outcomes = [await self.documents.ingest(run, index) for index in range(count)]
        self.chunks = (await self.documents.collect(run)).count
        return outcomes

    async def generate(self, run: str) -> list[Outcome]:
        """Examples of all chunks."""
        return [await self.generation.generate(run, index) for index in range(self.chunks)]

    async def fan_in(self, run: str) -> Step:
        """The dataset of what was generated, as if no distractor answered any question."""
        planned = await self.datasets.plan(run)
        chosen = [choice_from(each) async for each in self.shards.each(choices_prefix(run))]
        passed = [ChoiceVerdict(choice.example.id) for choice in chosen]
        for item in range(-(-len(passed) // CHOICES_PER_ITEM)):
            own = passed[item * CHOICES_PER_ITEM : (item + 1) * CHOICES_PER_ITEM]
            await write_verdicts(self.blobs, run, item, own)
        built = await self.datasets.build(run)
        return replace(built, counts={**planned.counts, **built.counts}, spend=planned.spend)

    async def dataset(self, **spec: Any) -> tuple[str, Step]:
        """A run up to its dataset."""
        run = await self.start(**spec)
        await self.ingest(run)
        await self.generate(run)
        return run, await self.fan_in(run)

    async def trained(self, **spec: Any) -> str:
        """A run up to its recorded student."""
        run, _ = await self.dataset(**spec)
        await self.training.record(run, (await self.training.submit(run)).ref)
        return run

    async def evaluated(self, run: str) -> list[Outcome]:
        """All planned answers."""
        planned = await self.evaluation.plan(run)
        return [await self.evaluation.evaluate(run, index) for index in range(planned.count)]
