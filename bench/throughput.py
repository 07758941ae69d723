"""How well generation keeps its places filled: ideal time over time, calls of 300 ms, 16 places.

The ideal sends calls × 300 ms over 16 places without a gap. Times are the stand-in's own: from
the first request to the last answer of teacher and judge. The whole path runs: host, storage,
verification. Then the pool of endpoints alone, with limits and outages (`bench.balancing`).
"""

from __future__ import annotations

from bench import balancing
from bench.runs import run, stack, upload

_MILLISECONDS = 300
_PLACES = 16
_ASKED = ("teacher", "judge")
_SPEC = {
    "chunk_size": 128,
    "questions": 5,
    "splits": {"train": 0.9, "valid": 0.05, "test": 0.05},
    "evaluation": {"settings": ["open_book"], "distractor_sweep": [], "judge_sample": 0},
    "verification": {"distractors": False},  # so that the judge is asked in generation alone
}


def main() -> None:
    """Measure and print."""
    settings = {"MODEL_CONCURRENCY": str(_PLACES)}
    with stack(settings=settings) as running:
        for deployment in _ASKED:
            running.call(
                "PUT",
                "/_stand-in/faults",
                {"deployment": deployment, "kind": "latency", "ms": _MILLISECONDS},
                base=running.models_url,
            )
        upload(running, "bench", [60, 60, 60], _SPEC)
        run(running, "bench")
        log = running.get("/_stand-in/requests?since=0", base=running.models_url)
    calls = [r for r in log["requests"] if r["deployment"] in _ASKED]
    seconds = max(r["ended"] for r in calls) - min(r["started"] for r in calls)
    ideal = len(calls) * _MILLISECONDS / 1000 / _PLACES
    print(f"\nGeneration, {len(calls)} calls of {_MILLISECONDS} ms, {_PLACES} at a time")
    print(f"  ideal {ideal:.1f} s, took {seconds:.1f} s, efficiency {ideal / seconds:.3f}")
    print(f"  most in flight {log['max_in_flight']}")
    balancing.main()


if __name__ == "__main__":
    main()
