"""The robustness curve: how both models answer beside more and more distractors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.ports import BlobStore
from shared.raft.metrics import DISTRACTORS
from shared.raft.sheets import MODELS, Item
from shared.raft.statistics import compare_paired
from shared.services.comparing import HEADLINE_METRIC
from shared.spec import RunSpec

_READERS = 16


async def robustness(
    runs: BlobStore, run: str, spec: RunSpec, sweep: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """For each number of distractors {distractors, metric, n, baseline, student}, a model as
    {mean, low, high}: means as in the sweep's comparison, each with an interval of its own.

    The comparison holds intervals of the paired difference only, which a curve of two models
    cannot show.
    """
    points = []
    for point in sweep:
        count = point["distractors"]
        one, two = [await _scores(runs, run, count, model) for model in MODELS]
        both = sorted(one.keys() & two.keys())
        points.append(
            {
                "distractors": count,
                "metric": HEADLINE_METRIC,
                "n": len(both),
                "baseline": _mean([one[name] for name in both], spec),
                "student": _mean([two[name] for name in both], spec),
            }
        )
    return points


async def _scores(runs: BlobStore, run: str, count: int, model: str) -> dict[str, float]:
    """The headline metric of a model's answers, by the row's name, where there is one."""
    prefix = f"{run}/evaluation/{Item(DISTRACTORS, count, 0, model).folder}/"
    places = asyncio.Semaphore(_READERS)

    async def one(name: str) -> tuple[str, float | None]:
        async with places:
            record = json.loads(await runs.read(name))
        return name.removeprefix(prefix), record["scores"].get(HEADLINE_METRIC)

    names = [blob.name for blob in await runs.listing(prefix)]
    found = await asyncio.gather(*map(one, names))
    return {name: score for name, score in found if score is not None}


def _mean(scores: Sequence[float], spec: RunSpec) -> dict[str, float | None]:
    """Mean and interval: those of the difference from nothing."""
    found = compare_paired(
        HEADLINE_METRIC,
        [0.0] * len(scores),
        scores,
        draws=spec.evaluation.bootstrap_draws,
        seed=spec.seed,
    )
    return {"mean": found.student, "low": found.low, "high": found.high}
