"""An expected job knows what its endpoint asks for apart from its key, which stays when that changes.

Until now it was the last part of the key.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JOBS = sa.table("expected_jobs", sa.column("key"), sa.column("payload"))


def upgrade() -> None:
    """Write it down for every endpoint of a monitor."""
    connection = op.get_bind()
    for key, payload in connection.execute(sa.select(_JOBS.c.key, _JOBS.c.payload)).all():
        job = json.loads(payload)
        if job.get("monitor") is None or job.get("endpoint") is None:
            continue
        ref = job["monitor"]
        object_of = f"{job['prometheus']} {ref['kind']}/{ref['namespace']}/{ref['name']} "
        job["asks"] = job["key"].removeprefix(object_of).partition(" #")[0]
        this = _JOBS.c.key == key
        connection.execute(_JOBS.update().where(this).values(payload=json.dumps(job)))


def downgrade() -> None:
    """Nothing: what is not known is left out when it is read."""
