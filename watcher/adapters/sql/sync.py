"""Writes the difference between rows that stand in a table and rows that should.

Most of what a cycle hands over is as it was: what is equal is not written, so that five thousand
jobs in order cost no write at all.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, select

from watcher.adapters.sql.rows import Row


def put(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Make every row of *rows* stand in *table*; those with other keys stay as they are."""
    _write(connection, table, _standing(connection, table), _by_key(table, rows))


def replace(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Make *rows* all that stands in *table*."""
    standing, wanted = _standing(connection, table), _by_key(table, rows)
    _write(connection, table, standing, wanted)
    gone = [key for key in standing if key not in wanted]
    if gone:
        connection.execute(
            table.delete().where(_key_is(table)), [_key_parameters(table, key) for key in gone]
        )


def put_one(connection: Connection, table: Table, row: Row) -> None:
    """Make *row* stand in a *table* that may be long: looks at none of the others."""
    key = {f"key_{column.name}": row[column.name] for column in table.primary_key}
    if connection.execute(table.update().where(_key_is(table)).values(row), key).rowcount == 0:
        connection.execute(table.insert(), row)


def _standing(connection: Connection, table: Table) -> dict[tuple[object, ...], Row]:
    return _by_key(table, (dict(row) for row in connection.execute(select(table)).mappings()))


def _by_key(table: Table, rows: Iterable[Row]) -> dict[tuple[object, ...], Row]:
    names = [column.name for column in table.primary_key]
    return {tuple(row[name] for name in names): row for row in rows}


def _write(
    connection: Connection,
    table: Table,
    standing: Mapping[tuple[object, ...], Row],
    wanted: Mapping[tuple[object, ...], Row],
) -> None:
    new = [row for key, row in wanted.items() if key not in standing]
    changed = {k: row for k, row in wanted.items() if k in standing and row != standing[k]}
    if new:
        connection.execute(table.insert(), new)
    if changed:
        columns = [column.name for column in table.columns if not column.primary_key]
        connection.execute(
            table.update()
            .where(_key_is(table))
            .values({name: bindparam(f"new_{name}") for name in columns}),
            [
                _key_parameters(table, key) | {f"new_{name}": row[name] for name in columns}
                for key, row in changed.items()
            ],
        )


def _key_is(table: Table) -> ColumnElement[bool]:
    return and_(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))


def _key_parameters(table: Table, key: tuple[object, ...]) -> Row:
    return {f"key_{column.name}": part for column, part in zip(table.primary_key, key, strict=True)}
