"""Inputs and results of orchestrators and activities: references, counts and short reasons."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.contracts.names import JobState, Stage
from shared.contracts.outcomes import Spend, Tally

CHOICES_PER_ITEM = 10  # examples that one item of the distractor check looks at
TRAINING, DEPLOYMENT = "training", "deployment"  # what a run waits for in the cloud
BATCH_LIMIT = 50  # children of one task_all; keeps a lane's history under 500 events


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
    keep_deployment: bool = True  # after the report, whatever it says
    trainings: int = 1  # jobs that make the student, one after the other
    own_answers: bool = False  # the baseline writes the answers that preferences reject
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


def wait_id(run: str, what: str, number: int = 0) -> str:
    """Instance id of a run's wait for the cloud: for its training (of the job `number`) or its
    deployment."""
    return f"{run}-{what}-{number + 1}" if number else f"{run}-{what}"


def wait_ids(run: str) -> tuple[str, ...]:
    """All waits that a run may have: two jobs at most make a student."""
    training = (wait_id(run, TRAINING, number) for number in range(2))
    return (*training, wait_id(run, DEPLOYMENT))
