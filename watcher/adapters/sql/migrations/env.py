"""What Alembic runs to migrate; the connection and its transaction are given by ``sql_schema``."""

from alembic import context

from watcher.adapters.sql.tables import METADATA, SCHEMA_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=SCHEMA_TABLE,
    render_as_batch=True,  # SQLite alters a table only by making it again
    transactional_ddl=True,  # SQLite too: the whole upgrade is one transaction, or nothing
)
context.run_migrations()
