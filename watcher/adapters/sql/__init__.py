"""The store in SQLite or PostgreSQL, the home of ``sqlalchemy`` and ``alembic``."""
