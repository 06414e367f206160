"""The lock that a session of a PostgreSQL server holds; it ends with the session or the server."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sqlalchemy import URL, Connection, Engine, RowMapping, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from watcher.adapters.sql.errors import name_of, said
from watcher.errors import OustedError

_LOCK: Final = {"lock": 0x77617464}  # beside that of writers in ``sql_engine``
_TAKE: Final = text("SELECT pg_try_advisory_lock(:lock)")
_LET_GO: Final = text("SELECT pg_advisory_unlock(:lock)")
_SESSION: Final = text(
    "SELECT pid, backend_start AS since FROM pg_stat_activity WHERE pid = pg_backend_pid()"
)
_END: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid = :pid AND backend_start = :since"
)


class SessionLock:
    """The lock of the database of *url*. Its methods raise StoreError where it cannot be asked."""

    def __init__(
        self, url: URL, engine: Engine, soon: Callable[[Callable[[], bool]], bool]
    ) -> None:
        self._url = url
        self._engine = engine
        self._soon = soon
        self._connection: Connection | None = None
        self._session: RowMapping | None = None
        """The session that took it last."""

    def taken(self) -> bool:
        """Take it, if nobody has it but a session of ours that was lost."""
        with said(self._url):
            try:
                connection = self._connected()
                if self._session is not None:
                    # The server may not know yet that it is lost, and keep its lock.
                    connection.execute(_END, dict(self._session))
                if not connection.execute(_TAKE, _LOCK).scalar():
                    return False
                self._session = connection.execute(_SESSION).mappings().one()
            except BaseException:
                self.let_go()
                raise
        return True

    def still(self) -> str | None:
        """Take it again when the session was lost. Raises OustedError when another has it by now."""
        if self._answers():
            return None
        self.let_go()
        if self._soon(self.taken):
            return None
        self.let_go()
        raise OustedError(
            f"{name_of(self._url)}: another session took its lock while this watcher was cut off "
            "from the server: this watcher ends, since two would tell everything twice"
        )

    def let_go(self) -> None:
        """At once: the server notices the end of a session only some time after it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(SQLAlchemyError):  # of a session that is broken it lets go by itself
            connection.execute(_LET_GO, _LOCK)
        with suppress(SQLAlchemyError):
            connection.invalidate()  # closed in earnest, since a pooled one would keep the lock
            connection.close()

    def _answers(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._engine.connect()
            self._connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        return self._connection
