"""Incidents in the store: one ongoing one a job, a history that only grows, ends that stay."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Select, and_, delete, exists, func, or_, select

from watcher.adapters.sql import rows as sql_rows
from watcher.adapters.sql.tables import (
    BLINDNESS,
    EXPECTED_JOBS,
    INCIDENTS,
    JOBS,
    MOUNTS,
    OWED,
    SENT,
    TRANSITIONS,
    WATCHES,
)
from watcher.errors import StoreError
from watcher.model.incidents import Incident, Status, Transition

_RESOLVED = INCIDENTS.c.status == Status.RESOLVED.value
_ORDER = (INCIDENTS.c.starts_at, INCIDENTS.c.id)


def ongoing(connection: Connection) -> Sequence[Incident]:
    """Those that are not resolved."""
    return _decoded(connection, select(INCIDENTS.c.payload).where(~_RESOLVED).order_by(*_ORDER))


def unsettled(connection: Connection) -> Sequence[Incident]:
    """Those that are ongoing, and those of a problem of which somebody has still to hear."""
    problem = func.coalesce(INCIDENTS.c.problem, INCIDENTS.c.id)
    told = exists().where(SENT.c.subject == problem, SENT.c.status != Status.RESOLVED.value)
    owed = exists().where(OWED.c.subject == problem)
    waits = or_(~_RESOLVED, told, owed)
    return _decoded(connection, select(INCIDENTS.c.payload).where(waits).order_by(*_ORDER))


def between(connection: Connection, since: datetime, until: datetime) -> Sequence[Incident]:
    """Those that were there in a stretch; one that ended at its first moment was."""
    there = and_(
        INCIDENTS.c.starts_at < until,
        or_(INCIDENTS.c.ends_at.is_(None), INCIDENTS.c.ends_at >= since),
    )
    return _decoded(connection, select(INCIDENTS.c.payload).where(there).order_by(*_ORDER))


def history(connection: Connection, since: datetime, until: datetime) -> Sequence[Transition]:
    """The transitions of a stretch, in the order in which they were recorded."""
    rows = connection.execute(
        select(TRANSITIONS.c.payload)
        .where(TRANSITIONS.c.at >= since, TRANSITIONS.c.at < until)
        .order_by(TRANSITIONS.c.at, TRANSITIONS.c.number)
    )
    return tuple(sql_rows.decode(payload, Transition) for payload in rows.scalars())


def follow(connection: Connection, transitions: Iterable[Transition]) -> None:
    """Write transitions and what they make of their incidents; a repeated one changes nothing.

    Raises StoreError for a change of a resolved incident.
    """
    # Ends first: a job has one ongoing incident, and the next may begin where one ends.
    for transition in sorted(transitions, key=lambda t: t.after.status is not Status.RESOLVED):
        row = sql_rows.transition_row(transition)
        if _known(connection, row):
            continue
        _change(connection, transition.after)
        connection.execute(TRANSITIONS.insert(), row)


def prune(connection: Connection, before: datetime) -> None:
    """Forget what was over before a moment; what continues keeps its last transition."""
    connection.execute(delete(INCIDENTS).where(_RESOLVED, INCIDENTS.c.ends_at < before))
    later = TRANSITIONS.alias()
    followed = exists().where(
        later.c.incident == TRANSITIONS.c.incident, later.c.number > TRANSITIONS.c.number
    )
    connection.execute(delete(TRANSITIONS).where(TRANSITIONS.c.at < before, followed))
    connection.execute(delete(WATCHES).where(WATCHES.c.at < before))
    connection.execute(delete(BLINDNESS).where(BLINDNESS.c.until < before))
    connection.execute(delete(MOUNTS).where(MOUNTS.c.last_seen_at < before))
    spoken_of = exists().where(
        or_(INCIDENTS.c.problem == SENT.c.subject, INCIDENTS.c.id == SENT.c.subject)
    )
    connection.execute(delete(SENT).where(SENT.c.at < before, ~spoken_of))
    expected = exists().where(EXPECTED_JOBS.c.key == JOBS.c.key)
    connection.execute(delete(JOBS).where(JOBS.c.since < before, ~expected))


def _known(connection: Connection, row: sql_rows.Row) -> bool:
    same = (TRANSITIONS.c[name] == row[name] for name in ("incident", "at", "payload"))
    return connection.execute(select(TRANSITIONS.c.number).where(*same)).first() is not None


def _change(connection: Connection, incident: Incident) -> None:
    row = sql_rows.incident_row(incident)
    this = INCIDENTS.c.id == incident.id
    status = connection.execute(select(INCIDENTS.c.status).where(this)).scalar()
    if status is None:
        connection.execute(INCIDENTS.insert(), row)
    elif status == Status.RESOLVED.value:
        raise StoreError(
            f"incident {incident.id} is resolved and never changes: is a second watcher running "
            "on this store? Stop one of them"
        )
    else:
        connection.execute(INCIDENTS.update().where(this), row)


def _decoded(connection: Connection, query: Select[str]) -> Sequence[Incident]:
    return tuple(sql_rows.decode(each, Incident) for each in connection.execute(query).scalars())
