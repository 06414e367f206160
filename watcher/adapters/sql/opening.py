"""Opens the store: makes it, brings it to today's schema, or says why it cannot be used.

It never overwrites, moves or deletes what it cannot read: that is for a person to do.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from sqlalchemy import URL, Engine

from watcher.adapters.sql.engine import connect, missing, parse
from watcher.adapters.sql.errors import said, shown
from watcher.adapters.sql.schema import refuse_older, upgrade, version
from watcher.adapters.sql.store import SqlStore
from watcher.adapters.sql.tables import METADATA
from watcher.errors import StoreError

__all__ = ["NO_STORE", "SqlStore", "open_store"]

logger = logging.getLogger(__name__)

NO_STORE: Final = (
    "there is no store yet, and only `watcher run` makes one: name its settings with --config"
)


def open_store(
    url: str, retention: timedelta, *, read_only: bool = False, make: bool = True
) -> SqlStore:
    """Open the store at *url*, made or brought to today's schema where needed.

    With *read_only* nothing is made and nothing changed; one that is not there yet reads as empty.
    Without *make*, one that is not there yet is a StoreError. Raises ConfigError for a URL that is none, StoreError for a store that cannot be used: broken,
    locked, of a newer watcher, of another program. It then is left as it was.
    """
    parsed = parse(url)
    schema = _look(parsed)  # before anything is touched: it may be another program's
    if read_only:
        if schema is None:
            return SqlStore(parsed, _nothing(), retention)
        refuse_older(schema, parsed)
        return SqlStore(parsed, connect(parsed, read_only=True), retention)
    if schema is None and not make:
        raise StoreError(f"{shown(parsed)}: {NO_STORE}")
    if schema is None:
        logger.info("store %s: there is none yet, so it is made", shown(parsed))
    engine = connect(parsed, read_only=False)
    with _let_go_on_error(engine), said(parsed):
        upgrade(engine, parsed)
    return SqlStore(parsed, engine, retention)


def _look(url: URL) -> str | None:
    """The schema of what is there, None where there is nothing yet."""
    if missing(url):
        return None
    engine = connect(url, read_only=True)
    try:
        with said(url), engine.begin() as connection:
            return version(connection, url)
    finally:
        engine.dispose()


def _nothing() -> Engine:
    engine = connect(parse("sqlite://"), read_only=False)
    METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    return engine


@contextmanager
def _let_go_on_error(engine: Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise
