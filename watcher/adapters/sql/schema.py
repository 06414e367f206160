"""Brings a store to today's schema, or says why it cannot be used. Never loses what is there."""

import logging
import sqlite3
from typing import Final

from sqlalchemy import URL, Connection, Engine, inspect, text

from watcher.adapters.sql.engine import writing
from watcher.adapters.sql.errors import name_of
from watcher.adapters.sql.tables import SCHEMA, SCHEMA_TABLE
from watcher.errors import StoreError

logger = logging.getLogger(__name__)

_WIPED: Final = 1
"""SQLite's ``user_version`` of a file in which nothing is left of what was deleted."""


def upgrade(engine: Engine, url: URL) -> None:
    """Migrate in one transaction; two watchers that start together follow each other.

    Raises StoreError for a store of a newer watcher, a database of another program, a broken file.
    """
    with writing(engine).begin() as connection:
        if connection.dialect.name == "sqlite":
            _check(connection, url)
        before = version(connection, url)
        if before != SCHEMA:
            _migrate(connection)
        if before is None and connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA user_version={_WIPED}")
    if engine.dialect.name == "sqlite":
        _wipe(engine, url)


def _wipe(engine: Engine, url: URL) -> None:
    """Leave nothing in the file of what was deleted before this was done at once, secrets among it.

    Where that is not possible (no room for a copy) it is tried again at the next start.
    """
    raw = engine.raw_connection()
    try:
        connection = raw.driver_connection
        if connection is None or connection.execute("PRAGMA user_version").fetchone() == (_WIPED,):
            return
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute(f"PRAGMA user_version={_WIPED}")
    except sqlite3.Error as error:
        logger.warning(
            "%s: what was deleted in it may still stand in the file, secrets among it, as it could"
            " not be packed: %s: it is tried again at the next start",
            name_of(url),
            error,
        )
    finally:
        raw.close()


def version(connection: Connection, url: URL) -> str | None:
    """The schema of a store, None for one that is empty. Raises StoreError as ``upgrade``."""
    tables = inspect(connection).get_table_names()
    if SCHEMA_TABLE not in tables:
        if tables:
            raise StoreError(
                f"{name_of(url)}: holds tables of another program ({tables[0]}, …): "
                "give the watcher a file or database of its own in `store`"
            )
        return None
    found = connection.execute(text(f"SELECT version_num FROM {SCHEMA_TABLE}")).scalar()  # noqa: S608
    if found is not None and found > SCHEMA:
        raise StoreError(
            f"{name_of(url)}: has schema {found}, this watcher knows up to {SCHEMA}: a newer watcher "
            "wrote it, so start that one, or set `store` to another place; nothing was changed"
        )
    return None if found is None else str(found)


def refuse_older(found: str, url: URL) -> None:
    """Raise StoreError for a store that would have to be migrated before it can be read."""
    if found != SCHEMA:
        raise StoreError(
            f"{name_of(url)}: has schema {found}, this watcher reads {SCHEMA}: start `watcher run` "
            "of this version once, which brings it up to date"
        )


def _check(connection: Connection, url: URL) -> None:
    complaint = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if complaint != "ok":
        raise StoreError(
            f"{name_of(url)}: {complaint}: it is broken, and was left as it is: move it aside "
            f"(mv {url.database} {url.database}.broken) and start again with a new history"
        )


def _migrate(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 -- a third of a second that only a migration needs
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "watcher.adapters.sql:migrations")
    command.upgrade(config, "head")
