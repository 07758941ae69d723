"""Several endpoints of one model as one: who is asked next, who is out, who waits.

Invariants: a call holds a place among the calls in flight only while it is being sent and answered;
calls are served in the order in which they first asked, so that one that must be repeated goes
first; nobody polls: the first in line sleeps until a reply, a free slot or a probe is due.

An endpoint is out after failures in a row or one refusal (401, 403, 404). While others stand, an
endpoint that is out gets one call a second as a probe (after a refusal one a minute) and is back
with the first answer. When none stands, calls go to any that has not refused them.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.adapters.pacing import Pace, Sent

_FAILURES = 3  # in a row until an endpoint is out: one bad request must not take out all
_PROBE_EVERY = 1.0
_PROBE_REFUSED_EVERY = 60.0
_SPREAD = 64  # so many calls in flight weigh as much as a whole window of room

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Member:
    """One endpoint of the pool: its pace and its health. `name` is fit for a log."""

    name: str
    pace: Pace
    standing: bool = True
    _failures: int = 0
    probing: bool = False
    slow: bool = False  # it keeps those waiting whom it does not answer
    _probe_at: float = math.inf

    def due(self, now: float) -> float:
        """When an endpoint that is out may be probed."""
        return math.inf if self.probing else max(now, self._probe_at)

    def answered(self) -> None:
        """It works."""
        self._failures = 0
        if not self.standing:
            _log.warning("%s answers again", self.name)
        self.standing = True

    def failed(self, now: float, reason: str, seconds: float) -> None:
        """It did not answer, or with a server error, and took so long."""
        self.slow = seconds > _PROBE_EVERY
        self._failures += 1
        if not self.standing or self._failures >= _FAILURES:
            self._take_out(now, reason, _PROBE_EVERY)

    def refused(self, now: float, reason: str) -> None:
        """It does not know us or the deployment."""
        self._take_out(now, reason, _PROBE_REFUSED_EVERY)

    def _take_out(self, now: float, reason: str, every: float) -> None:
        if self.standing:
            _log.warning("%s is out: %s", self.name, reason)
        self.standing = False
        self._probe_at = now + every


@dataclass(eq=False)
class Caller:
    """One call with its tries. `tokens` is what it is taken to cost."""

    turn: int
    tokens: float
    avoid: set[Member] = field(default_factory=set)  # failed it; asked when no other can be
    refused: set[Member] = field(default_factory=set)
    deadline: float = math.inf  # set once a 429 made it wait
    failures: int = 0  # tries that count; probes do only when no endpoint stands


class NoTimeLeft(Exception):
    """Raised when no endpoint can be asked before the caller's deadline."""


class Pool:
    """The members, the line of callers, and the places that other pools may share."""

    def __init__(
        self,
        members: Sequence[Member],
        places: asyncio.Semaphore,
        clock: Callable[[], float],
    ) -> None:
        self.members = list(members)
        self._places = places
        self.clock = clock
        self._turns = itertools.count()
        self._line: list[tuple[int, asyncio.Future[None]]] = []
        self._busy = False
        self._bell: asyncio.Future[None] | None = None

    def caller(self, tokens: float) -> Caller:
        """Someone who wants an answer; its turn is counted from here."""
        return Caller(next(self._turns), tokens)

    def untried(self, caller: Caller) -> bool:
        """Whether an endpoint is left that has not refused the caller."""
        return any(member not in caller.refused for member in self.members)

    def others_stand(self, caller: Caller) -> bool:
        """Whether the caller can be repeated at once, elsewhere."""
        tried = caller.avoid | caller.refused
        return any(member.standing and member not in tried for member in self.members)

    @property
    def outage(self) -> bool:
        """Whether no endpoint stands."""
        return not any(member.standing for member in self.members)

    async def lease(self, caller: Caller) -> Lease:
        """Wait for the caller's turn, for a slot of an endpoint and for a place.

        Close the lease. Raises NoTimeLeft as soon as no endpoint can be asked in time.
        """
        await self._take_turn(caller.turn)
        try:
            while True:
                now = self.clock()
                member, at = self._choose(caller, now)
                if member is None:
                    if at > caller.deadline and math.isfinite(at):
                        raise NoTimeLeft
                    await self._sleep(min(at, caller.deadline) - now)
                    if self.clock() >= caller.deadline:
                        raise NoTimeLeft
                    continue
                await self._places.acquire()
                now = self.clock()
                member, _ = self._choose(caller, now)  # the wait for the place may have been long
                if member is not None:
                    return Lease(self, member, caller, now)
                self._places.release()
        finally:
            self._pass_turn()

    def release(self) -> None:
        """A lease is closed: its place is free, and what it learned may free others."""
        self._places.release()
        self._ring()

    def _choose(self, caller: Caller, now: float) -> tuple[Member | None, float]:
        """The endpoint to ask now, or None and when to look again at the latest."""
        left = [member for member in self.members if member not in caller.refused]
        standing = [member for member in left if member.standing]
        wake = math.inf
        if standing:
            for member in left:
                if member.standing or (member.slow and member in caller.avoid):
                    continue  # a call does not wait for one timeout after the other
                at = max(member.due(now), member.pace.ready_at(now, caller.tokens))
                if at <= now:
                    return member, now
                wake = min(wake, at)
        ready: list[tuple[bool, float, Member]] = []
        for member in standing or left:
            at = member.pace.ready_at(now, caller.tokens)
            wake = min(wake, at)
            if at <= now:
                ready.append((member not in caller.avoid, _headroom(member, now), member))
        return max(ready, key=lambda each: each[:2])[2] if ready else None, wake

    async def _take_turn(self, turn: int) -> None:
        if not self._busy:
            self._busy = True
            return
        ours: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._line, (turn, ours))
        try:
            await ours
        except asyncio.CancelledError:
            if ours.done() and not ours.cancelled():
                self._pass_turn()
            raise

    def _pass_turn(self) -> None:
        while self._line:
            _, following = heapq.heappop(self._line)
            if not following.done():
                following.set_result(None)
                return
        self._busy = False

    async def _sleep(self, seconds: float) -> None:
        """Until a reply comes, or so long."""
        loop = asyncio.get_running_loop()
        self._bell = loop.create_future()
        timer = loop.call_later(seconds, self._ring) if math.isfinite(seconds) else None
        try:
            await self._bell
        finally:
            if timer is not None:
                timer.cancel()

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)


class Lease:
    """The right to send one call to one endpoint. Tell how it went, then close it."""

    def __init__(self, pool: Pool, member: Member, caller: Caller, now: float) -> None:
        self.member = member
        self._pool = pool
        self.probe = not member.standing and not member.probing
        if self.probe:
            member.probing = True
        self._left = False
        self._sent: Sent | None = member.pace.begin(now, caller.tokens)

    def sending(self) -> None:
        """The call leaves now, should time have passed since the lease."""
        assert self._sent is not None
        self._sent.leaves(self._pool.clock())
        self._left = True

    def succeeded(self, tokens: float) -> None:
        """A reply, billed at so many tokens."""
        self.member.answered()
        self.member.pace.succeeded(self._take(), self._pool.clock(), tokens)

    def throttled(self, retry_after: float | None) -> None:
        """A 429: the endpoint is there, and wants a rest."""
        self.member.answered()
        if self.member.pace.throttled(self._take(), self._pool.clock(), retry_after):
            _log.info("%s throttles, Retry-After %s", self.member.name, retry_after)

    def rejected(self) -> None:
        """The endpoint works and did not like this very request."""
        self.member.answered()
        self.member.pace.failed(self._take(), counted=True)

    def failed(self, reason: str, *, counted: bool) -> None:
        """A server error, a timeout or no connection; `counted` if the server took the call."""
        sent, now = self._take(), self._pool.clock()
        self.member.failed(now, reason, now - sent.sent_at)
        self.member.pace.failed(sent, counted=counted)

    def refused(self, reason: str) -> None:
        """401, 403 or 404."""
        self.member.refused(self._pool.clock(), reason)
        self.member.pace.failed(self._take(), counted=False)

    def close(self) -> None:
        """Give the place back. A call cancelled on its way stays in the books."""
        if self._sent is not None:
            self.member.pace.failed(self._take(), counted=self._left)
        if self.probe:
            self.member.probing = False
        self._pool.release()

    def _take(self) -> Sent:
        assert self._sent is not None
        sent, self._sent = self._sent, None
        return sent


def _headroom(member: Member, now: float) -> float:
    return member.pace.room(now) - member.pace.in_flight / _SPREAD
