"""The tables of the store, as today's schema has them. Migrations bring older ones to this.

What is only ever read as a whole is one JSON payload, so that a new field needs no migration; what
is asked for (status, moments, names) has a column beside it.
"""

import re
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

SCHEMA: Final = "0008"
"""The newest migration; a store of a greater one was written by a newer watcher."""

SCHEMA_TABLE: Final = "watcher_schema"
"""Where Alembic notes the schema of a store."""

_UNSTORABLE = re.compile("[\\\\\x00\ud800-\udfff]")
_STORED = re.compile(r"\\u([0-9a-f]{4})")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Takes aware ones only, gives them back in UTC, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuses a naive moment with a ValueError: nobody could tell what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """SQLite knows no time zone: what stands there is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    r"""Any Python string, given back as it was.

    PostgreSQL stores no NUL and neither database a lone surrogate; the error text of a broken
    server can hold both. They, and the backslash itself, stand as ``\uXXXX`` in the table.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Escape."""
        return value and _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Undo it."""
        return value and _STORED.sub(lambda found: chr(int(found[1], 16)), value)


METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _payloads(name: str) -> Table:
    """A table of JSON values, each under its own name."""
    return Table(
        name,
        METADATA,
        Column("key", AnyText, primary_key=True),
        Column("payload", Text, nullable=False),
    )


EXPECTED_JOBS: Final = _payloads("expected_jobs")
MONITORS: Final = _payloads("monitors")
PROMETHEUSES: Final = _payloads("prometheuses")

SNAPSHOT: Final = Table(
    "snapshot",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("turn", Integer, nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("payload", Text, nullable=False),
)
"""At most one row: the rest of the expectations. ``turn`` grows with every change of them."""

ACCEPTED: Final = Table(
    "accepted",
    METADATA,
    Column("job", AnyText, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Removals that a person accepted and that no snapshot has taken note of yet."""

MOUNTS: Final = Table(
    "mounts",
    METADATA,
    Column("key", AnyText, primary_key=True),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
)
"""``key`` is the mount itself as JSON: all of it but the two moments."""

JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("key", AnyText, primary_key=True),
    Column("prometheus", AnyText, nullable=False),
    Column("pool", AnyText, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("most_targets", Integer, nullable=False),
    Column("labels", Text),
    Column("usual", Text),
    Column("gave_samples", Boolean),
)

INCIDENTS: Final = Table(
    "incidents",
    METADATA,
    Column("id", AnyText, primary_key=True),
    Column("job", AnyText, nullable=False),
    Column("problem", AnyText),
    Column("status", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime),
    Column("payload", Text, nullable=False),
    Index(
        "one_ongoing_incident_per_job",
        "job",
        unique=True,
        sqlite_where=text("status <> 'resolved'"),
        postgresql_where=text("status <> 'resolved'"),
    ),
    Index("ix_incidents_ends_at", "ends_at"),
    Index("ix_incidents_problem", "problem"),
)

TRANSITIONS: Final = Table(
    "transitions",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("incident", AnyText, ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_transitions_at", "at"),
    Index("ix_transitions_incident", "incident"),
)

WATCHES: Final = Table(
    "watches",
    METADATA,
    Column("at", UtcDateTime, primary_key=True),
    Column("expected", Integer, nullable=False),
    Column("healthy", Integer, nullable=False),
    Column("degraded", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("dormant", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
)

BLINDNESS: Final = Table(
    "blindness",
    METADATA,
    Column("source", AnyText, primary_key=True),
    Column("since", UtcDateTime, primary_key=True),
    Column("until", UtcDateTime),
    Column("error", AnyText, nullable=False),
)

SENT: Final = Table(
    "sent",
    METADATA,
    Column("subject", AnyText, primary_key=True),
    Column("notifier", AnyText, primary_key=True),
    Column("status", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("payload", Text, nullable=False),
)

OWED: Final = Table(
    "owed",
    METADATA,
    Column("subject", AnyText, primary_key=True),
    Column("notifier", AnyText, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("payload", Text, nullable=False),
)
"""Messages that were written down to be sent and are not known to be accepted."""

MUTES: Final = Table(
    "mutes",
    METADATA,
    Column("id", AnyText, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    Column("payload", Text, nullable=False),
)
