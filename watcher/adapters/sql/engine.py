"""Opens the database: connections that lose nothing, and transactions that do not mix.

SQLite: write-ahead log, ``synchronous=FULL``, so that what was committed survives ``kill -9`` and a
power cut; a writer takes the lock at once and waits for it, so that no transaction fails half way.
PostgreSQL: writers take one advisory lock and so follow each other, as in SQLite.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from watcher.errors import ConfigError

WAIT: Final = 10
"""Seconds to wait for another's lock, and for a server to answer."""

_ENCODED: Final = "and : / ? # @ in a password as %3A %2F %3F %23 %40"
_NOTICE_THE_LOST: Final = (
    " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
)
"""The server ends a session whose machine is gone after a minute; by default after two hours, and
for so long nobody else could take its locks."""

_WRITES: Final = "watcher_writes"
_LOCK: Final = 0x77617463  # any number that no one else would take


def parse(url: str) -> URL:
    """The URL of a store. Raises ConfigError for one that is none or of another database."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "store: no URL that can be used: write it as sqlite:///FILE, or as"
            f" postgresql+psycopg://USER@HOST:PORT/DATABASE, {_ENCODED}"
        ) from None
    if "@" in (parsed.host or ""):
        raise ConfigError(f"store: its host has an @: {_ENCODED}")
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise ConfigError(
            f"store: expected sqlite:///FILE or postgresql+psycopg://…, got {parsed.drivername}://…:"
            " set it to one of these"
        )
    return parsed


def require_directory(url: URL) -> None:
    """Raise ConfigError for an SQLite file that is a directory, or whose directory is missing."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    file = Path(url.database)
    if file.is_dir():
        raise ConfigError(f"store: {file} is a directory: name a file, such as {file}/watcher.db")
    if not file.parent.is_dir():
        raise ConfigError(f"store: {file.parent} is no directory: make it, or name another file")


def missing(url: URL) -> bool:
    """Whether this is an SQLite file that is not there, or holds nothing yet."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return False
    file = Path(url.database)
    return not file.exists() or file.stat().st_size == 0


def connect(url: URL, *, read_only: bool) -> Engine:
    """An engine for *url*. Connects only when first used.

    Raises ConfigError when the driver is not installed.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only=read_only)
    return _postgres(url, read_only=read_only)


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions write."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_WRITES: True})
    return engine.execution_options(**{_WRITES: True}, isolation_level="READ COMMITTED")


def _sqlite(url: URL, *, read_only: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        engine = create_engine(
            url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": WAIT}
        )
    else:
        file = Path(url.database)
        if not read_only:
            _keep_private(file)
        target = url.set(  # never made by SQLite: a file that was deleted is not made again
            database=f"file:{quote(str(file.absolute()))}",
            query={"mode": "ro" if read_only else "rw", "uri": "true"},
        )
        engine = create_engine(target, connect_args={"timeout": WAIT})
    event.listen(engine, "connect", _prepare(read_only=read_only))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keep_private(file: Path) -> None:
    """Let nobody else read it: it holds objects of the cluster. Its log takes its mode from it."""
    with contextlib.suppress(OSError):  # told in better words when it is opened
        file.touch(mode=0o600)
        file.chmod(0o600)


def _prepare(*, read_only: bool) -> Callable[[Any, object], None]:
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin by itself: we do
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")  # what is deleted is gone from the file too
        if not read_only:
            _write_ahead(connection)

    return prepare


def _write_ahead(connection: Any) -> None:
    """Switch to the log; SQLite itself does not wait for another that switches right now."""
    patience = time.monotonic() + WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > patience:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres(url: URL, *, read_only: bool) -> Engine:
    options = f"-c lock_timeout={WAIT * 1000}{_NOTICE_THE_LOST}"
    if read_only:
        options += " -c default_transaction_read_only=on"
    try:
        engine = create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",  # a read of several tables is of one moment
            connect_args={"connect_timeout": WAIT, "options": options},
        )
    except ImportError as error:
        raise ConfigError(
            f"store: {error}: install the watcher with its extra `postgres`"
        ) from error
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
