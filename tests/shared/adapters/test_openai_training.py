"""Fine-tuning jobs: the same key is the same job, whoever asks and whatever answer got lost."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from openai.types.fine_tuning.job_create_params import Method
from pydantic import TypeAdapter

from shared.adapters import openai_training as module
from shared.adapters.openai_training import OpenAITrainer
from shared.contracts import JobState, JobStatus
from shared.errors import JobError, ModelUnavailable
from shared.ports import TrainingRequest
from shared.raft.graders import answer_grader
from tests.local.models.support import Server, ask
from tests.shared.support import KEY, Canned, endpoint, settled

Make = Callable[..., OpenAITrainer]


def rows(count: int = 10) -> bytes:
    """Chat rows whose answers quote their document."""
    lines = []
    for n in range(count):
        fact = f"The Alder {n} account has a monthly fee of {n + 2} pounds."
        label = f"It says ##begin_quote##{fact}##end_quote##\n<ANSWER>: {n + 2} pounds"
        messages = [
            *ask([fact, "Branches open at nine."], f"What is the fee of the Alder {n} account?"),
            {"role": "assistant", "content": label},
        ]
        lines.append(json.dumps({"messages": messages}))
    return ("\n".join(lines) + "\n").encode()


def request(key: str = "", **changes: Any) -> TrainingRequest:
    """A job of its own."""
    shape: dict[str, Any] = {
        "key": key or f"raft-{uuid.uuid4().hex[:12]}",
        "model": "gpt-4o-mini-2024-07-18",
        "training": rows(),
        "validation": rows(3),
        "hyperparameters": {"n_epochs": 1},
        "training_type": "GlobalStandard",
        "seed": 3,
    }
    return TrainingRequest(**{**shape, **changes})


@pytest.fixture
async def trainer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Makes trainers that try a request twice (not seven times), and closes their connections."""
    monkeypatch.setattr(module, "_RETRIES", 1)
    monkeypatch.setattr(module, "_SUBMIT_AGAIN", (0.01,))
    made: list[OpenAITrainer] = []

    def make(url: str) -> OpenAITrainer:
        made.append(OpenAITrainer(endpoint(url, "student"), timeout=5))
        return made[-1]

    yield make
    for one in made:
        await one._client.close()


def posts(models: Server, what: str) -> int:
    """How many files or jobs were made since the log was cleared."""
    log = models.admin("requests")["requests"]
    return sum(entry["route"] == f"POST /openai/v1/{what}" for entry in log)


def untrained(models: Server) -> None:
    """Jobs of this test need not train."""
    models.fault("job_stuck", "gpt-4o-mini-2024-07-18")


async def test_a_job_runs_to_a_model_with_its_loss_curve(trainer: Make, models: Server) -> None:
    one, wanted = trainer(models.url), request()
    job = await one.submit(wanted)
    assert (await settled(lambda: one.check(job))) == JobStatus(JobState.SUCCEEDED, "succeeded")
    result = await one.result(job)
    assert wanted.key in result.model
    assert result.trained_tokens > 0
    header, *steps = result.metrics_csv.decode().splitlines()
    assert header.startswith("step,train_loss")
    assert steps
    assert await trainer(models.url).submit(wanted) == job  # also when it is over


async def test_submitting_twice_is_one_job_and_one_upload(trainer: Make, models: Server) -> None:
    untrained(models)
    one, wanted = trainer(models.url), request()
    assert await one.submit(wanted) == await one.submit(wanted)
    assert (posts(models, "fine_tuning/jobs"), posts(models, "files")) == (1, 2)


async def test_a_job_whose_answer_was_lost_is_adopted(
    trainer: Make, models: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrained(models)
    models.fault("submit_answer_lost", count=1)
    wanted = request()
    job = await trainer(models.url).submit(wanted)
    assert posts(models, "fine_tuning/jobs") == 1, "the client's own retry would make another"
    monkeypatch.setattr(module, "_SUBMIT_AGAIN", ())
    models.fault("submit_answer_lost", count=1)
    with pytest.raises(ModelUnavailable):
        await trainer(models.url).submit(other := request())
    assert await trainer(models.url).submit(wanted) == job
    await trainer(models.url).submit(other)
    assert posts(models, "fine_tuning/jobs") == 2


async def test_a_submission_that_never_arrived_is_sent_again(trainer: Make, canned: Canned) -> None:
    file = {"id": "file-1", "object": "file", "purpose": "fine-tune", "status": "processed"}
    nothing = {"object": "list", "data": [], "has_more": False}
    uploaded = [(200, nothing), (201, file), (200, file)]
    job = {"id": "ftjob-1", "object": "fine_tuning.job", "status": "pending"}
    busy = (503, {"error": {"message": "later"}})
    canned.answers = [(200, nothing), *uploaded, *uploaded, busy, (200, nothing), (201, job)]
    assert await trainer(canned.url).submit(request()) == "ftjob-1"
    assert canned.asked[-3:] == [
        "POST /openai/v1/fine_tuning/jobs",
        "GET /openai/v1/fine_tuning/jobs",
        "POST /openai/v1/fine_tuning/jobs",
    ]


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "invalidPayload", "your quota of jobs is used up"),
        (429, "insufficient_quota", "check your plan and billing details"),
    ],
)
async def test_a_quota_that_is_used_up_says_what_to_change(
    trainer: Make, canned: Canned, status: int, code: str, words: str
) -> None:
    file = {"id": "file-1", "object": "file", "purpose": "fine-tune", "status": "processed"}
    nothing = {"object": "list", "data": [], "has_more": False}
    uploaded = [(200, nothing), (201, file), (200, file)]
    refused = (status, {"error": {"code": code, "message": words}})
    canned.answers = [(200, nothing), *uploaded, *uploaded, refused]
    with pytest.raises(JobError, match=f"{words}.*ask for quota"):
        await trainer(canned.url).submit(request())


async def test_a_job_cancelled_by_somebody_else_says_so(trainer: Make, models: Server) -> None:
    untrained(models)
    one = trainer(models.url)
    job = await one.submit(request())
    await trainer(models.url).cancel(job)
    status = await one.check(job)
    assert (status.state, status.status) == (JobState.FAILED, "cancelled")
    assert "somebody cancelled it outside of this run" in status.detail


@pytest.mark.parametrize(
    ("kind", "word"),
    [("not_found", "NotFound"), ("token_expired", "Unauthorized"), ("status_unknown", "resting")],
)
async def test_a_look_without_an_answer_is_no_failure(
    trainer: Make, models: Server, kind: str, word: str
) -> None:
    untrained(models)
    one = trainer(models.url)
    job = await one.submit(request())
    models.fault(kind, count=1)
    assert (await one.check(job)).status == word
    assert (await one.check(job)).state is JobState.RUNNING
    assert models.admin("faults")["faults"][-1]["hits"] == 1


async def test_files_of_a_submission_that_was_cut_short_are_used(
    trainer: Make, models: Server
) -> None:
    untrained(models)
    one, wanted = trainer(models.url), request()
    await one._upload(f"{wanted.key}-train.jsonl", wanted.training)
    await trainer(models.url).submit(wanted)
    assert posts(models, "files") == 2


async def test_another_key_is_another_job(trainer: Make, models: Server) -> None:
    untrained(models)
    one = trainer(models.url)
    assert await one.submit(request()) != await one.submit(request())


async def test_a_failed_job_says_why_and_is_not_adopted(trainer: Make, models: Server) -> None:
    models.fault("job_fails", "gpt-4o-mini-2024-07-18", count=1)
    one, wanted = trainer(models.url), request()
    job = await one.submit(wanted)
    assert await settled(lambda: one.check(job)) == JobStatus(
        JobState.FAILED, "failed", "The job failed."
    )
    with pytest.raises(JobError, match="without a model"):
        await one.result(job)
    assert await one.submit(wanted) != job


async def test_rows_that_the_cloud_cannot_read_end_in_its_words(
    trainer: Make, models: Server
) -> None:
    one = trainer(models.url)
    job = await one.submit(request(training=b"no json\n" * 12))
    status = await settled(lambda: one.check(job))
    assert status.state is JobState.FAILED
    assert status.detail


async def test_what_the_cloud_refuses_is_told_in_its_words(trainer: Make, models: Server) -> None:
    with pytest.raises(JobError, match="does not support fine-tuning") as caught:
        await trainer(models.url).submit(request(model="gpt-2"))
    assert caught.value.fatal
    assert KEY not in str(caught.value)
    with pytest.raises(JobError, match="not found"):
        await trainer(models.url).result("ftjob-unknown")


async def test_a_file_that_is_refused_is_told_in_the_clouds_words(
    trainer: Make, canned: Canned
) -> None:
    file = {"id": "file-1", "object": "file", "filename": "x", "bytes": 1, "created_at": 1}
    refused = {**file, "purpose": "fine-tune", "status": "error", "status_details": "line 3 is bad"}
    nothing = {"object": "list", "data": [], "has_more": False}
    canned.answers = [(200, nothing), (200, nothing), (201, file), (200, refused)]
    with pytest.raises(JobError, match="line 3 is bad"):
        await trainer(canned.url).submit(request())


async def test_a_file_that_is_never_processed_may_be_tried_again(
    trainer: Make, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PROCESSING_SECONDS", 0.2)
    file = {"id": "file-1", "object": "file", "purpose": "fine-tune", "status": "pending"}
    nothing = {"object": "list", "data": [], "has_more": False}
    canned.answers = [(200, nothing), (200, nothing), (200, file)]
    with pytest.raises(ModelUnavailable) as caught:
        await trainer(canned.url).submit(request())
    assert caught.value.retryable


@pytest.mark.parametrize("status", ["pending", "validating_files", "pausing", "a new word"])
async def test_a_status_that_is_no_end_counts_as_running_and_is_passed_on(
    trainer: Make, canned: Canned, status: str
) -> None:
    canned.answers = [(200, {"id": "ftjob-1", "object": "fine_tuning.job", "status": status})]
    assert await trainer(canned.url).check("ftjob-1") == JobStatus(JobState.RUNNING, status)


async def test_trouble_of_the_service_may_be_tried_again(trainer: Make, canned: Canned) -> None:
    canned.answers = [(503, {"error": {"message": "later"}}, {"retry-after-ms": "1"})]
    for call in (trainer(canned.url).check("ftjob-1"), trainer(canned.url).result("ftjob-1")):
        with pytest.raises(ModelUnavailable):
            await call
    with pytest.raises(ModelUnavailable):
        await trainer(canned.url).submit(request())


SHAPES: dict[str, dict[str, Any]] = {
    "supervised": {"supervised": {"hyperparameters": {"n_epochs": 2}}},
    "dpo": {"dpo": {"hyperparameters": {"n_epochs": 2, "beta": 0.1}}},
    "reinforcement": {
        "reinforcement": {
            "grader": answer_grader({"exact": 0.2, "grounded": 0.8}, ""),
            "hyperparameters": {"n_epochs": 2, "reasoning_effort": "low", "eval_samples": 3},
        }
    },
}


@pytest.mark.parametrize("method", SHAPES)
async def test_each_method_is_asked_for_in_the_documented_shape(
    trainer: Make, canned: Canned, method: str
) -> None:
    file = {"id": "file-1", "object": "file", "purpose": "fine-tune", "status": "processed"}
    nothing = {"object": "list", "data": [], "has_more": False}
    uploaded = [(200, nothing), (201, file), (200, file)]
    job = {"id": "ftjob-1", "object": "fine_tuning.job", "status": "pending"}
    canned.answers = [(200, nothing), *uploaded, *uploaded, (201, job)]
    shape = SHAPES[method][method]
    wanted = request(
        "raft-0123456789ab",
        method=method,
        hyperparameters=shape["hyperparameters"],
        grader=shape.get("grader"),
    )
    assert await trainer(canned.url).submit(wanted) == "ftjob-1"
    assert canned.asked[-1] == "POST /openai/v1/fine_tuning/jobs"
    assert json.loads(canned.bodies[-1]) == {
        "model": "gpt-4o-mini-2024-07-18",
        "training_file": "file-1",
        "validation_file": "file-1",
        "suffix": "raft-0123456789ab",
        "seed": 3,
        "metadata": {"raft_key": "raft-0123456789ab"},
        "method": {"type": method, **SHAPES[method]},
        "trainingType": "GlobalStandard",
    }


@pytest.mark.parametrize("method", SHAPES)
def test_the_shapes_are_those_of_the_sdks_own_types(method: str) -> None:
    """But for a multi grader's members: Azure's documents name them, the SDK's type has one."""
    given = {"type": method, **copy.deepcopy(SHAPES[method])}
    if method == "reinforcement":
        grader = given[method]["grader"]
        members, grader["graders"] = grader["graders"], {}
        for member in members.values():
            given[method]["grader"] = {**grader, "graders": member}
            assert TypeAdapter(Method).validate_python(given, strict=True) == given
    assert TypeAdapter(Method).validate_python(given, strict=True) == given


async def test_a_grader_that_the_cloud_refuses_is_told_in_its_words(
    trainer: Make, models: Server
) -> None:
    grader = {"type": "python", "name": "x", "source": "def score(sample, item):\n    return 1"}
    wanted = request(model="o4-mini-2025-04-16", method="reinforcement", grader=grader)
    with pytest.raises(JobError, match="needs a function grade"):
        await trainer(models.url).submit(wanted)
