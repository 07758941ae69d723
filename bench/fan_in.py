"""The dataset stage alone, by number of examples: `python -m bench.fan_in 1000 10000 100000`.

The run is written into a fresh Azurite as generation would leave it; planning and building then
go through the app's own services, each in a process of its own as two activities would, once more
for the bytes. Only the embedding model is not asked: vectors of 256 numbers are made in the
process from hashed words, and pass the paid ledger into the blob store as the model's would.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpus import write_run
from bench.dataset_quality import p_uniform
from local import azurite
from local.processes import Process, free_port
from shared.adapters.blobs import AzureBlobStore, connect_storage
from shared.bootstrap import Services
from shared.ports import PaidCalls, Permit, Reply
from shared.settings import Storage, read_settings
from shared.spec import RunSpec, Verification

_RUN = "bench"
_STEPS = ("plan", "build")
_BATCH = 64
_NUMBERS = 256


def main(sizes: list[int]) -> None:
    """Measure each size on storage of its own and print a line."""
    print("\nPlanning and building the dataset by size")
    print(
        "  examples  plan s  build s  plan MB  build MB  written MB  rows  position p  train.jsonl"
    )
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="raft-bench-") as folder:
            port = free_port()
            command = azurite.command(port, Path(folder) / "storage")
            log = Path(folder) / "storage.log"
            storage = Process("Azurite", command, log, os.environ, azurite.ROOT)
            try:
                storage.wait_for_port(port, 60)
                print(f"  {_measure(size, azurite.connection_string(port))}", flush=True)
            finally:
                storage.stop()


def _measure(size: int, connection: str) -> str:
    asyncio.run(_prepare(size, connection))
    first, again = ([_child(step, connection) for step in _STEPS] for _ in range(2))
    plan, build = first
    digests = {steps[1]["train"] for steps in (first, again)}
    return (
        f"{size:>8}  {plan['seconds']:>6.1f}  {build['seconds']:>7.1f}  {plan['grown']:>7.0f}  "
        f"{build['grown']:>8.0f}  {build['written']:>10.0f}  {build['count']}  "
        f"{build['position_p']:.2f}  "
        f"{' / '.join(sorted(digest[:12] for digest in digests))}  {plan['counts']}"
    )


async def _prepare(size: int, connection: str) -> None:
    async with connect_storage(Storage(connection)) as service:
        blobs = AzureBlobStore(service, "runs")
        spec = RunSpec(verification=Verification(distractors=False))  # no judge is asked here
        await write_run(blobs, _RUN, size, spec.model_dump())


def _child(step: str, connection: str) -> dict[str, Any]:
    """Run one step in a process of its own; what it said of itself."""
    environ = {**os.environ, "AzureWebJobsStorage": connection, "DocumentsStorage": connection}
    command = [sys.executable, "-m", "bench.fan_in", "--step", step]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


async def _step(step: str) -> dict[str, Any]:
    import pyarrow.parquet  # noqa: F401  what is loaded is no growth

    services = Services(read_settings())
    services.__dict__["_embedder"] = HashedWords()
    work = getattr(services.datasets, step)
    await services.run_blobs.exists("nothing")
    base = _resident("VmRSS")
    began = time.perf_counter()
    result = await work(_RUN)
    seconds = time.perf_counter() - began
    facts = {"seconds": seconds, "grown": _resident("VmHWM") - base, "count": result.count}
    facts["counts"] = result.counts
    if step == "build":
        files = await services.run_blobs.listing(f"{_RUN}/")
        facts["written"] = sum(file.size for file in files) / 1e6
        train = await services.run_blobs.read(f"{_RUN}/dataset/train.jsonl")
        figures = json.loads(await services.run_blobs.read(f"{_RUN}/dataset/leakage.json"))
        places = Counter(dict(enumerate(figures["oracle_positions"])))
        facts["position_p"] = p_uniform(places, len(places))
        facts["train"] = hashlib.sha256(train).hexdigest()
    return facts


class HashedWords:
    """Embeds a text as its hashed words: keeps the promises of `ports.Embedder`."""

    deployment = "hashed-words"

    async def embed(self, texts: Sequence[str], calls: PaidCalls) -> list[list[float]]:
        """See the port."""
        vectors: list[list[float]] = []
        for at in range(0, len(texts), _BATCH):
            batch = list(texts[at : at + _BATCH])
            made = [_vector(text) for text in batch]

            async def send(permit: Permit, made: list[np.ndarray] = made) -> Reply:
                await permit()
                lines = [base64.b64encode(vector.tobytes()).decode() for vector in made]
                return Reply("\n".join(lines), "text-embedding-3-small", prompt_tokens=64)

            await calls.once("embedding", {"deployment": self.deployment, "input": batch}, send)
            vectors += [vector.tolist() for vector in made]
        return vectors


def _vector(text: str) -> np.ndarray:
    vector = np.zeros(_NUMBERS, np.float32)
    for word in text.casefold().split():
        vector[zlib.crc32(word.encode()) % _NUMBERS] += 1
    return vector


def _resident(line: str) -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(dict(one.split(":", 1) for one in status.splitlines())[line].split()[0]) / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        print(json.dumps(asyncio.run(_step(sys.argv[2]))))
    else:
        main([int(argument) for argument in sys.argv[1:]] or [1_000, 10_000])
