"""What was said and what is owed, and what is not to be said: the store's part in telling people."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from watcher.adapters.sql import rows as sql_rows
from watcher.adapters.sql import sync as sql_sync
from watcher.adapters.sql.tables import MUTES, OWED, SENT
from watcher.model.history import Owed, Sent
from watcher.model.mutes import Mute


def last_sent(connection: Connection, subject: str, notifier: str) -> Sent | None:
    """The last message delivered about a subject."""
    this = (SENT.c.subject == subject, SENT.c.notifier == notifier)
    payload = connection.execute(select(SENT.c.payload).where(*this)).scalar()
    return None if payload is None else sql_rows.decode(payload, Sent)


def mark_sent(connection: Connection, subject: str, notifier: str, sent: Sent) -> None:
    """Remember a message as delivered, and owe it no longer."""
    sql_sync.put_one(connection, SENT, sql_rows.sent_row(subject, notifier, sent))
    forgive(connection, subject, notifier)


def owed(connection: Connection) -> Sequence[Owed]:
    """What is owed, the oldest first."""
    query = select(OWED.c.payload).order_by(OWED.c.since, OWED.c.subject, OWED.c.notifier)
    return tuple(sql_rows.decode(each, Owed) for each in connection.execute(query).scalars())


def owe(connection: Connection, one: Owed) -> None:
    """Write down what is owed, or what became of a try."""
    sql_sync.put_one(connection, OWED, sql_rows.owed_row(one))


def owe_also(connection: Connection, more: Iterable[Owed]) -> None:
    """Write down *more*; what is owed already stays as it is."""
    for one in more:
        this = (OWED.c.subject == one.subject, OWED.c.notifier == one.notifier)
        if connection.execute(select(OWED.c.since).where(*this)).first() is None:
            connection.execute(OWED.insert(), sql_rows.owed_row(one))


def forgive(connection: Connection, subject: str, notifier: str) -> None:
    """Owe it no longer."""
    connection.execute(delete(OWED).where(OWED.c.subject == subject, OWED.c.notifier == notifier))


def mute(connection: Connection, one: Mute) -> None:
    """Keep a mute."""
    sql_sync.put_one(connection, MUTES, sql_rows.mute_row(one))


def mutes(connection: Connection, since: datetime, until: datetime) -> Sequence[Mute]:
    """Those that hold at any time in a stretch."""
    there = (MUTES.c.since < until, MUTES.c.until > since)
    query = select(MUTES.c.payload).where(*there).order_by(MUTES.c.until, MUTES.c.id)
    return tuple(sql_rows.decode(each, Mute) for each in connection.execute(query).scalars())


def prune(connection: Connection, before: datetime) -> None:
    """Forget what is owed since, and mutes that ended, before a moment."""
    connection.execute(delete(OWED).where(OWED.c.since < before))
    connection.execute(delete(MUTES).where(MUTES.c.until < before))
