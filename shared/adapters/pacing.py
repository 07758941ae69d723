"""When one endpoint may be asked next: pure bookkeeping, no clock and no I/O of its own.

Times are seconds of any steady clock, passed in. Three things are known of an endpoint:

* its configured limits, held over a sliding window of what we sent (requests and tokens);
* what it taught us: a 429 that the limits do not explain (no limits given, or the quota is shared)
  sets a learned limit, the calls it took in the last window. Beyond that, calls go one at a time;
  each that succeeds lets one more go at once, until there is nothing left to be careful about;
* a cool-down after a 429, ended by a single call that succeeds. A short Retry-After is kept, a
  long one once it counts down (a server that says "90" whenever it is asked does not know); else
  single calls try, at doubling steps and when our own calls leave the window.

Invariant: within any window no more than the configured requests and estimated tokens are sent.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import deque
from dataclasses import dataclass, field

WINDOW = 60.0
_MARGIN = 0.05  # between our clock's and the server's view of when a call leaves the window
_LATE_ARRIVAL = 1.0  # the most that a call is taken to have arrived after it was sent
_FIRST_STEP = 0.5
_CAREFREE = 64  # calls let go at once beyond the learned limit before it is forgotten


@dataclass(eq=False)
class Sent:
    """One call in the window. `tokens` is an estimate until the reply says what it was; `at`, when
    the server had it, is later than it was sent by what it took longer than the fastest."""

    at: float
    tokens: float
    beyond: bool  # sent over the learned limit
    sent_at: float = field(init=False)
    took: float | None = None

    def __post_init__(self) -> None:
        self.sent_at = self.at

    def leaves(self, now: float) -> None:
        """It is sent a little later than it was planned."""
        self.at = self.sent_at = now

    def arrived(self, fastest: float) -> None:
        """Reckon when the server had it, from the time of the fastest reply so far."""
        if self.took is not None:
            self.at = self.sent_at + min(self.took - fastest, _LATE_ARRIVAL)


class SlidingWindow:
    """The calls of the last `length` seconds, oldest first."""

    def __init__(self, length: float) -> None:
        self._stays = length + _MARGIN
        self._calls: deque[Sent] = deque()
        self._tokens = 0.0

    def add(self, call: Sent) -> None:
        """A call that is being sent."""
        self._calls.append(call)
        self._tokens += call.tokens

    def correct(self, call: Sent, tokens: float) -> None:
        """What the call really took."""
        if call in self._calls:
            self._tokens += tokens - call.tokens
        call.tokens = tokens

    def withdraw(self, call: Sent) -> None:
        """The call was not counted by the server."""
        if call in self._calls:
            self._calls.remove(call)
            self._tokens -= call.tokens

    def arrivals(self, fastest: float) -> None:
        """Reckon all arrivals anew."""
        for call in self._calls:
            call.arrived(fastest)

    def count(self, now: float) -> int:
        """Calls in the window."""
        self._forget(now)
        return len(self._calls)

    def tokens(self, now: float) -> float:
        """Tokens in the window."""
        self._forget(now)
        return self._tokens if self._calls else 0.0

    def below(self, now: float, limit: int) -> float:
        """When there will be fewer than `limit` calls in the window."""
        excess = self.count(now) - max(1, limit)
        if excess < 0:
            return now
        return max(call.at for call in itertools.islice(self._calls, excess + 1)) + self._stays

    def fits(self, now: float, tokens: float, limit: int) -> float:
        """When `tokens` more keep within the limit; a call over the whole limit goes alone."""
        excess = self.tokens(now) + min(tokens, limit) - limit
        for call in self._calls:
            if excess <= 1e-6:
                break
            excess -= call.tokens
            now = max(now, call.at + self._stays)
        return now

    def _forget(self, now: float) -> None:
        while self._calls and self._calls[0].at + self._stays <= now:
            self._tokens -= self._calls.popleft().tokens


class Pace:
    """When the endpoint may be asked, from its limits and from how it answered."""

    def __init__(
        self,
        *,
        requests: int | None = None,
        tokens: int | None = None,
        window: float = WINDOW,
        dice: random.Random | None = None,
    ) -> None:
        self._requests, self._token_limit = requests, tokens
        self._length = window
        self._window = SlidingWindow(window)
        self._dice = dice or random.Random()
        self._fastest = math.inf
        self.in_flight = 0
        self.learned: int | None = None
        self._at_once = 1  # calls in flight allowed beyond the learned limit
        self._cooling = False
        self._cooling_since = -math.inf
        self._until = -math.inf
        self._own_slot = math.inf  # when a call of ours leaves the window and may make room
        self._steps = 0
        self._said: tuple[float, float] | None = None  # (asked at, to come back at)
        self._probe: Sent | None = None

    def ready_at(self, now: float, tokens: float) -> float:
        """The earliest time for such a call; infinite when only a reply can tell."""
        at = now
        if self._requests is not None:
            at = max(at, self._window.below(now, self._requests))
        if self._token_limit is not None:
            at = max(at, self._window.fits(now, tokens, self._token_limit))
        if self._cooling:
            probing = self._probe is not None
            return math.inf if probing else max(at, min(self._until, self._own_slot))
        if self._is_beyond(now) and self.in_flight >= self._at_once:
            assert self.learned is not None
            at = max(at, math.inf if not self.learned else self._window.below(now, self.learned))
        return at

    def room(self, now: float) -> float:
        """The share of the tightest limit that is free, 0…1."""
        used = [0.0]
        for limit in (self._requests, self.learned):
            if limit is not None:
                used.append(self._window.count(now) / max(1, limit))
        if self._token_limit is not None:
            used.append(self._window.tokens(now) / self._token_limit)
        return max(0.0, 1.0 - max(used))

    def begin(self, now: float, tokens: float) -> Sent:
        """A call is sent now; end it with one of the methods below."""
        call = Sent(now, tokens, self._is_beyond(now))
        self._window.add(call)
        self.in_flight += 1
        if self._cooling:
            self._probe = call
        return call

    def succeeded(self, call: Sent, now: float, tokens: float) -> None:
        """A reply came, billed at so many tokens."""
        self._end(call)
        call.took = now - call.sent_at
        if call.took < self._fastest:
            self._fastest = call.took
            self._window.arrivals(self._fastest)
        call.arrived(self._fastest)
        self._window.correct(call, tokens)
        if self._cooling and call.sent_at >= self._cooling_since:
            self._cooling = False
            self._said = None
        if call.beyond and self.learned is not None and not self._cooling:
            self._steps = 0
            self._at_once += 1
            self.learned = max(self.learned, self._window.count(now))
            if self._at_once >= _CAREFREE:
                self.learned = None

    def throttled(self, call: Sent, now: float, retry_after: float | None) -> bool:
        """The call was answered 429; it counts for nothing at the server. True if that is news."""
        self._end(call)
        self._window.withdraw(call)
        self._at_once = 1
        count = self._window.count(now)
        self.learned = count if self.learned is None else min(self.learned, count)
        if self._cooling and call.sent_at < self._cooling_since:
            return False  # sent before the 429 that we heed already
        news, self._cooling = not self._cooling, True
        self._cooling_since = now
        # A slot of our own that turned out to be taken is no reason to try the next one at once.
        hopeful = call.beyond or self._steps == 0
        self._own_slot = self._window.below(now, count) if hopeful and count else math.inf
        self._until = self._come_back(now, retry_after)
        self._steps += 1
        return news

    def failed(self, call: Sent, *, counted: bool) -> None:
        """No usable answer, for reasons other than a limit; `counted` if the server had it."""
        self._end(call)
        if not counted:
            self._window.withdraw(call)

    def _is_beyond(self, now: float) -> bool:
        return self.learned is not None and self._window.count(now) >= self.learned

    def _end(self, call: Sent) -> None:
        self.in_flight -= 1
        if self._probe is call:
            self._probe = None

    def _come_back(self, now: float, retry_after: float | None) -> float:
        longest = self._length / (2 if math.isfinite(self._own_slot) else 12)
        step = min(_FIRST_STEP * self._length / WINDOW * 2.0**self._steps, longest)
        step *= 0.75 + self._dice.random() / 2
        if retry_after is None:
            return now + step
        before, self._said = self._said, (now, now + retry_after)
        counts_down = before is not None and (
            now + retry_after - before[1] < (now - before[0]) / 2  # else it starts anew each time
        )
        if retry_after <= self._length / 12 or counts_down:
            self._own_slot = math.inf
            return now + retry_after + self._dice.random() * _MARGIN
        return now + step


class TokenEstimate:
    """What a call will cost, before it is sent. No tokenizer: a token is so many characters, and of
    the tokens a reply may have it uses a share. It begins high and follows what is billed."""

    def __init__(self) -> None:
        self._per_character = 1 / 3
        self._share = 1.0

    def of(self, characters: int, max_tokens: int) -> float:
        """Prompt and reply."""
        return characters * self._per_character + max_tokens * self._share

    def learn(self, characters: int, max_tokens: int, prompt: int, completion: int) -> None:
        """What such a call was billed at."""
        self._per_character += (prompt / max(1, characters) - self._per_character) / 10
        self._share += (completion / max(1, max_tokens) - self._share) / 10
