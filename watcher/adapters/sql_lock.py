"""Lets one watcher alone tell people out of a store. Others may read and write it, as commands do.

SQLite: an advisory lock on ``FILE.lock``, which the kernel lets go of when its holder ends, however
it ends. PostgreSQL: an advisory lock of a session, which the server lets go of likewise.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from watcher.adapters.sql_errors import name_of, said
from watcher.errors import StoreError

PATIENCE: Final = 10.0
"""Seconds to wait for one that is just ending, as when a daemon is restarted."""

_POLL: Final = 0.2
_LOCK: Final = 0x77617464  # beside that of writers in ``sql_engine``


@contextmanager
def alone(url: URL, engine: Engine, patience: float) -> Iterator[None]:
    """Hold the lock. Raises StoreError when another watcher still holds it after *patience*."""
    if engine.dialect.name == "sqlite":
        if not url.database or url.database == ":memory:":
            yield
            return
        with _opened(url, Path(f"{url.database}.lock")) as file:
            _wait(url, lambda: _locked(file), patience)
            yield
        return
    with said(url), engine.connect() as connection:
        session = connection.execution_options(isolation_level="AUTOCOMMIT")
        session.detach()  # closed in earnest at the end, since a pooled one would keep the lock
        _wait(url, lambda: _granted(session), patience)
        try:
            yield
        finally:
            # At once: the server notices the end of a session only some time after it. Of a session
            # that is broken it lets go by itself.
            with suppress(DBAPIError):
                session.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


@contextmanager
def _opened(url: URL, path: Path) -> Iterator[IO[str]]:
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{name_of(url)}: {path} cannot be written: {error.strerror}: let this user write there"
        ) from error
    with file:
        yield file


def _wait(url: URL, taken: Callable[[], bool], patience: float) -> None:
    end = time.monotonic() + patience
    while not taken():
        if time.monotonic() >= end:
            raise StoreError(
                f"{name_of(url)}: another watcher is running on it, and two would tell everything "
                "twice: stop that one, or give this one a `store` of its own"
            )
        time.sleep(_POLL)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _granted(session: Connection) -> bool:
    query = text("SELECT pg_try_advisory_lock(:lock)")
    return bool(session.execute(query, {"lock": _LOCK}).scalar())
