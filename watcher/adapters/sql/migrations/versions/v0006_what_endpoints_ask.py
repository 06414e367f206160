"""An expected job knows what its endpoint asks for apart from its key, which stays when that changes.

Until now it was the last part of the key.
"""

from typing import Any

from alembic import op

from watcher.adapters.sql.migrations.payloads import rewrite

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write it down for every endpoint of a monitor."""
    rewrite(op.get_bind(), "expected_jobs", ("key",), _with_asks)


def downgrade() -> None:
    """Nothing: what is not known is left out when it is read."""


def _with_asks(job: Any) -> Any:
    match job:
        case {
            "key": str(key),
            "prometheus": str(prometheus),
            "monitor": {"kind": kind, "namespace": namespace, "name": name},
            "endpoint": int(),
        }:
            asks = key.removeprefix(f"{prometheus} {kind}/{namespace}/{name} ").partition(" #")[0]
            return {**job, "asks": asks}
        case _:
            return job
