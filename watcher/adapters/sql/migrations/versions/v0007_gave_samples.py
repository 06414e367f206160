"""Whether a job ever gave samples, so that one that never did is told from one that lost them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of jobs remembered before it is not known, and null."""
    op.add_column("jobs", sa.Column("gave_samples", sa.Boolean))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("gave_samples")
