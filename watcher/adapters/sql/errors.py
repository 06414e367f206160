"""What a database's error means to the person who runs the watcher, and what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from watcher.errors import StoreError

_SQLITE: Final = {
    "SQLITE_FULL": "the disk is full: make room; what was written before is kept",
    "SQLITE_BUSY": "another program holds it locked: see who has it open (fuser FILE)",
    "SQLITE_READONLY": "it may not be written: let this user write the file and its directory",
    "SQLITE_CANTOPEN": "it cannot be opened: make its directory, let this user write there, or "
    "set `store` to another place",
    "SQLITE_PERM": "this user may not open it: give it the rights, or set `store` to another place",
    "SQLITE_IOERR": "the disk does not answer as it should: look into the kernel's log (dmesg)",
}
_ASIDE: Final = (
    "it is broken, and was left as it is: stop the watcher, move it aside "
    "(mv {file} {file}.broken; the same for {file}-wal and {file}-shm) and start again with a new "
    "history, or fix a copy of it (sqlite3 {file}.broken .recover)"
)
_POSTGRES: Final = {
    "53100": "the server's disk is full: make room; what was written before is kept",
    "53300": "the server has no connection to spare: raise max_connections or close some",
    "55P03": "another program holds it locked: see pg_stat_activity",
    "25006": "the server or this connection is read only: point `store` to the primary",
    "42501": "the role has not the rights: GRANT CREATE, USAGE on its schema",
    "28P01": "the server does not know the password: look at the URL in `store`",
    "3D000": "the database is not there: CREATE DATABASE, or look at the URL in `store`",
}


@contextmanager
def said(url: URL) -> Iterator[None]:
    """Raise StoreError for whatever the database did wrong."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"{name_of(url)}: {_advice(url, error.orig)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{name_of(url)}: {_first_line(error)}: see that it is up") from error


def name_of(url: URL) -> str:
    """The store as people know it: its file, or its URL without the password."""
    if url.get_backend_name() == "sqlite":
        return f"store {url.database or ':memory:'}"
    return f"store {shown(url)}"


def shown(url: URL) -> str:
    """*url* without anything that may be a password: of its query only names are left."""
    query = dict.fromkeys(url.query, "***")
    return url.set(query=query).render_as_string(hide_password=True)


def _advice(url: URL, error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorname", "")
        primary = "_".join(code.split("_")[:2])
        if primary in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}:
            return f"{error}: {_ASIDE.format(file=url.database)}"
        return f"{error}: {_SQLITE.get(primary, 'see that the file is a store of the watcher')}"
    state = getattr(error, "sqlstate", None)
    known = _POSTGRES.get(state or "", "see that the server is up and `store` names it rightly")
    return f"{_first_line(error)}: {known}"


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
