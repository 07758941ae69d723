"""Training jobs and card as the report reads them."""

from __future__ import annotations

from shared.services.report_facts import card_facts, some_dropped, trainings
from shared.spec import RunSpec
from tests.shared.services.fakes import MemoryBlobs


async def test_two_jobs_are_read_from_their_own_folders() -> None:
    blobs = MemoryBlobs()
    await blobs.put("r/training/metrics.csv", b"step,train_loss\n1,2.5\n2,nan\n")
    await blobs.put("r/training/dpo/metrics.csv", b"step,train_loss,note\n1,0.7,x\n")
    await blobs.put("r/training/job.json", b'{"model": "base", "seed": 42, "grader": {"a": 1}}')
    spec = RunSpec.model_validate({"student": {"method": "supervised_then_dpo"}})
    jobs = [
        {"method": "supervised", "job": "one", "model": "m1"},
        {"method": "dpo", "job": "two", "model": "m2"},
    ]
    first, second = await trainings(blobs, "r", spec, {"jobs": jobs})
    assert first == {**jobs[0], "asked": {"model": "base", "seed": 42}, "rows": first["rows"]}
    assert first["rows"] == [{"step": 1.0, "train_loss": 2.5}, {"step": 2.0}]
    assert second["rows"] == [{"step": 1.0, "train_loss": 0.7}]
    assert (second["job"], second["asked"]) == ("two", {})


async def test_rewards_are_kept_as_they_are_named() -> None:
    blobs = MemoryBlobs()
    await blobs.put("r/training/metrics.csv", b"step,train_reward_mean\n1,-0.25\n")
    spec = RunSpec.model_validate(
        {"student": {"method": "reinforcement", "model": "o4-mini-2025-04-16"}}
    )
    (job,) = await trainings(blobs, "r", spec, {"job": "one", "model": "m"})
    assert (job["method"], job["rows"]) == (
        "reinforcement",
        [{"step": 1.0, "train_reward_mean": -0.25}],
    )


async def test_what_a_run_did_not_leave_is_empty() -> None:
    blobs = MemoryBlobs()
    (job,) = await trainings(blobs, "r", RunSpec(), {})
    assert job == {"method": "supervised", "job": None, "model": None, "asked": {}, "rows": []}
    assert await card_facts(blobs, "r") == {"tables": [], "chunks": ""}
    assert await some_dropped(blobs, "r") == []


async def test_two_of_each_reason_are_shown() -> None:
    blobs = MemoryBlobs()
    lines = [
        f'{{"code": "{code}", "question": "{n}", "answer": "a"}}' for code in "ba" for n in range(3)
    ]
    await blobs.put("r/dataset/dropped.jsonl", "\n".join(lines).encode())
    shown = await some_dropped(blobs, "r")
    assert [(one["code"], one["question"]) for one in shown] == [
        *(("a", "0"), ("a", "1"), ("b", "0"), ("b", "1"))
    ]
