"""What crosses the durable wire: names, small frozen records, and their byte budgets.

References go over the wire, never payloads: a record here holds blob names, counts and short
reasons. `to_wire` refuses what is over budget, so a history can never grow a document.
Field names are part of recorded histories: add with a default, never rename.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter

from shared.errors import REASON_CHARACTERS, WireTooLarge

ACTIVITY_BYTES = 4 * 1024
ORCHESTRATION_BYTES = 16 * 1024
CHOICES_PER_ITEM = 10  # examples that one item of the distractor check looks at
BATCH_LIMIT = 50  # children of one task_all; keeps a lane's history under 500 events
ITEM_CHARACTERS = 200
PROBLEM_BYTES = 240  # of one problem named in a tally
PROBLEMS_BYTES = 1_500  # of all problems on the wire: a tally must fit into a StageRecord

T = TypeVar("T")


class Orchestrator(StrEnum):
    """Orchestrator functions, by registered name."""

    GATHER = "gather"
    RAFT_RUN = "raft_run"
    INGEST = "ingest"
    GENERATE = "generate"
    EVALUATE = "evaluate"
    VERIFY = "verify"
    POLL_JOB = "poll_job"


class Activity(StrEnum):
    """Activity functions, by registered name."""

    SURVEY_DOCUMENTS = "survey_documents"
    START_RUN = "start_run"
    PREPARE_RUN = "prepare_run"
    RECORD_STAGE = "record_stage"
    FINISH_RUN = "finish_run"
    INGEST_DOCUMENT = "ingest_document"
    COLLECT_CHUNKS = "collect_chunks"
    GENERATE_EXAMPLES = "generate_examples"
    ESTIMATE_RUN = "estimate_run"
    PLAN_DATASET = "plan_dataset"
    CHECK_CHOICES = "check_choices"
    BUILD_DATASET = "build_dataset"
    ASK_APPROVAL = "ask_approval"
    SETTLE_APPROVAL = "settle_approval"
    UNDO_RUN = "undo_run"
    SUBMIT_TRAINING = "submit_training"
    CHECK_TRAINING = "check_training"
    RECORD_TRAINING = "record_training"
    CREATE_DEPLOYMENT = "create_deployment"
    CHECK_DEPLOYMENT = "check_deployment"
    SMOKE_TEST_DEPLOYMENT = "smoke_test_deployment"
    REMOVE_DEPLOYMENT = "remove_deployment"
    EVALUATE_ANSWER = "evaluate_answer"
    SCORE_EVALUATION = "score_evaluation"
    WRITE_REPORT = "write_report"


class Stage(StrEnum):
    """Stages of a run, in order."""

    INGEST = "ingest"
    GENERATE = "generate"
    DATASET = "dataset"
    APPROVE = "approve"
    TRAIN = "train"
    DEPLOY = "deploy"
    EVALUATE = "evaluate"
    REPORT = "report"


class Event(StrEnum):
    """External events, by name. They only wake: what was decided is in the run record."""

    DECIDED = "decided"


class OutcomeStatus(StrEnum):
    """What became of one fan-out item. Rejected: looked at and not wanted; failed: our trouble."""

    OK = "ok"
    REJECTED = "rejected"
    FAILED = "failed"


class JobState(StrEnum):
    """State of something the cloud works on: a training job or a deployment."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Spend:
    """Model calls paid by one item or stage. `usd` is None-free: unknown prices count as 0.

    `reused` counts answers taken from earlier paid work, which cost nothing now.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    reused: int = 0

    def __add__(self, other: Spend) -> Spend:
        return Spend(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            round(self.usd + other.usd, 9),
            self.reused + other.reused,
        )


@dataclass(frozen=True)
class Outcome:
    """Result of one fan-out item; `fatal` asks the parent to stop the whole fan-out."""

    item: str
    status: OutcomeStatus = OutcomeStatus.OK
    reason: str = ""
    ref: str = ""
    fatal: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    spend: Spend = field(default_factory=Spend)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", self.reason[:REASON_CHARACTERS])
        object.__setattr__(self, "item", self.item[:ITEM_CHARACTERS])


@dataclass(frozen=True)
class Tally:
    """Sum of outcomes: what a stage did, what it dropped and why, what it cost."""

    ok: int = 0
    rejected: int = 0
    failed: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    spend: Spend = field(default_factory=Spend)
    fatal: str = ""

    @property
    def done(self) -> int:
        """Items looked at."""
        return self.ok + self.rejected + self.failed

    def add(self, outcome: Outcome) -> Tally:
        """This tally with one more outcome."""
        problem = []
        if outcome.status is not OutcomeStatus.OK:
            problem = [_cut(f"{outcome.item}: {outcome.reason}", PROBLEM_BYTES)]
        return self.merge(
            Tally(
                ok=int(outcome.status is OutcomeStatus.OK),
                rejected=int(outcome.status is OutcomeStatus.REJECTED),
                failed=int(outcome.status is OutcomeStatus.FAILED),
                counts=outcome.counts,
                problems=problem,
                spend=outcome.spend,
                fatal=outcome.reason if outcome.fatal else "",
            )
        )

    def merge(self, other: Tally) -> Tally:
        """The sum of two tallies; the first fatal reason wins."""
        counts = dict(self.counts)
        for name, count in other.counts.items():
            counts[name] = counts.get(name, 0) + count
        return Tally(
            self.ok + other.ok,
            self.rejected + other.rejected,
            self.failed + other.failed,
            counts,
            _first_problems(self.problems + other.problems) if other.problems else self.problems,
            self.spend + other.spend,
            self.fatal or other.fatal,
        )


def _first_problems(problems: list[str]) -> list[str]:
    kept: list[str] = []
    room = PROBLEMS_BYTES
    for problem in problems:
        room -= len(json.dumps(problem, ensure_ascii=False).encode()) + len(", ")
        if room < 0:
            break
        kept.append(problem)
    return kept


@dataclass(frozen=True)
class GatherRequest:
    """Input of `gather`: wait until the domain's folder has been quiet, then start one run."""

    domain: str
    quiet_seconds: float
    seen: str = ""  # fingerprint of the last look
    handled: str = ""  # fingerprint that already has its run


@dataclass(frozen=True)
class Survey:
    """What is in a domain's folder now; equal fingerprints mean the same blob versions."""

    domain: str
    fingerprint: str
    documents: int


@dataclass(frozen=True)
class RunRef:
    """Input of most activities: which run, and which item of a fan-out where there is one.

    A chunk's item answers its questions `after`, …, `most` − 1, in an order of their own; with
    `most` 0 all that the spec asks for. It counts what comes from these only.
    """

    run: str
    index: int = 0
    job: str = ""
    most: int = 0
    after: int = 0


@dataclass(frozen=True)
class RunPlan:
    """What the parent orchestration needs to know of the spec and the settings."""

    run: str
    documents: int
    lanes: int
    quorum: float
    poll_seconds: float
    train_deadline_hours: float
    deploy_deadline_hours: float
    questions: int = 0  # a chunk's most
    qa_threshold: int = 0  # examples after which generation stops; 0: all chunks are asked
    budget_usd: float | None = None
    check_distractors: bool = False
    keep_deployment: bool = True  # after the report
    approval_hours: float = 72


@dataclass(frozen=True)
class FanOut:
    """Input of one lane: it takes blocks lane, lane + lanes, … of `total` items, one by one.

    With `wanted` it stops once its items have made so many examples, and takes the items in an
    order that spreads over all of them. With `usd` it stops before what it spends, at
    `usd_per_item` or more, would exceed that. `first` of its items were done in earlier rounds.
    """

    run: str
    total: int
    lane: int = 0
    lanes: int = 1
    batch_size: int = BATCH_LIMIT
    started: str = ""  # ISO time of the lane's start, for the estimate of time left
    tally: Tally = field(default_factory=Tally)
    first: int = 0
    wanted: int = 0
    most: int = 0
    after: int = 0
    usd: float | None = None
    usd_per_item: float = 0.0


@dataclass(frozen=True)
class StageRecord:
    """Input of `record_stage`: a stage starts or ends."""

    run: str
    stage: Stage
    ended: bool
    total: int = 0
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class PollRequest:
    """Input of `poll_job`: ask `check` every so often until done or past the deadline."""

    run: str
    check: str
    job: str
    poll_seconds: float
    deadline: str  # ISO time
    polls: int = 0


@dataclass(frozen=True)
class JobStatus:
    """What a check activity saw. `status` is the cloud's own word, known to us or not."""

    state: JobState
    status: str
    detail: str = ""


@dataclass(frozen=True)
class Step:
    """Small result of a step that is not a fan-out: how many items it made, and its spend."""

    count: int = 0
    ref: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    spend: Spend = field(default_factory=Spend)


@dataclass(frozen=True)
class StageCost:
    """What a stage is expected to pay for: a guess from counted texts, before it begins."""

    items: int = 0
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0


@dataclass(frozen=True)
class Estimate:
    """Expected cost of the stages to come, by stage name."""

    stages: dict[str, StageCost] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """What a step answers instead of its record when no repetition would help."""

    refused: str
    code: str


@dataclass(frozen=True)
class Finish:
    """Input of `finish_run`: the run's end state and why."""

    run: str
    state: str  # completed | failed | cancelled
    reason: str = ""


def lane_id(run: str, stage: str, lane: int, rounds: int = 0) -> str:
    """Instance id of a lane: known to whoever shows progress."""
    return f"{run}-{stage}-{lane}" if not rounds else f"{run}-{stage}-{rounds}-{lane}"


def _cut(text: str, size: int) -> str:
    """The text's first `size` bytes, whole characters only."""
    return text.encode()[:size].decode(errors="ignore")


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """The validator of one record type, built once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def to_wire(record: Any, limit: int = ACTIVITY_BYTES) -> dict[str, Any]:
    """Plain JSON values of a contract record; raises `WireTooLarge` over `limit` bytes."""
    data: dict[str, Any] = _adapter(type(record)).dump_python(record, mode="json")
    size = len(json.dumps(data, ensure_ascii=False).encode())
    if size > limit:
        raise WireTooLarge(f"{type(record).__name__} has {size} bytes on the wire, over {limit}")
    return data


def from_wire(kind: type[T], data: Any) -> T:
    """The contract record of `kind` in `data` (plain JSON values, or their JSON text)."""
    if isinstance(data, str):
        data = json.loads(data)
    return _adapter(kind).validate_python(data)  # type: ignore[no-any-return]
