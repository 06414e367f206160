"""How many targets a job used to have, so that a part of them can be missed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is not remembered yet is null."""
    op.add_column("jobs", sa.Column("usual", sa.Text))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("jobs") as table:
        table.drop_column("usual")
