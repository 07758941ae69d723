"""Histories of live instances, kept in memory within a bound.

A history is held twice: as parsed events, which the replay reads, and as the stored JSON texts,
which go to the SDK as they are.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field

from local.host.events import Event
from local.host.store import Store

_CACHED_EVENTS = 20_000


@dataclass(slots=True)
class History:
    """`chunks` has one text per episode: its events, joined by commas."""

    events: list[Event] = field(default_factory=list)
    chunks: list[str] = field(default_factory=list)


class HistoryCache:
    """Least recently used histories go first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, History] = OrderedDict()
        self._size = 0

    def get(self, instance_id: str) -> History:
        history = self._kept.get(instance_id)
        if history is not None:
            self._kept.move_to_end(instance_id)
            return history
        chunks = self._store.history(instance_id)
        return History(json.loads(f"[{','.join(chunks)}]"), chunks)

    def extend(self, instance_id: str, history: History, new: list[Event], text: str) -> None:
        """Call it after the commit: `history` goes on with one more episode."""
        self.forget(instance_id)
        history.events += new
        history.chunks.append(text)
        self._kept[instance_id] = history
        self._size += len(history.events)
        while self._size > _CACHED_EVENTS and len(self._kept) > 1:
            self.forget(next(iter(self._kept)))

    def forget(self, instance_id: str) -> None:
        history = self._kept.pop(instance_id, None)
        if history is not None:
            self._size -= len(history.events)
