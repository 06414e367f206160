"""Whatever stands in a row: the store works, or says which row cannot be read."""

import sqlite3
from contextlib import closing, suppress
from datetime import timedelta

import pytest

from tests.builders import NOW, a_blindness, a_key, a_memory, a_watch, an_incident
from tests.contracts.store import (
    EVER,
    a_mount,
    a_mute,
    an_owed,
    change,
    full_expectations,
    told,
    write,
)
from watcher.adapters.sql.opening import open_store
from watcher.adapters.sql.store import SqlStore
from watcher.adapters.sql.tables import METADATA
from watcher.errors import StoreError

JUNK = ("junk", '{"id": 1}', "1" * 400, "[" * 200_000, b"\xff\x00", None)
CALLS = {
    "expectations": (),
    "memory": (),
    "ongoing": (),
    "blindness": (),
    "unsettled": (),
    "incidents": EVER,
    "history": EVER,
    "watches": EVER,
    "first_watch": (),
    "blind_spells": EVER,
    "mount_history": (),
    "last_sent": ("problem", "slack"),
    "owed": (),
    "mutes": EVER,
    "record": (a_watch(), {a_key(): a_memory()}, (), (a_blindness(),), (an_owed("mail"),)),
    "mark_sent": ("problem", "slack", told()),
    "owe": (an_owed(),),
    "forgive": ("problem", "mail"),
    "mute": (a_mute(),),
    "accept": ((a_key(),), NOW),
    "keep": (full_expectations(), (a_mount(),)),
    "prune": (NOW,),
}
NO_CALLS = {"place", "close", "alone"}


@pytest.fixture(scope="module")
def store():
    with open_store("sqlite://", timedelta(days=30)) as store:
        store.keep(full_expectations(), (a_mount(),))
        store.accept((a_key("other"),), NOW)
        incident = an_incident()
        write(
            store,
            change(incident),
            memory={a_key(): a_memory(), a_key("b"): a_memory()},
            blindness=(a_blindness(),),
        )
        store.mark_sent("problem", "slack", told())
        store.owe(an_owed())
        store.mute(a_mute())
        yield store


def test_every_way_to_ask_the_store_is_tried():
    assert {n for n in vars(SqlStore) if not n.startswith("_")} == set(CALLS) | NO_CALLS


@pytest.mark.parametrize("table", METADATA.tables.values(), ids=str)
def test_junk_in_any_column_is_said_by_its_row_or_does_no_harm(store, table):
    said = {
        words for column in table.columns for junk in JUNK for words in tried(store, column, junk)
    }

    assert said
    for words in said:
        assert f"of the table {table.name} cannot be read" in words


def tried(store, column, junk):
    """What the methods say with *junk* in a row of a column; the store is as before after it."""
    with store._engine.connect() as connection, closing(sqlite3.connect(":memory:")) as kept:
        raw = connection.connection.driver_connection
        raw.backup(kept)
        store._cached = None
        try:
            put(raw, column, junk)
            yield from filter(None, [answer(store, *call) for call in CALLS.items()])
        finally:
            kept.backup(raw)


def put(raw, column, junk):
    table = column.table.name
    raw.execute("PRAGMA foreign_keys=OFF")
    with suppress(sqlite3.IntegrityError):  # where NULL may not stand
        raw.execute(
            f"UPDATE {table} SET {column.name} = ? WHERE rowid = (SELECT min(rowid) FROM {table})",  # noqa: S608
            [junk],
        )
    raw.execute("PRAGMA foreign_keys=ON")


def answer(store, name, arguments):
    try:
        getattr(store, name)(*arguments)
    except StoreError as error:
        return str(error)
