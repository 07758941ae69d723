"""The engine's durable state: one SQLite file, WAL, `synchronous=NORMAL`.

NORMAL in WAL mode survives a killed process at any moment (only a power cut can lose the last
commits, never corrupt). One connection belongs to the engine's thread and is the only writer;
`Reader` opens its own for the HTTP API. A history is kept as one row per episode. A timer is an
inbox row that becomes visible later. Rows carry the execution they belong to, so that work of an
execution that continued as new, or was replaced, can never reach its successor.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from local.host.clock import Clock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS clock (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    real_anchor REAL NOT NULL, virtual_anchor REAL NOT NULL, speed REAL NOT NULL);
CREATE TABLE IF NOT EXISTS instances (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, execution TEXT NOT NULL, status TEXT NOT NULL,
    input TEXT, output TEXT, custom_status TEXT,
    created TEXT NOT NULL, updated TEXT NOT NULL,
    parent_id TEXT, parent_execution TEXT, parent_task INTEGER,
    wake INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS instances_to_wake ON instances (id) WHERE wake = 1;
CREATE TABLE IF NOT EXISTS history (
    instance_id TEXT NOT NULL, episode INTEGER NOT NULL, events TEXT NOT NULL,
    PRIMARY KEY (instance_id, episode)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution TEXT,
    task_id INTEGER, visible_at REAL NOT NULL, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inbox_by_instance ON inbox (instance_id, visible_at);
CREATE TABLE IF NOT EXISTS activities (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution TEXT NOT NULL,
    task_id INTEGER NOT NULL, name TEXT NOT NULL, input TEXT);
CREATE INDEX IF NOT EXISTS activities_by_instance ON activities (instance_id);
"""

FINISHED = frozenset({"Completed", "Failed", "Terminated"})
ALWAYS_VISIBLE = 0.0

_INSTANCE_COLUMNS = (
    "id, name, execution, status, input, output, custom_status, created, updated, "
    "parent_id, parent_execution, parent_task, wake"
)


@dataclass(slots=True)
class Instance:
    """One orchestration instance. `input`, `output`, `custom_status` are JSON texts.

    `wake`: an episode is due even if no message waits (a fresh execution).
    """

    id: str
    name: str
    execution: str
    status: str
    input: str | None
    output: str | None
    custom_status: str | None
    created: str
    updated: str
    parent_id: str | None
    parent_execution: str | None
    parent_task: int | None
    wake: bool = True

    @property
    def finished(self) -> bool:
        return self.status in FINISHED


@dataclass(frozen=True, slots=True)
class Work:
    """One activity call that was scheduled and is not completed."""

    seq: int
    instance_id: str
    execution: str
    task_id: int
    name: str
    input: str | None


class DataInUseError(Exception):
    """Another host process works on the same data folder."""


def lock(path: Path) -> sqlite3.Connection:
    """Holds `path` while the connection lives, however the process ends.

    Two engines on one store would run everything twice.
    """
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        raise DataInUseError(f"another host uses {path.parent}") from error
    return connection


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


class Reader:
    """Queries for the HTTP API; sees committed state only."""

    def __init__(self, path: Path) -> None:
        self._db = _connect(path, read_only=True)

    def close(self) -> None:
        self._db.close()

    def instance(self, instance_id: str) -> Instance | None:
        row = self._db.execute(
            f"SELECT {_INSTANCE_COLUMNS} FROM instances WHERE id = ?", (instance_id,)
        ).fetchone()
        return Instance(*row) if row else None

    def instances(
        self,
        *,
        created_from: str | None = None,
        created_to: str | None = None,
        statuses: Sequence[str] = (),
        prefix: str | None = None,
        after: str | None = None,
        limit: int = -1,
    ) -> list[Instance]:
        """Instances that match every filter given, in the order of their ids."""
        clauses, values = ["1"], list[str | int]()
        for clause, value in (
            ("created >= ?", created_from),
            ("created <= ?", created_to),
            ("id > ?", after),
        ):
            if value is not None:
                clauses.append(clause)
                values.append(value)
        if prefix:
            clauses.append("substr(id, 1, ?) = ?")
            values += [len(prefix), prefix]
        if statuses:
            clauses.append(f"status IN ({', '.join('?' * len(statuses))})")
            values += statuses
        query = f"SELECT {_INSTANCE_COLUMNS} FROM instances WHERE {' AND '.join(clauses)}"
        rows = self._db.execute(f"{query} ORDER BY id LIMIT ?", (*values, limit))
        return [Instance(*row) for row in rows]

    def history(self, instance_id: str) -> list[str]:
        """The events of each episode, as JSON texts joined by commas."""
        rows = self._db.execute(
            "SELECT events FROM history WHERE instance_id = ? ORDER BY episode", (instance_id,)
        )
        return [events for (events,) in rows]


class Store(Reader):
    """The one writer. Every method that writes is called inside `transaction()`."""

    def __init__(self, path: Path) -> None:
        self._db = _connect(path, read_only=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def clock(self, speed: float) -> Clock:
        """The orchestration clock of this store, continued at `speed`."""
        row = self._db.execute("SELECT real_anchor, virtual_anchor, speed FROM clock").fetchone()
        clock = Clock.start(speed, Clock(*row) if row else None)
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)",
                (clock.real_anchor, clock.virtual_anchor, clock.speed),
            )
        return clock

    def to_wake(self, now: float) -> set[str]:
        """Instances that have something to do at `now`."""
        rows = self._db.execute(
            "SELECT id FROM instances WHERE wake = 1 "
            "UNION SELECT instance_id FROM inbox WHERE visible_at <= ?",
            (now,),
        )
        return {instance_id for (instance_id,) in rows}

    def timers(self, now: float) -> list[tuple[float, str]]:
        """Every (moment, instance) of the inbox that lies after `now`."""
        return self._db.execute(
            "SELECT visible_at, instance_id FROM inbox WHERE visible_at > ?", (now,)
        ).fetchall()

    def open_work(self) -> list[Work]:
        rows = self._db.execute(
            "SELECT seq, instance_id, execution, task_id, name, input FROM activities ORDER BY seq"
        )
        return [Work(*row) for row in rows]

    def inbox(self, instance_id: str, now: float) -> list[tuple[int, str]]:
        """(seq, event text) of every visible message, oldest first."""
        return self._db.execute(
            "SELECT seq, event FROM inbox WHERE instance_id = ? AND visible_at <= ? "
            "ORDER BY visible_at, seq",
            (instance_id, now),
        ).fetchall()

    def put_instance(self, instance: Instance) -> None:
        """A new instance, in place of any that had its id."""
        self.forget(instance.id)
        marks = ", ".join("?" * len(_INSTANCE_COLUMNS.split(",")))
        self._db.execute(
            f"INSERT INTO instances ({_INSTANCE_COLUMNS}) VALUES ({marks})", astuple(instance)
        )

    def update_instance(self, instance: Instance) -> None:
        self._db.execute(
            "UPDATE instances SET execution = ?, status = ?, input = ?, output = ?, "
            "custom_status = ?, updated = ?, wake = ? WHERE id = ?",
            (
                instance.execution,
                instance.status,
                instance.input,
                instance.output,
                instance.custom_status,
                instance.updated,
                instance.wake,
                instance.id,
            ),
        )

    def forget(self, instance_id: str) -> None:
        """Removes an instance and all that belongs to it."""
        self._db.execute("DELETE FROM instances WHERE id = ?", (instance_id,))
        self._db.execute("DELETE FROM history WHERE instance_id = ?", (instance_id,))
        self._db.execute("DELETE FROM inbox WHERE instance_id = ?", (instance_id,))
        self._db.execute("DELETE FROM activities WHERE instance_id = ?", (instance_id,))

    def append_history(self, instance_id: str, episode: int, events: str) -> None:
        self._db.execute("INSERT INTO history VALUES (?, ?, ?)", (instance_id, episode, events))

    def drop_history(self, instance_id: str) -> None:
        self._db.execute("DELETE FROM history WHERE instance_id = ?", (instance_id,))

    def send(
        self,
        instance_id: str,
        event: str,
        *,
        execution: str | None = None,
        task_id: int | None = None,
        visible_at: float = ALWAYS_VISIBLE,
    ) -> None:
        self._db.execute(
            "INSERT INTO inbox (instance_id, execution, task_id, visible_at, event) "
            "VALUES (?, ?, ?, ?, ?)",
            (instance_id, execution, task_id, visible_at, event),
        )

    def take(self, seqs: Iterable[int]) -> None:
        self._db.executemany("DELETE FROM inbox WHERE seq = ?", [(seq,) for seq in seqs])

    def cancel_timers(self, instance_id: str, task_ids: Iterable[int]) -> None:
        self._db.executemany(
            "DELETE FROM inbox WHERE instance_id = ? AND task_id = ? AND visible_at > 0",
            [(instance_id, task_id) for task_id in task_ids],
        )

    def clear_inbox(self, instance_id: str, *, keep_raised_events: bool) -> None:
        """Drops what an ended execution still had coming; raised events outlive an execution."""
        clause = " AND execution IS NOT NULL" if keep_raised_events else ""
        self._db.execute(f"DELETE FROM inbox WHERE instance_id = ?{clause}", (instance_id,))

    def schedule(
        self, instance_id: str, execution: str, task_id: int, name: str, input_: str | None
    ) -> Work:
        cursor = self._db.execute(
            "INSERT INTO activities (instance_id, execution, task_id, name, input) "
            "VALUES (?, ?, ?, ?, ?)",
            (instance_id, execution, task_id, name, input_),
        )
        assert cursor.lastrowid is not None
        return Work(cursor.lastrowid, instance_id, execution, task_id, name, input_)

    def finish_work(self, seq: int) -> bool:
        """False if the work had gone already (its instance was purged or replaced)."""
        return self._db.execute("DELETE FROM activities WHERE seq = ?", (seq,)).rowcount > 0
