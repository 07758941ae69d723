"""What the host measured about the app: sizes on the wire, lengths of histories, protocol errors.

The limits are the app's own rules (references on the wire, never payloads). In strict mode each
breach is written down and makes the host's verdict, its exit code, a failure; otherwise breaches
are only counted. Written by the engine's thread, read by the server.
"""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger("local.host")

ACTIVITY_BYTES = 4096
ORCHESTRATION_BYTES = 16384
HISTORY_EVENTS = 500
_KEPT = 1000


class Ledger:
    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.errors: list[str] = []
        self.violations: list[str] = []
        self.violation_count = 0
        self.max_history_events = 0
        self.max_payload_bytes = 0
        self._long_histories: set[str] = set()

    @property
    def failed(self) -> bool:
        return self.strict and bool(self.errors or self.violations)

    def activity_payload(self, where: str, text: str | None) -> None:
        self._payload(where, text, ACTIVITY_BYTES)

    def orchestration_payload(self, where: str, text: str | None) -> None:
        self._payload(where, text, ORCHESTRATION_BYTES)

    def history(self, instance: str, events: int) -> None:
        self.max_history_events = max(self.max_history_events, events)
        if events > HISTORY_EVENTS and instance not in self._long_histories:
            self._long_histories.add(instance)
            self._violation(f"history of {instance}: {events} events > {HISTORY_EVENTS}")

    def error(self, text: str) -> None:
        """A protocol error: non-determinism, or code that ran ahead of what it waits for."""
        log.error(text)
        if len(self.errors) < _KEPT:
            self.errors.append(text)

    def as_json(self) -> dict[str, Any]:
        return {
            "strict": self.strict,
            "errors": self.errors,
            "violations": self.violations,
            "violation_count": self.violation_count,
            "max_history_events": self.max_history_events,
            "max_payload_bytes": self.max_payload_bytes,
        }

    def _payload(self, where: str, text: str | None, limit: int) -> None:
        if not text:
            return
        size = len(text) if text.isascii() else len(text.encode())
        self.max_payload_bytes = max(self.max_payload_bytes, size)
        if size > limit:
            self._violation(f"{where}: {size} bytes > {limit}")

    def _violation(self, text: str) -> None:
        self.violation_count += 1
        if self.strict and len(self.violations) < _KEPT:
            log.error("violation: %s", text)
            self.violations.append(text)
