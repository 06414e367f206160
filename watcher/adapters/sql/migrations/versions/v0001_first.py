"""The first schema.

It names its columns by itself: the tables of ``sql_tables`` move on, a migration never does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_ONGOING = sa.text("status <> 'resolved'")


def upgrade() -> None:
    """Make all tables."""
    _expectations()
    _incidents()
    _records()


def downgrade() -> None:
    """Drop all tables, the one with the foreign key before the one that it names."""
    for table in (
        *("sent", "blindness", "watches", "transitions", "incidents", "jobs"),
        *("mounts", "accepted", "snapshot", "prometheuses", "monitors", "expected_jobs"),
    ):
        op.drop_table(table)


def _table(name: str, *parts: sa.Column[object], key: tuple[str, ...]) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def _needed(name: str, kind: object) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)  # type: ignore[arg-type]


def _expectations() -> None:
    for name in ("expected_jobs", "monitors", "prometheuses"):
        _table(name, _needed("key", sa.Text), _needed("payload", sa.Text), key=("key",))
    _table(
        "snapshot",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        _needed("turn", sa.Integer),
        _needed("taken_at", _MOMENT),
        _needed("payload", sa.Text),
        key=("id",),
    )
    _table("accepted", _needed("job", sa.Text), _needed("at", _MOMENT), key=("job",))
    _table(
        "mounts",
        _needed("key", sa.Text),
        _needed("first_seen_at", _MOMENT),
        _needed("last_seen_at", _MOMENT),
        key=("key",),
    )
    _table(
        "jobs",
        *(_needed(name, sa.Text) for name in ("key", "prometheus", "pool", "state")),
        _needed("since", _MOMENT),
        _needed("most_targets", sa.Integer),
        key=("key",),
    )


def _incidents() -> None:
    op.create_table(
        "incidents",
        _needed("id", sa.Text),
        _needed("job", sa.Text),
        sa.Column("problem", sa.Text),
        _needed("status", sa.Text),
        _needed("starts_at", _MOMENT),
        sa.Column("ends_at", _MOMENT),
        _needed("payload", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index(
        "one_ongoing_incident_per_job",
        "incidents",
        ["job"],
        unique=True,
        sqlite_where=_ONGOING,
        postgresql_where=_ONGOING,
    )
    op.create_index("ix_incidents_ends_at", "incidents", ["ends_at"])
    op.create_index("ix_incidents_problem", "incidents", ["problem"])
    op.create_table(
        "transitions",
        _needed("number", sa.Integer),
        _needed("incident", sa.Text),
        _needed("at", _MOMENT),
        _needed("payload", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_transitions"),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.id"], name="fk_transitions_incident", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_transitions_at", "transitions", ["at"])
    op.create_index("ix_transitions_incident", "transitions", ["incident"])


def _records() -> None:
    numbers = ("expected", "healthy", "degraded", "lost", "dormant", "unknown", "ignored")
    _table(
        "watches",
        _needed("at", _MOMENT),
        *(_needed(name, sa.Integer) for name in numbers),
        key=("at",),
    )
    _table(
        "blindness",
        _needed("source", sa.Text),
        _needed("since", _MOMENT),
        sa.Column("until", _MOMENT),
        _needed("error", sa.Text),
        key=("source", "since"),
    )
    _table(
        "sent",
        *(_needed(name, sa.Text) for name in ("subject", "notifier", "status")),
        _needed("at", _MOMENT),
        _needed("payload", sa.Text),
        key=("subject", "notifier"),
    )
