"""Whole runs of growing size through the local host: time, memory, histories, payloads.

`python -m bench.scale 500 1000 2000` takes sizes in chunks (about).
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

from bench.runs import resident_megabytes, run, stack, upload

_SECTIONS_PER_DOCUMENT = 50
# A section of the bench's prose has about 110 tokens: one chunk.
_SPEC = {
    "chunk_size": 128,
    "questions": 2,
    "splits": {"train": 0.96, "valid": 0.02, "test": 0.02},
    "student": {"hyperparameters": {"n_epochs": 1}},
    "evaluation": {"settings": ["open_book"], "distractor_sweep": [], "judge_sample": 0},
}


def main(sizes: list[int]) -> None:
    """Measure each size on a stack of its own and print a line."""
    print("\nWhole runs by size")
    print(
        "  chunks  generate s  s / 1,000  ingest s  host MB (peak)  longest history  largest wire"
    )
    for size in sizes:
        print(f"  {_measure(size)}", flush=True)


def _measure(size: int) -> str:
    with stack() as running:
        documents = size // _SECTIONS_PER_DOCUMENT
        upload(running, "bench", [_SECTIONS_PER_DOCUMENT] * documents, _SPEC)
        view = run(running, "bench")
        _, peak = resident_megabytes(running)
        host = running.get("/admin/host/status")
    assert not host["errors"] and not host["violations"], host
    chunks = view["stages"]["generate"]["total"]
    seconds = _seconds(view, "generate")
    return (
        f"{chunks:>6}  {seconds:>10.1f}  {seconds / chunks * 1000:>9.1f}  "
        f"{_seconds(view, 'ingest'):>8.1f}  {peak:>14.0f}  {host['max_history_events']:>15}  "
        f"{host['max_payload_bytes']:>12}"
    )


def _seconds(view: dict[str, Any], stage: str) -> float:
    times = view["stages"][stage]
    ended, started = (datetime.fromisoformat(times[key]) for key in ("ended", "started"))
    return (ended - started).total_seconds()


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [500, 1000, 2000])
