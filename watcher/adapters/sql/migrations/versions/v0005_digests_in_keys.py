"""A job's key holds a digest of its endpoint's parameters, as these may hold a token.

The digest is of the parameters without their secrets: ``parameter_without_secret`` says how.
"""

import re
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from alembic import op

from watcher.secrecy import parameter_without_secret

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_QUERY = re.compile(
    r"((?:Service|Pod)Monitor/[^\s\"]+ \w+://[^\s\"?]*)\?([\w.~%+&*-]*=[\w.~%+&*=-]*)"
)
"""A key of before, up to its parameters, and these; wherever it stands, in JSON too."""

_TABLES = {
    "incidents": ("id", "job", "problem", "payload"),
    "transitions": ("incident", "payload"),
    "expected_jobs": ("key", "payload"),
    "accepted": ("job",),
    "jobs": ("key",),
    "sent": ("subject", "payload"),
    "owed": ("subject", "payload"),
}
"""The columns in which keys, and ids that are made of them, stand."""


def upgrade() -> None:
    """Give every row that holds a key of before the key of today."""
    connection = op.get_bind()
    for name, columns in _TABLES.items():
        table = sa.table(name, *map(sa.column, columns))
        text = (table.c[column] for column in columns)
        holds_one = sa.or_(*(column.like("%Monitor/%?%=%") for column in text))
        for row in connection.execute(sa.select(table).where(holds_one)).mappings().all():
            _rewrite(connection, table, dict(row))


def downgrade() -> None:
    """Nothing: what the digests were made of is gone."""


def _rewrite(connection: sa.Connection, table: sa.TableClause, old: dict[str, Any]) -> None:
    new = {
        name: _QUERY.sub(_digested, text) if isinstance(text, str) else text
        for name, text in old.items()
    }
    if new == old:
        return
    this = sa.and_(*(table.c[name].is_not_distinct_from(text) for name, text in old.items()))
    if table.name == "incidents" and new["id"] != old["id"]:
        _rename(connection, old["id"], new["id"])
        this = table.c.id == new["id"]
    connection.execute(table.update().where(this).values(new))


def _rename(connection: sa.Connection, old: str | None, new: str | None) -> None:
    """Give an incident another id, with the transitions that refer to it."""
    incidents = sa.Table("incidents", sa.MetaData(), autoload_with=connection)
    others = [column for column in incidents.c if column.name not in {"id", "job"}]
    copied = sa.select(sa.literal(new), sa.literal(new), *others).where(incidents.c.id == old)
    names = ["id", "job", *(column.name for column in others)]
    connection.execute(incidents.insert().from_select(names, copied))
    transitions = sa.table("transitions", sa.column("incident"))
    connection.execute(
        transitions.update().where(transitions.c.incident == old).values(incident=new)
    )
    connection.execute(incidents.delete().where(incidents.c.id == old))


def _digested(key: re.Match[str]) -> str:
    pairs = parse_qsl(key[2], keep_blank_values=True)
    query = urlencode([(name, parameter_without_secret(name, held)) for name, held in pairs])
    return f"{key[1]}?{sha256(query.encode()).hexdigest()[:12]}"
