"""The first half of the fan-in: which examples are used, in which split, and beside what.

Everything here is a function of examples, chunks and spec: no clock, no run id. Texts lie on disk
while it runs; memory holds ids and numbers only, so that it does not grow with the texts.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable

from shared.contracts import Step
from shared.errors import QuorumNotReached
from shared.ports import BlobStore, Embedder
from shared.raft.distractors import DistractorPool, choose_distractors, distractor_count
from shared.raft.examples import Choice, Example
from shared.raft.quotes import QuoteFinder
from shared.raft.repeats import Questions, packed
from shared.raft.rows import shown_document
from shared.raft.splitting import SPLITS, group_chunks, split_groups
from shared.services.choices import (
    Planned,
    choice_record,
    choices_prefix,
    drops_prefix,
    planned_line,
    planned_name,
)
from shared.services.corpus import Corpus
from shared.services.one_thread import OneThread
from shared.services.runs import Runs
from shared.services.scratch import Scratch, Shelf
from shared.services.shards import SHARD, Shards
from shared.services.work import ItemCalls, WorkStore
from shared.spec import RunSpec
from shared.spec.student import Student

_SPARES = 3
_EMBEDDED = 256  # questions whose vectors are held at a time


class Planning:
    """Plans one run at a time."""

    def __init__(
        self,
        runs: BlobStore,
        records: Runs,
        shards: Shards,
        work: WorkStore,
        embedder: Callable[[], Embedder],
    ) -> None:
        self._runs = runs
        self._records = records
        self._shards = shards
        self._work = work
        self._embedder = embedder

    async def plan(self, run: str) -> Step:
        """Write the run's choices, in reading order, and what was dropped before them.

        The step counts the choices, and drops by code; its spend is that of the embeddings.
        Raises QuorumNotReached when there is too little to train on, and what `Embedder` raises.
        """
        spec = (await self._records.context(run)).spec
        calls = self._work.item(run, "dataset")
        with Scratch() as scratch, OneThread() as away:
            corpus = Corpus(self._runs, self._shards, scratch)
            await corpus.read(run)
            repeats = await self._repeats(corpus, scratch.shelf("vectors"), spec, calls, away)
            plan = await away(_Plan, corpus, repeats, spec)
            await self._write(run, plan, away)
            counts = {f"drop_{code}": count for code, count in sorted(corpus.drops.items())}
        return Step(len(plan.used), choices_prefix(run), counts, calls.spend)

    async def _repeats(
        self,
        corpus: Corpus,
        vectors: Shelf,
        spec: RunSpec,
        calls: ItemCalls,
        away: OneThread,
    ) -> dict[int, int]:
        """Position of each repeated question → the earlier one that it repeats."""
        questions = Questions()
        for example, chunk in zip(corpus.every_example(), corpus.chunk_of, strict=True):
            questions.add(example.question, chunk)
        repeats = await away(questions.compare_words, corpus.follows)
        positions = questions.to_embed()
        for start in range(0, len(positions), _EMBEDDED):
            batch = positions[start : start + _EMBEDDED]
            texts = [corpus.example(position).question for position in batch]
            made = await self._embedder().embed(texts, calls)
            vectors.put(zip(batch, map(packed, made), strict=True))
        alike = await away(
            questions.compare_meaning, vectors.__getitem__, spec.duplicate_similarity
        )
        return repeats | alike

    async def _write(self, run: str, plan: _Plan, away: OneThread) -> None:
        drops = self._shards.writer(drops_prefix(run))
        await drops.add(plan.corpus.dropped())
        await drops.close()
        choices = self._shards.writer(choices_prefix(run))

        async def lines() -> AsyncIterator[bytes]:
            for start in range(0, len(plan.used), SHARD):
                made = await away(plan.choices, plan.used[start : start + SHARD])
                await choices.add(map(choice_record, made))
                for choice in made:
                    quotes = choice.example.quotes if choice.split == "test" else []
                    yield planned_line(Planned(choice.example.id, choice.split, quotes))
            await choices.close()

        await self._runs.put_stream(planned_name(run), lines())


class _Plan:
    """Which examples are used, and in which split; raises QuorumNotReached for too few."""

    def __init__(self, corpus: Corpus, repeats: dict[int, int], spec: RunSpec) -> None:
        self.corpus = corpus
        self._spec = spec
        for position, earlier in sorted(repeats.items()):
            same = corpus.example(earlier).question
            corpus.drop(position, "repeated_question", f"asks the same as: {same}")
        self.used = array("i", (p for p in range(len(corpus.chunk_of)) if p not in repeats))
        if not self.used:
            raise nothing_left(len(corpus.place), corpus.drops)
        self._groups, self._splits = self._divide()
        self._leave_out_seen()
        counts = Counter(self._split_of(position) for position in self.used)
        require_enough(counts, spec.student)
        self._pools = {
            split: DistractorPool(corpus.chunks(self._positions(split))) for split in SPLITS
        }

    def choices(self, positions: array[int]) -> list[Choice]:
        """The choices of these examples."""
        return [self._choice(position) for position in positions]

    def _divide(self) -> tuple[list[str], list[str]]:
        """Group and split of each chunk."""
        corpus, spec = self.corpus, self._spec
        groups = group_chunks(
            corpus.every_chunk(),
            overlap=spec.chunk_overlap > 0,
            by_document=spec.split_by == "document",
            together=corpus.together,
        )
        by_place = list(groups.values())
        sizes = Counter(by_place[corpus.chunk_of[position]] for position in self.used)
        documents = {group: chunk.rpartition("#")[0] for chunk, group in groups.items()}
        assigned = split_groups(sizes, spec.splits.model_dump(), spec.seed, documents)
        # Chunks without questions may distract in training only.
        return by_place, [assigned.get(group, "train") for group in by_place]

    def _leave_out_seen(self) -> None:
        """Drop test examples of which a quote stands in a passage of train or valid."""
        corpus = self.corpus
        tests = (p for p in self.used if self._split_of(p) == "test")
        finder = QuoteFinder((p, corpus.example(p).quotes) for p in tests)
        seen: set[int] = set()
        for chunk, split in zip(corpus.every_chunk(), self._splits, strict=True):
            if split != "test":
                seen |= finder.owners_in(chunk.text)
        for position in sorted(seen):
            reason = "a quote of its answer stands in a passage of train or valid"
            corpus.drop(position, "test_quote_in_training", reason)
        self.used = array("i", (p for p in self.used if p not in seen))

    def _split_of(self, position: int) -> str:
        return self._splits[self.corpus.chunk_of[position]]

    def _positions(self, split: str) -> array[int]:
        """Positions of the split's chunks."""
        return array("i", (p for p, own in enumerate(self._splits) if own == split))

    def _choice(self, position: int) -> Choice:
        spec = self._spec
        example = self.corpus.example(position)
        oracles = [self.corpus.chunk(chunk) for chunk in example.oracles]
        split = self._split_of(position)
        count = shown_count(example, spec)
        chosen = choose_distractors(
            example,
            oracles,
            self._pools[split],
            count - 1,
            spec.seed,
            spec.distractor_choice,
            extra=(1, _SPARES),
        )
        shown = [shown_document(chunk) for chunk in chosen]
        return Choice(
            example,
            split,
            self._groups[self.corpus.chunk_of[position]],
            [shown_document(oracle) for oracle in oracles],
            shown[:count],
            shown[count:],
        )


def shown_count(example: Example, spec: RunSpec) -> int:
    """How many documents a row shows, with one oracle, two or none: their number tells nothing."""
    return 1 + distractor_count(example.id, spec.distractors, spec.fewest_distractors, spec.seed)


def nothing_left(chunks: int, drops: Counter[str]) -> QuorumNotReached:
    """The refusal of a run without any example, with the commonest reasons."""
    why = ", ".join(f"{count} {code}" for code, count in drops.most_common(3))
    return QuorumNotReached(
        f"no usable question came out of {chunks} chunks" + (f"; dropped: {why}" if why else "")
    )


def require_enough(rows: Counter[str], student: Student) -> None:
    """Raises QuorumNotReached when these rows by split are too few to train or to test on."""
    if rows["train"] < student.fewest_rows:
        raise QuorumNotReached(
            f"{rows['train']} training rows are fewer than the {student.fewest_rows} that "
            f"fine-tuning on {student.platform} needs: add documents, or ask for more questions "
            "per chunk"
        )
    if not rows["test"]:
        raise QuorumNotReached("no question is left to test on: every one quotes trained text")
