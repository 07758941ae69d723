"""What was asked and what was billed: the request log and the totals by deployment.

Kept in memory, in the order of arrival. A call is billed when its reply with status 200 was
written to the client; a client that went away is logged with `answered` false and not billed.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Entry:
    """One request. `ended` and `status` are set when it is over.

    `managed` holds api-version, names of headers and body of a request that manages something.
    """

    index: int
    route: str
    started: float
    ended: float | None = None
    deployment: str | None = None
    status: int | None = None
    body_sha256: str | None = None
    usage: dict[str, int] | None = None
    fault: str | None = None
    answered: bool = False
    managed: dict[str, Any] | None = None


@dataclass
class Ledger:
    """The log of all requests, and how many chat calls were open at once."""

    entries: list[Entry] = field(default_factory=list)
    next_index: int = 0
    chat_in_flight: int = 0
    max_in_flight: int = 0

    def open(self, route: str) -> Entry:
        """Logs a request that has just arrived."""
        entry = Entry(index=self.next_index, route=route, started=time.time())
        self.next_index += 1
        self.entries.append(entry)
        return entry

    def close(self, entry: Entry, status: int, answered: bool) -> None:
        """Logs how the request ended."""
        entry.ended, entry.status, entry.answered = time.time(), status, answered

    def chat_started(self) -> None:
        """Counts a chat call that is being worked on."""
        self.chat_in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.chat_in_flight)

    def chat_ended(self) -> None:
        """Counts a chat call that is over."""
        self.chat_in_flight -= 1

    def since(self, index: int) -> list[dict[str, Any]]:
        """The log from an index on."""
        return [asdict(entry) for entry in self.entries if entry.index >= index]

    def totals(self) -> dict[str, dict[str, int]]:
        """Calls answered with 200 and their tokens, by deployment."""
        totals: dict[str, dict[str, int]] = {}
        for entry in self.entries:
            if entry.status != 200 or not entry.answered or entry.usage is None:
                continue
            row = totals.setdefault(
                entry.deployment or "", {"calls": 0, "prompt_tokens": 0, "completion_tokens": 0}
            )
            row["calls"] += 1
            row["prompt_tokens"] += entry.usage["prompt_tokens"]
            row["completion_tokens"] += entry.usage.get("completion_tokens", 0)
        return totals

    def clear(self) -> None:
        """Forgets the log; indices go on, so `since` never sees an old one again."""
        self.entries.clear()
        self.max_in_flight = self.chat_in_flight


def fingerprint(body: Any) -> str:
    """SHA-256 of the canonical JSON of a request body."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
