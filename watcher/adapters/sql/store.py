"""The store in SQLite or PostgreSQL. Every method is one transaction: all of it, or nothing.

It decides nothing: what an incident becomes is told to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, Select, func, or_, select

from watcher.adapters.sql import expectations as sql_expectations
from watcher.adapters.sql import incidents as sql_incidents
from watcher.adapters.sql import rows as sql_rows
from watcher.adapters.sql import sync as sql_sync
from watcher.adapters.sql import telling as sql_telling
from watcher.adapters.sql.engine import writing
from watcher.adapters.sql.errors import said, shown
from watcher.adapters.sql.junk import junk_said
from watcher.adapters.sql.lock import PATIENCE, Still, alone
from watcher.adapters.sql.tables import BLINDNESS, JOBS, MOUNTS, WATCHES
from watcher.model.expectations import Expectations
from watcher.model.facts import MountRecord
from watcher.model.history import Blindness, JobMemory, Owed, Sent, WatchRecord
from watcher.model.incidents import Incident, Transition
from watcher.model.mutes import Mute
from watcher.model.names import JobKey


class SqlStore:
    """A Store. Safe to use from several threads, and beside other programs that use this class."""

    def __init__(self, url: URL, engine: Engine, retention: timedelta) -> None:
        self._url = url
        self._engine = engine
        self._writer = writing(engine)
        self._retention = retention
        self._cached: tuple[int, Expectations | None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def place(self) -> str:
        """Where it is, as its URL without a password."""
        return shown(self._url)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def alone(self, patience: float = PATIENCE) -> AbstractContextManager[Still]:
        """Be the only watcher that notifies people out of this store, for as long as it is held.

        The value says whether it still is. Raises StoreError when another one still does after
        *patience*, in seconds.
        """
        return alone(self._url, self._engine, patience)

    def expectations(self) -> Expectations | None:
        """The merged expectations, None if no snapshot was ever taken.

        They are immutable, and large: as long as nobody changed them, the answer is the same value.
        """
        with self._read() as connection:
            turn = sql_expectations.turn(connection)
            if turn is None:
                return None
            cached = self._cached
            if cached is None or cached[0] != turn:
                self._cached = cached = (turn, sql_expectations.load(connection))
        return cached[1]

    def keep(self, expectations: Expectations, mounts: Sequence[MountRecord]) -> None:
        """Write the merged expectations, and remember *mounts* beside those already known."""
        with self._write() as connection:
            sql_expectations.keep(connection, expectations)
            sql_expectations.remember_mounts(connection, mounts)

    def accept(self, jobs: Iterable[JobKey], now: datetime) -> None:
        """Take the removal of *jobs* as meant."""
        with self._write() as connection:
            sql_expectations.accept(connection, jobs, now)

    def mount_history(self) -> Sequence[MountRecord]:
        """Every mount that was ever seen, oldest first."""
        with self._read() as connection:
            query = select(MOUNTS).order_by(MOUNTS.c.first_seen_at, MOUNTS.c.key)
            return tuple(map(sql_rows.mount, connection.execute(query).mappings()))

    def memory(self) -> Mapping[JobKey, JobMemory]:
        """What is remembered of each job."""
        with self._read() as connection:
            rows = connection.execute(select(JOBS)).mappings()
            return {JobKey(row["key"]): sql_rows.memory(row) for row in rows}

    def ongoing(self) -> Mapping[JobKey, Incident]:
        """Incidents that are not resolved."""
        with self._read() as connection:
            return {each.job: each for each in sql_incidents.ongoing(connection)}

    def record(
        self,
        watch: WatchRecord,
        memory: Mapping[JobKey, JobMemory],
        transitions: Iterable[Transition],
        blindness: Iterable[Blindness],
        owed: Iterable[Owed] = (),
    ) -> None:
        """Write the outcome of one watch: all of it, or nothing; again what was written: nothing."""
        with self._write() as connection:
            jobs = [sql_rows.memory_row(*each) for each in memory.items()]
            sql_sync.put(connection, JOBS, jobs)
            sql_incidents.follow(connection, transitions)
            for spell in map(sql_rows.spell_row, blindness):
                sql_sync.put_one(connection, BLINDNESS, spell)
            sql_sync.put_one(connection, WATCHES, sql_rows.watch_row(watch))
            sql_telling.owe_also(connection, owed)

    def blindness(self) -> Sequence[Blindness]:
        """Spells of blindness that are ongoing."""
        with self._read() as connection:
            query = select(BLINDNESS).where(BLINDNESS.c.until.is_(None))
            return _spells(connection, query)

    def unsettled(self) -> Sequence[Incident]:
        """Incidents that are ongoing, and those that ended without everyone told having heard of it."""
        with self._read() as connection:
            return sql_incidents.unsettled(connection)

    def incidents(self, since: datetime, until: datetime) -> Sequence[Incident]:
        """Incidents that were there at any time in a stretch."""
        with self._read() as connection:
            return sql_incidents.between(connection, since, until)

    def history(self, since: datetime, until: datetime) -> Sequence[Transition]:
        """The transitions of a stretch of time."""
        with self._read() as connection:
            return sql_incidents.history(connection, since, until)

    def watches(self, since: datetime, until: datetime) -> Sequence[WatchRecord]:
        """The watches of a stretch of time."""
        with self._read() as connection:
            query = select(WATCHES).where(WATCHES.c.at >= since, WATCHES.c.at < until)
            rows = connection.execute(query.order_by(WATCHES.c.at)).mappings()
            return tuple(sql_rows.value(row, WatchRecord) for row in rows)

    def first_watch(self) -> datetime | None:
        """When the oldest watch that is still remembered was made, None without one."""
        with self._read() as connection:
            return connection.execute(select(func.min(WATCHES.c.at))).scalar()

    def blind_spells(self, since: datetime, until: datetime) -> Sequence[Blindness]:
        """The spells of blindness that reach into a stretch of time."""
        with self._read() as connection:
            query = select(BLINDNESS).where(
                BLINDNESS.c.since < until,
                or_(BLINDNESS.c.until.is_(None), BLINDNESS.c.until > since),
            )
            return _spells(connection, query)

    def last_sent(self, subject: str, notifier: str) -> Sent | None:
        """The last message delivered about a subject."""
        with self._read() as connection:
            return sql_telling.last_sent(connection, subject, notifier)

    def mark_sent(self, subject: str, notifier: str, sent: Sent) -> None:
        """Remember a message as delivered, and owe it no longer."""
        with self._write() as connection:
            sql_telling.mark_sent(connection, subject, notifier, sent)

    def owed(self) -> Sequence[Owed]:
        """The messages that are owed."""
        with self._read() as connection:
            return sql_telling.owed(connection)

    def owe(self, owed: Owed) -> None:
        """Write down a message before it is sent, or what became of a try."""
        with self._write() as connection:
            sql_telling.owe(connection, owed)

    def forgive(self, subject: str, notifier: str) -> None:
        """Owe it no longer."""
        with self._write() as connection:
            sql_telling.forgive(connection, subject, notifier)

    def mute(self, mute: Mute) -> None:
        """Keep a mute."""
        with self._write() as connection:
            sql_telling.mute(connection, mute)

    def mutes(self, since: datetime, until: datetime) -> Sequence[Mute]:
        """The mutes that hold at any time in a stretch."""
        with self._read() as connection:
            return sql_telling.mutes(connection, since, until)

    def prune(self, now: datetime) -> None:
        """Forget what was over longer than the retention ago; what continues stays."""
        with self._write() as connection:
            sql_incidents.prune(connection, now - self._retention)
            sql_telling.prune(connection, now - self._retention)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._said(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._said(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def _said(self) -> Iterator[None]:
        with said(self._url), junk_said(self._url, self._engine):
            yield


def _spells(connection: Connection, query: Select[Any]) -> Sequence[Blindness]:
    rows = connection.execute(query.order_by(BLINDNESS.c.since, BLINDNESS.c.source)).mappings()
    return tuple(sql_rows.value(row, Blindness) for row in rows)
