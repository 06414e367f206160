"""Expectations in the store: kept as what differs, read as a whole, accepted removals left out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select

from watcher.adapters import redaction
from watcher.adapters.sql import rows as sql_rows
from watcher.adapters.sql import sync as sql_sync
from watcher.adapters.sql.tables import (
    ACCEPTED,
    EXPECTED_JOBS,
    MONITORS,
    MOUNTS,
    PROMETHEUSES,
    SNAPSHOT,
)
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.model.facts import MountRecord
from watcher.model.names import JobKey, MonitorRef


def turn(connection: Connection) -> int | None:
    """A number that grows with every change of what ``load`` answers; None before the first."""
    return connection.execute(select(SNAPSHOT.c.turn)).scalar()


def load(connection: Connection) -> Expectations | None:
    """The expectations, sorted by name."""
    row = connection.execute(select(SNAPSHOT)).mappings().one_or_none()
    if row is None:
        return None
    rest = sql_rows.decode(row["payload"], sql_rows.Rest)
    jobs = (
        sql_rows.decode(payload, ExpectedJob)
        for payload in connection.execute(select(EXPECTED_JOBS.c.payload)).scalars()
    )
    monitors = connection.execute(select(MONITORS.c.key, MONITORS.c.payload)).all()
    watched = connection.execute(select(PROMETHEUSES.c.key, PROMETHEUSES.c.payload)).all()
    return _sorted(
        Expectations(
            taken_at=row["taken_at"],
            prometheuses=tuple(sql_rows.watched(*each) for each in watched),
            jobs=tuple(_still_expected(jobs, accepted(connection))),
            objects={
                sql_rows.decode(ref, MonitorRef): sql_rows.decode(payload, dict)
                for ref, payload in monitors
            },
            unselected=rest.unselected,
            unreadable=rest.unreadable,
            unserved=rest.unserved,
            nodes=rest.nodes,
        )
    )


def keep(connection: Connection, expectations: Expectations) -> None:
    """Write what differs. Accepted removals are left out, and with that are done with."""
    jobs = _still_expected(expectations.jobs, accepted(connection))
    keyed: dict[str, str] = {job.key: sql_rows.encode(job) for job in jobs}
    monitors = {
        sql_rows.encode(r): sql_rows.encode(redaction.value(o))
        for r, o in expectations.objects.items()
    }
    watched: dict[str, str] = {
        w.name: sql_rows.watched_payload(w) for w in expectations.prometheuses
    }
    sql_sync.replace(connection, EXPECTED_JOBS, sql_rows.payloads(keyed))
    sql_sync.replace(connection, MONITORS, sql_rows.payloads(monitors))
    sql_sync.replace(connection, PROMETHEUSES, sql_rows.payloads(watched))
    connection.execute(delete(ACCEPTED))
    row = {
        "id": 1,
        "turn": (turn(connection) or 0) + 1,
        "taken_at": expectations.taken_at,
        "payload": sql_rows.rest(expectations),
    }
    sql_sync.replace(connection, SNAPSHOT, [row])


def accept(connection: Connection, jobs: Iterable[JobKey], now: datetime) -> None:
    """Mark removals as accepted."""
    sql_sync.put(connection, ACCEPTED, [{"job": job, "at": now} for job in set(jobs)])
    connection.execute(SNAPSHOT.update().values(turn=SNAPSHOT.c.turn + 1))


def accepted(connection: Connection) -> frozenset[str]:
    """Jobs whose removal was accepted since the last snapshot."""
    return frozenset(connection.execute(select(ACCEPTED.c.job)).scalars())


def remember_mounts(connection: Connection, mounts: Sequence[MountRecord]) -> None:
    """Add mounts; one that is known was first seen when it was, and last seen now."""
    if not mounts:
        return
    known = {m["key"]: m for m in connection.execute(select(MOUNTS)).mappings()}
    rows: dict[str, sql_rows.Row] = {}
    for row in map(sql_rows.mount_row, mounts):
        for old in (known.get(row["key"]), rows.get(row["key"])):
            if old is None:
                continue
            row["first_seen_at"] = min(row["first_seen_at"], old["first_seen_at"])
            row["last_seen_at"] = max(row["last_seen_at"], old["last_seen_at"])
        rows[row["key"]] = row
    sql_sync.put(connection, MOUNTS, rows.values())


def _still_expected(jobs: Iterable[ExpectedJob], removals: frozenset[str]) -> Iterable[ExpectedJob]:
    """A removal can only be accepted of what is gone: who is back stays."""
    return (job for job in jobs if job.gone_since is None or job.key not in removals)


def _sorted(expectations: Expectations) -> Expectations:
    return replace(
        expectations,
        prometheuses=tuple(sorted(expectations.prometheuses, key=lambda each: each.name)),
        jobs=tuple(sorted(expectations.jobs, key=lambda each: each.key)),
    )
