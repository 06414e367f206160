"""Lets one watcher alone tell people out of a store. Others may read and write it, as commands do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy import URL, Engine

from watcher.adapters.sql.errors import name_of
from watcher.adapters.sql.file_lock import FileLock
from watcher.adapters.sql.session_lock import SessionLock
from watcher.errors import StoreError

PATIENCE: Final = 10.0
"""Seconds to wait for one that is just ending, as when a daemon is restarted."""

Still: TypeAlias = Callable[[], str | None]
"""See that the store is still ours alone: what is odd about it, None where nothing is.

Raises OustedError where another watcher has it now, StoreError where that cannot be told.
"""

_POLL: Final = 0.2


@contextmanager
def alone(url: URL, engine: Engine, patience: float) -> Iterator[Still]:
    """Hold the lock. Raises StoreError when another watcher still holds it after *patience*."""
    if engine.dialect.name == "sqlite" and (not url.database or url.database == ":memory:"):
        yield lambda: None
        return
    soon = partial(_soon, patience=patience)
    lock = FileLock(url) if engine.dialect.name == "sqlite" else SessionLock(url, engine, soon)
    try:
        if not soon(lock.taken):
            raise StoreError(
                f"{name_of(url)}: another watcher is running on it, and two would tell everything "
                "twice: stop that one, or give this one a `store` of its own"
            )
        yield lock.still
    finally:
        lock.let_go()


def _soon(taken: Callable[[], bool], patience: float) -> bool:
    end = time.monotonic() + patience
    while not taken():
        if time.monotonic() >= end:
            return False
        time.sleep(_POLL)
    return True
