"""Runs the trainer in a process of its own and follows what it says.

The process is killed when its task is cancelled, and its numeric library keeps to one core, so
that training never stands in the way of the server.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LINE_LIMIT = 1 << 22
Record = dict[str, Any]


async def run_trainer(plan: Record, heard: Callable[[Record], None]) -> Record:
    """Trains as planned; `heard` gets each line of output, the outcome is returned."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local.models.trainer",
        json.dumps(plan),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        limit=LINE_LIMIT,
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        outcome, complaint = await asyncio.gather(
            _follow(process.stdout, heard), process.stderr.read()
        )
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if outcome is None:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
        return {"error": {"code": "internalError", "message": last[0]}}
    return outcome


async def _follow(output: asyncio.StreamReader, heard: Callable[[Record], None]) -> Record | None:
    outcome: Record | None = None
    async for line in output:
        said = json.loads(line)
        if "outcome" in said:
            outcome = said["outcome"]
        else:
            heard(said)
    return outcome
