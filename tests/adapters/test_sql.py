"""Opening a store: what is made, what is refused, what is left as it was."""

import logging
import os
import sqlite3
import stat
import threading
from contextlib import closing, suppress
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import StatementError

from tests.builders import NOW, a_job, a_key, a_memory, a_watch, an_incident, some_expectations
from tests.contracts.store import EVER, change, full_expectations, write
from watcher.adapters.sql.engine import connect, parse, writing
from watcher.adapters.sql.opening import open_store
from watcher.adapters.sql.tables import METADATA, SCHEMA, SCHEMA_TABLE
from watcher.errors import ConfigError, StoreError

RETENTION = timedelta(days=30)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "watcher.db"


def opened(file, **options):
    return open_store(f"sqlite:///{file}", RETENTION, **options)


def with_schema(file, number):
    """A store that says to have another schema."""
    opened(file).close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE {SCHEMA_TABLE} SET version_num = ?", [number])  # noqa: S608


def a_broken_store(file):
    """A store of which some pages in the middle hold something else."""
    with opened(file) as store:
        store.keep(some_expectations(*(a_job(f"job-{n}") for n in range(200))), ())
    with file.open("r+b") as written:
        written.seek(4096)
        written.write(b"\xa5" * 4096 * 12)


class TestOpening:
    def test_what_was_written_is_there_after_it_was_opened_again(self, file):
        with opened(file) as store:
            store.keep(full_expectations(), ())
            write(store, change(an_incident()))

        with opened(file) as store:
            assert store.expectations() == full_expectations()
            assert len(store.ongoing()) == 1

    def test_sqlite_writes_ahead_and_waits_for_the_disk_and_for_others(self, file):
        with opened(file) as store, store._read() as connection:
            asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            answers = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]

        assert answers == ["wal", 2, 1, 10_000]

    def test_two_that_open_a_new_store_at_once_both_get_it(self, file):
        stores = []
        threads = [threading.Thread(target=lambda: stores.append(opened(file))) for _ in range(4)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [store.expectations() for store in stores] == [None] * 4
        for store in stores:
            store.close()

    def test_threads_and_a_second_program_write_side_by_side(self, file):
        def watched(store, name):
            for n in range(10):
                at = NOW + timedelta(seconds=n)
                store.record(a_watch(at=at), {a_key(f"{name}{n}"): a_memory()}, (), ())

        with opened(file) as ours, opened(file) as theirs:
            threads = [
                threading.Thread(target=watched, args=(store, name))
                for store, name in ((ours, "a"), (ours, "b"), (theirs, "c"))
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert len(ours.memory()) == 30
            assert len(ours.watches(*EVER)) == 10

    def test_what_another_program_changes_is_seen_although_expectations_are_remembered(self, file):
        with opened(file) as ours, opened(file) as theirs:
            ours.keep(some_expectations(a_job("a", gone_since=NOW), a_job("b")), ())
            assert len(ours.expectations().jobs) == 2
            assert ours.expectations() is ours.expectations()

            theirs.accept([a_key("a")], NOW)

            assert [job.key for job in ours.expectations().jobs] == [a_key("b")]

    def test_moments_come_back_in_utc_and_one_without_a_zone_is_refused(self, file):
        with opened(file) as store:
            write(store)
            assert store.first_watch().tzinfo is UTC

            with pytest.raises(StoreError) as raised:
                write(store, watch=a_watch(at=NOW.replace(tzinfo=None)))
            assert isinstance(raised.value.__cause__, StatementError)

    @pytest.mark.parametrize("url", ["mysql://host/watcher", "watcher.db", "", "://"])
    def test_a_url_of_something_else_is_an_error_of_the_settings(self, url):
        with pytest.raises(ConfigError, match=r"^store: .*(set it to|write it as)"):
            open_store(url, RETENTION)


class TestReadingOnly:
    def test_a_store_that_is_not_there_reads_as_empty_and_is_not_made(self, file):
        with opened(file, read_only=True) as store:
            assert store.expectations() is None
            assert not store.memory()

        assert list(file.parent.iterdir()) == []

    def test_a_file_that_holds_nothing_yet_reads_as_empty(self, file):
        file.touch()

        with opened(file, read_only=True) as store:
            assert store.expectations() is None
        assert file.stat().st_size == 0

    def test_it_reads_while_another_writes_and_sees_what_was_committed(self, file):
        with opened(file) as writer, opened(file, read_only=True) as reader:
            writer.keep(full_expectations(), ())
            assert reader.expectations() == full_expectations()

            with writer._write() as connection:
                connection.exec_driver_sql("DELETE FROM snapshot")
                assert reader.expectations() == full_expectations()

    @pytest.mark.parametrize("there", [True, False])
    def test_it_cannot_write(self, file, there):
        if there:
            opened(file).close()

        with opened(file, read_only=True) as store, pytest.raises(StoreError):
            write(store)

    def test_an_older_schema_is_not_migrated_and_the_error_says_who_does(self, file):
        with_schema(file, "0000")
        before = file.read_bytes()

        with pytest.raises(StoreError, match=r"schema 0000, this watcher reads .*`watcher run`"):
            opened(file, read_only=True)
        assert file.read_bytes() == before

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_store_that_this_user_may_only_read_can_be_read(self, file):
        opened(file).close()
        file.chmod(stat.S_IRUSR)

        with opened(file, read_only=True) as store:
            assert store.expectations() is None


class TestRefusing:
    @pytest.mark.parametrize("read_only", [True, False])
    def test_a_store_of_a_newer_watcher_is_named_and_left_as_it_was(self, file, read_only):
        with_schema(file, "0999")
        before = file.read_bytes()

        with pytest.raises(StoreError) as raised:
            opened(file, read_only=read_only)
        said = str(raised.value)
        assert str(file) in said
        assert "0999" in said
        assert SCHEMA in said
        assert "newer watcher" in said
        assert file.read_bytes() == before

    @pytest.mark.parametrize("read_only", [True, False])
    def test_a_file_that_is_no_database_is_left_as_it_was(self, file, read_only):
        file.write_text("jobs: [a, b]\n" * 500)
        before = file.read_bytes()

        with pytest.raises(StoreError, match="move it aside"):
            opened(file, read_only=read_only)
        assert file.read_bytes() == before

    def test_a_broken_store_is_found_when_it_is_opened_and_left_as_it_was(self, file):
        a_broken_store(file)
        before = file.read_bytes()

        with pytest.raises(StoreError, match="move it aside"):
            opened(file)
        assert file.read_bytes() == before

    @pytest.mark.parametrize(
        "broken",
        [
            lambda content: b"\0" * 100 + content[100:],
            lambda content: content[: len(content) // 2],
            lambda content: content[:16] + content[:15:-1],
            lambda content: content[::-1],
        ],
        ids=["no header", "half of it", "garbage after its name", "garbage"],
    )
    def test_whatever_broke_a_file_it_is_left_as_it_was(self, file, broken):
        opened(file).close()
        file.write_bytes(broken(file.read_bytes()))
        before = file.read_bytes()

        with pytest.raises(StoreError, match=f"^store {file}: .*move it aside"):
            opened(file)
        assert file.read_bytes() == before

    def test_a_store_whose_first_pages_broke_while_it_ran_is_read_or_said(self, file):
        with opened(file) as store:
            store.keep(full_expectations(), ())
            with file.open("r+b") as written:
                written.write(b"\xa5" * 8192)

            for asked in (store.expectations, store.memory, store.ongoing, lambda: write(store)):
                with suppress(StoreError):
                    asked()

    def test_one_that_is_locked_when_it_is_opened_is_said(self, file, monkeypatch):
        opened(file).close()
        monkeypatch.setattr("watcher.adapters.sql.engine.WAIT", 0.1)

        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="holds it locked"):
                opened(file)

    def test_a_store_that_broke_behind_our_back_is_said_by_the_reader(self, file):
        a_broken_store(file)

        with (
            pytest.raises(StoreError, match="move it aside"),
            opened(file, read_only=True) as store,
        ):
            store.expectations()

    def test_a_database_of_another_program_is_not_touched(self, file):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE dashboards (id)")
        before = file.read_bytes()

        for read_only in (True, False):
            with pytest.raises(StoreError, match="another program"):
                opened(file, read_only=read_only)
        with closing(sqlite3.connect(file)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert tables == [("dashboards",)]
        assert file.read_bytes() == before

    def test_a_directory_that_is_not_there_is_named_with_what_to_do(self, tmp_path):
        with pytest.raises(StoreError, match="make its directory"):
            opened(tmp_path / "none" / "watcher.db")

    def test_a_full_disk_is_said_and_what_was_written_stays(self, file):
        with opened(file) as store:
            write(store, change(an_incident()))
            with store._engine.begin() as connection:
                pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

            with pytest.raises(StoreError, match="disk is full: make room"):
                store.keep(some_expectations(*(a_job(f"job-{n}") for n in range(500))), ())

            assert store.expectations() is None
            assert len(store.ongoing()) == 1

    def test_a_lock_that_stays_is_said(self, file, monkeypatch):
        monkeypatch.setattr("watcher.adapters.sql.engine.WAIT", 0.1)
        waits = pytest.raises(StoreError, match="holds it locked")

        with opened(file) as ours, opened(file) as theirs, theirs._write(), waits:
            write(ours)

    @pytest.mark.parametrize("payload", ['{"id": 1}', "{", ""])
    def test_a_row_that_nobody_knows_is_an_error_that_says_so(self, file, payload):
        with opened(file) as store:
            write(store, change(an_incident()), memory={a_key(): a_memory()})
            with store._write() as connection:
                connection.exec_driver_sql("UPDATE incidents SET payload = ?", (payload,))
                connection.exec_driver_sql("UPDATE jobs SET state = 'enchanted'")

            for asked in (store.ongoing, store.memory):
                with pytest.raises(StoreError, match="written by another version"):
                    asked()

    def test_the_password_of_a_url_is_never_said(self):
        with pytest.raises(StoreError) as raised:
            open_store("postgresql://me:hunter2@localhost:1/watcher", RETENTION)

        said = f"{raised.value!r} {raised.value}"
        assert "hunter2" not in said
        assert "localhost:1" in said


class TestMigrations:
    def test_the_newest_migration_is_the_schema_and_each_has_one_before_it(self):
        scripts = ScriptDirectory.from_config(alembic())

        assert scripts.get_heads() == [SCHEMA]
        numbers = [script.revision for script in scripts.walk_revisions()]
        assert numbers == sorted(numbers, reverse=True)
        files = Path(scripts.versions).glob("v*.py")
        assert sorted(numbers) == sorted(file.name[1:5] for file in files)

    def test_migrating_a_sqlite_store_makes_what_the_tables_say(self, file):
        opened(file).close()
        engine = connect(parse(f"sqlite:///{file}"), read_only=False)

        assert differences(engine) == []
        engine.dispose()

    def test_the_way_back_leaves_nothing_and_the_way_forth_all_again(self, file):
        opened(file).close()
        engine = connect(parse(f"sqlite:///{file}"), read_only=False)

        with writing(engine).begin() as connection:
            command.downgrade(alembic(connection), "base")
        with engine.begin() as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            assert connection.exec_driver_sql(query).scalars().all() == [SCHEMA_TABLE]
        engine.dispose()

        with opened(file) as store:
            assert store.expectations() is None

    def test_a_store_of_the_first_schema_keeps_what_it_holds(self, file):
        engine = connect(parse(f"sqlite:///{file}"), read_only=False)
        with writing(engine).begin() as connection:
            command.upgrade(alembic(connection), "0001")
            connection.exec_driver_sql(
                "INSERT INTO watches VALUES ('2026-11-23 05:00:00', 3, 3, 0, 0, 0, 0, 0)"
            )
        engine.dispose()

        with opened(file) as store:
            assert store.first_watch() == NOW
            assert store.owed() == ()

    def test_a_migration_that_fails_leaves_nothing_half_done(self, file):
        engine = connect(parse(f"sqlite:///{file}"), read_only=False)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE watches (x)")
        with pytest.raises(Exception, match="watches"), writing(engine).begin() as connection:
            command.upgrade(alembic(connection), "head")

        with engine.begin() as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            assert connection.exec_driver_sql(query).scalars().all() == ["watches"]
        engine.dispose()

    def test_migrating_leaves_the_logging_of_the_program_alone(self, file):
        before = logging.getLogger().handlers, logging.getLogger().level

        opened(file).close()

        assert (logging.getLogger().handlers, logging.getLogger().level) == before


def alembic(connection=None):
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "watcher.adapters.sql:migrations")
    return config


def differences(engine):
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": SCHEMA_TABLE, "compare_type": True}
        )
        return compare_metadata(context, METADATA)


@pytest.mark.parametrize("before", [None, 0o644])
def test_nobody_else_may_read_the_file_of_a_store_nor_its_log(tmp_path, before):
    file = tmp_path / "watcher.db"
    if before is not None:
        file.touch(mode=before)
        file.chmod(before)
    old = os.umask(0o022)
    try:
        with opened(file) as kept:
            kept.keep(some_expectations(a_job()), ())
            modes = {
                each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("*.db*")
            }
    finally:
        os.umask(old)

    assert "watcher.db-wal" in modes
    assert set(modes.values()) == {0o600}
