"""How a store of an older watcher becomes one of today's. Alembic runs these; people need not."""
