"""Decode, one service call, encode: what every activity does, written once.

A step that can never work answers a `Refusal` for people to read; only trouble worth repeating
raises, for Durable to retry. A fan-out item never raises: one bad item costs one item.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from shared.bootstrap import Services, services
from shared.contracts import Outcome, OutcomeStatus, Refusal, Step, to_wire
from shared.errors import RaftError


async def step(work: Callable[[Services], Awaitable[Any]]) -> dict[str, Any]:
    """The wire form of what `work` returns (an empty Step for None), or of its refusal."""
    try:
        result = await work(services())
    except RaftError as error:
        if error.retryable:
            raise
        return to_wire(Refusal(error.reason, error.code))
    return to_wire(Step() if result is None else result)


async def item(name: str, work: Callable[[Services], Awaitable[Outcome]]) -> dict[str, Any]:
    """The wire form of a fan-out item's outcome, whatever happens."""
    try:
        return to_wire(await work(services()))
    except RaftError as error:
        outcome = Outcome(name, OutcomeStatus.FAILED, error.reason, fatal=error.fatal)
    except Exception as error:
        logging.exception("%s failed", name)
        outcome = Outcome(name, OutcomeStatus.FAILED, f"internal error: {type(error).__name__}")
    return to_wire(outcome)
