"""Names a row that cannot be read: written by another version, or changed by something else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, RowMapping, Table

from watcher.adapters.sql import rows as sql_rows
from watcher.adapters.sql import tables
from watcher.adapters.sql.errors import name_of
from watcher.errors import StoreError, WatcherError
from watcher.model.expectations import ExpectedJob
from watcher.model.history import Blindness, Owed, Sent, WatchRecord
from watcher.model.incidents import Incident, Transition
from watcher.model.mutes import Mute
from watcher.model.names import MonitorRef
from watcher.secrecy import clipped

_LONGEST: Final = 200


def _payload(kind: type[Any]) -> Callable[[Any], object]:
    return lambda row: sql_rows.decode(row["payload"], kind)


def _monitor(row: Any) -> object:
    return sql_rows.decode(row["key"], MonitorRef), sql_rows.decode(row["payload"], dict)


_READ: Final[Mapping[Table, Callable[[Any], object]]] = {
    tables.EXPECTED_JOBS: _payload(ExpectedJob),
    tables.MONITORS: _monitor,
    tables.PROMETHEUSES: lambda row: sql_rows.watched(row["key"], row["payload"]),
    tables.SNAPSHOT: _payload(sql_rows.Rest),
    tables.ACCEPTED: dict,
    tables.MOUNTS: sql_rows.mount,
    tables.JOBS: sql_rows.memory,
    tables.INCIDENTS: _payload(Incident),
    tables.TRANSITIONS: _payload(Transition),
    tables.WATCHES: lambda row: sql_rows.value(row, WatchRecord),
    tables.BLINDNESS: lambda row: sql_rows.value(row, Blindness),
    tables.SENT: _payload(Sent),
    tables.OWED: _payload(Owed),
    tables.MUTES: _payload(Mute),
}
"""How a row of each table is read."""


@contextmanager
def junk_said(url: URL, engine: Engine) -> Iterator[None]:
    """Raise StoreError that names the row, where a row is why something went wrong."""
    try:
        yield
    except WatcherError:
        raise
    except Exception as error:
        with engine.connect() as connection:
            junk = _junk(connection)
        if junk is None:
            raise
        raise StoreError(
            f"{name_of(url)}: {junk}: it was written by another version or changed by another "
            "program: start that version, put a copy from before in its place, or move the store "
            "aside"
        ) from error


def _junk(connection: Connection) -> str | None:
    """The first row that cannot be read, and why. Looks at all of them."""
    for table, read in _READ.items():
        columns = {
            column.name: column.type.dialect_impl(connection.dialect).result_processor(
                connection.dialect, None
            )
            for column in table.columns
        }
        rows = connection.exec_driver_sql(f"SELECT * FROM {table.name}")  # noqa: S608 -- our own name
        for row in rows.mappings():
            try:
                read({n: row[n] if made is None else made(row[n]) for n, made in columns.items()})
            except Exception as error:  # noqa: BLE001 -- junk may do anything
                return (
                    f"the row {_key(table, row)} of the table {table.name} cannot be read ({error})"
                )
    return None


def _key(table: Table, row: RowMapping) -> str:
    return ", ".join(clipped(f"{c.name}={row[c.name]!r}", _LONGEST) for c in table.primary_key)
