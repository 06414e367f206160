"""No row holds a secret that only what is written today is without: texts, labels and objects.

What is found, who was told, mutes and memory stay; of their texts only the secrets go.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from watcher.adapters import redaction
from watcher.adapters.sql.migrations.payloads import rewrite
from watcher.secrecy import command_without_secrets, is_secret, without_secrets

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_COMMANDS = frozenset({"where", "command"})


def upgrade() -> None:
    """Take the secrets out as is done today before anything is kept."""
    connection = op.get_bind()
    for name in ("monitors", "prometheuses"):
        rewrite(connection, name, ("key",), redaction.value)
    rewrite(connection, "incidents", ("id",), _in("found", _texts))
    rewrite(connection, "transitions", ("number",), _transition)
    rewrite(connection, "expected_jobs", ("key",), _in("labels", _labels))
    rewrite(connection, "jobs", ("key",), _labels, column="labels")
    rewrite(connection, "snapshot", ("id",), _in("unreadable", _texts))
    rewrite(connection, "owed", ("subject", "notifier"), _in("error", _texts))
    spells = sa.table("blindness", sa.column("error"))
    for error in connection.execute(sa.select(spells.c.error).distinct()).scalars().all():
        if (hidden := without_secrets(error)) != error:
            connection.execute(spells.update().where(spells.c.error == error).values(error=hidden))


def downgrade() -> None:
    """Nothing: what was hidden is gone."""


def _in(field: str, change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change one field of a value, and nothing where it is not there."""

    def changed(raw: Any) -> Any:
        known = isinstance(raw, dict) and field in raw
        return {**raw, field: change(raw[field])} if known else raw

    return changed


def _transition(raw: Any) -> Any:
    found = _in("found", _texts)
    return _in("before", found)(_in("after", found)(raw))


def _labels(raw: Any) -> Any:
    """Pairs; those that are secrets are not kept."""
    if not isinstance(raw, list):
        return raw
    return [each for each in raw if not _is_secret_label(each)]


def _is_secret_label(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) > 0 and is_secret(str(pair[0]))


def _texts(raw: Any, name: str = "") -> Any:
    """Every text in a finding without what is secret in it; commands stay commands."""
    match raw:
        case dict():
            return {key: _texts(held, key) for key, held in raw.items()}
        case list():
            return [_texts(each, name) for each in raw]
        case str():
            return command_without_secrets(raw) if name in _COMMANDS else without_secrets(raw)
        case _:
            return raw
