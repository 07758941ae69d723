"""Faults by name, switched on per deployment over HTTP, so that tests can ask for trouble.

A fault hits a share (`rate`) of the matching calls, drawn from its own seeded generator, and at
most `count` of them. `rpm` and `tpm` are limits over a sliding window instead. The same faults
and the same order of calls give the same hits.
"""

import hashlib
import math
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from local.models.errors import (
    ApiError,
    content_filtered,
    no_structured_output,
    token_expired,
    unauthorized,
)
from local.models.words import vocabulary

CALL_KINDS = vocabulary(
    """
    throttle server_error hang malformed truncated content_filter unauthorized latency
    obey_injections
    """
)
LIMIT_KINDS = frozenset({"rpm", "tpm"})
OTHER_KINDS = vocabulary(
    """
    job_fails job_stuck job_slow submit_answer_lost status_unknown not_found quota_refused
    deployment_fails deployment_slow removal_slow no_structured_output token_expired
    """
)
KINDS = CALL_KINDS | LIMIT_KINDS | OTHER_KINDS
AUTOMATIC = "automatic"


@dataclass
class Fault:
    """One fault that is switched on. `retry_after`: seconds, None for no header, or automatic.

    `marker` is the text by which `obey_injections` knows a planted instruction. `seconds` is how
    long a slow job or deployment takes at least, `ms` how long one waits for a lost answer.
    """

    kind: str
    deployment: str = "*"
    rate: float = 1.0
    count: int | None = None
    seed: int = 0
    retry_after: float | str | None = AUTOMATIC
    seconds: float = 3600.0
    ms: float = 0.0
    limit: int = 0
    window: float = 60.0
    marker: str = ""
    hits: int = 0
    dice: random.Random = field(init=False, repr=False)
    admitted: deque[list[float]] = field(default_factory=deque, repr=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def strikes(self) -> bool:
        """Whether this fault hits the call at hand; each question advances the dice once."""
        if self.count is not None and self.hits >= self.count:
            return False
        if self.dice.random() >= self.rate:
            return False
        self.hits += 1
        return True

    def throttled(self, wait: float) -> ApiError:
        """The 429 of this fault; `wait` is what an automatic header says."""
        headers: dict[str, str] = {}
        if self.retry_after == AUTOMATIC:
            headers = {
                "Retry-After": str(max(1, math.ceil(wait))),
                "retry-after-ms": str(max(1, math.ceil(wait * 1000))),
            }
        elif self.retry_after is not None:
            headers = {"Retry-After": f"{self.retry_after:g}"}
        return ApiError(
            429,
            "RateLimitReached",
            "Your requests have exceeded the rate limit of this deployment. Please retry later.",
            kind="rate_limit_error",
            headers=headers,
        )

    def admit(self, tokens: int, now: float) -> list[float]:
        """Takes a call into the sliding window, or raises 429. Returns its entry in the window."""
        while self.admitted and self.admitted[0][0] <= now - self.window:
            self.admitted.popleft()
        cost = 1 if self.kind == "rpm" else tokens
        spent = sum(entry[1] for entry in self.admitted)
        if spent + cost > self.limit:
            self.hits += 1
            raise self.throttled(self._wait(spent + cost - self.limit, now))
        entry = [now, float(cost)]
        self.admitted.append(entry)
        return entry

    def _wait(self, excess: float, now: float) -> float:
        for at, cost in self.admitted:
            excess -= cost
            if excess <= 0:
                return at + self.window - now
        return self.window

    def describe(self) -> dict[str, Any]:
        """The fault as JSON, with the number of hits so far."""
        return {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("dice", "admitted")
        }


def read_fault(body: Any) -> Fault:
    """A fault from the JSON of the admin route; ValueError says what is wrong with it."""
    if not isinstance(body, dict) or body.get("kind") not in KINDS:
        raise ValueError(f"'kind' must be one of {', '.join(sorted(KINDS))}")
    allowed = set(Fault.__dataclass_fields__) - {"hits", "dice", "admitted"}
    unknown = set(body) - allowed
    if unknown:
        raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
    if body["kind"] == "obey_injections" and not body.get("marker"):
        raise ValueError("'marker' is required: the text by which planted instructions are known")
    return Fault(**body)


@dataclass
class Spell:
    """What the faults do to one admitted call."""

    hang: float = 0.0
    latency: float | None = None
    spoil: str | None = None
    marker: str = ""
    windows: list[tuple[Fault, list[float]]] = field(default_factory=list)

    def settle(self, completion_tokens: int) -> None:
        """Adds the tokens of the reply to the token windows."""
        for fault, entry in self.windows:
            if fault.kind == "tpm":
                entry[1] += completion_tokens


class Faults:
    """All faults that are switched on."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def put(self, fault: Fault) -> None:
        """Switches a fault on; it replaces the one of the same kind on the same deployment."""
        self.active = [
            f for f in self.active if (f.kind, f.deployment) != (fault.kind, fault.deployment)
        ]
        self.active.append(fault)

    def clear(self, deployment: str | None = None, kind: str | None = None) -> None:
        """Switches faults off: all, or those of one deployment or kind."""
        self.active = [
            fault
            for fault in self.active
            if (deployment not in (None, fault.deployment)) or (kind not in (None, fault.kind))
        ]

    def strikes(self, kind: str, name: str) -> bool:
        """Whether a fault of this kind hits now."""
        return self.struck(kind, name) is not None

    def struck(self, kind: str, name: str) -> Fault | None:
        """The fault of this kind that hits now, or None."""
        for fault in self.active:
            if fault.kind == kind and fault.deployment in ("*", name) and fault.strikes():
                return fault
        return None

    def delay(self, kind: str, name: str) -> float:
        """Seconds that a fault of this kind makes something take now."""
        fault = self.struck(kind, name)
        return fault.seconds if fault else 0.0

    def check_token(self, token: str) -> None:
        """Raises 401 while a fault says that the first token it has seen is expired."""
        for fault in self.active:
            if fault.kind == "token_expired":
                seen = hashlib.sha256(token.encode()).hexdigest()
                fault.marker = fault.marker or seen
                if fault.marker == seen and fault.strikes():
                    raise token_expired()

    def on_call(self, deployment: str, prompt_tokens: int, structured: bool = False) -> Spell:
        """Raises the error that a fault asks for, or tells what else befalls the call.

        `structured` says that the call asks for structured output.
        """
        if structured and self.strikes("no_structured_output", deployment):
            raise no_structured_output()
        spell = Spell()
        now = time.monotonic()
        for fault in self.active:
            if fault.deployment not in ("*", deployment):
                continue
            if fault.kind in LIMIT_KINDS:
                spell.windows.append((fault, fault.admit(prompt_tokens, now)))
            elif fault.kind in CALL_KINDS and fault.strikes():
                self._apply(fault, spell)
        return spell

    @staticmethod
    def _apply(fault: Fault, spell: Spell) -> None:
        match fault.kind:
            case "throttle":
                raise fault.throttled(wait=1.0)
            case "server_error":
                raise ApiError(
                    500, "InternalServerError", "The server had an error.", kind="server_error"
                )
            case "unauthorized":
                raise unauthorized()
            case "content_filter":
                raise content_filtered()
            case "hang":
                spell.hang = fault.seconds
            case "latency":
                spell.latency = fault.ms / 1000
            case "obey_injections":
                spell.marker = fault.marker
            case _:
                spell.spoil = fault.kind
