"""Labels of a job's targets, by which its last sample is found when the job is lost."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is not remembered yet is null."""
    op.add_column("jobs", sa.Column("labels", sa.Text))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("labels")
