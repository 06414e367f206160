"""Rewrites the JSON of rows, one by one: a history may be larger than the memory."""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa


def rewrite(
    connection: sa.Connection,
    name: str,
    keys: tuple[str, ...],
    change: Callable[[Any], Any],
    column: str = "payload",
) -> None:
    """Replace the value in *column* of every row of a table by what *change* makes of it.

    What is not JSON stays: whoever reads that row says so.
    """
    table = sa.table(name, *map(sa.column, (*keys, column)))
    for row in connection.execute(sa.select(*(table.c[key] for key in keys))).all():
        this = sa.and_(*(table.c[key] == part for key, part in zip(keys, row, strict=True)))
        try:
            text = connection.execute(sa.select(table.c[column]).where(this)).scalar() or ""
            before = json.loads(text)
        except ValueError:
            continue
        after = change(before)
        if after != before:
            connection.execute(table.update().where(this).values({column: json.dumps(after)}))
