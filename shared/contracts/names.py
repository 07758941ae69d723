"""Names on the durable wire: functions, stages, events and states, as histories hold them."""

from __future__ import annotations

from enum import StrEnum


class Orchestrator(StrEnum):
    """Orchestrator functions, by registered name."""

    GATHER = "gather"
    RAFT_RUN = "raft_run"
    INGEST = "ingest"
    GENERATE = "generate"
    EVALUATE = "evaluate"
    VERIFY = "verify"
    PREFER = "prefer"
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
    ANSWER_ROWS = "answer_rows"
    WRITE_PREFERENCES = "write_preferences"
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
    PLAN_EVALUATION = "plan_evaluation"
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
