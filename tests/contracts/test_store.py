"""Every store keeps the contract: the fake of the tests, SQLite, and a real PostgreSQL."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Timer

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_blindness,
    a_job,
    a_key,
    a_memory,
    a_status,
    a_watch,
    some_expectations,
)
from tests.contracts.store import EVER, RETENTION, WholeContract, an_owed, told
from tests.fakes import MemoryStore
from watcher.adapters.sql.engine import connect, parse
from watcher.adapters.sql.opening import open_store
from watcher.adapters.sql.tables import METADATA, SCHEMA_TABLE
from watcher.engine.group import assign
from watcher.engine.track import Policy, track
from watcher.errors import OustedError, StoreError
from watcher.model.incidents import Status

NAMES = ("a", "b", "c")
POLICY = Policy(pending_watches=2, pending_for=timedelta(0), resolve_watches=2)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("watch"),
            st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("down", "healthy"))),
        ),
        st.tuples(st.just("keep"), st.dictionaries(st.sampled_from(NAMES), st.booleans())),
        st.tuples(st.just("accept"), st.sets(st.sampled_from(NAMES))),
        st.tuples(st.just("tell"), st.sampled_from((Status.FIRING, Status.RESOLVED))),
        st.tuples(st.just("owe"), st.sampled_from(NAMES)),
        st.tuples(st.just("prune"), st.none()),
    ),
    min_size=1,
    max_size=15,
)
"""What a daemon does with its store, in any order; ten days lie between one step and the next."""


def any_history():
    """A test that, whatever happens in whatever order, a real store answers as the fake does."""

    @settings(
        max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(steps=STEPS)
    def test(self, fresh, steps):  # noqa: ARG001 -- it becomes a method
        real, fake = fresh(), MemoryStore(RETENTION)

        for number, (step, argument) in enumerate(steps):
            at = NOW + timedelta(days=10 * number)
            for store in (real, fake):
                STEP[step](store, argument, at)

            assert answers(real) == answers(fake)

    return test


class TestMemoryStore(WholeContract):
    @pytest.fixture
    def fresh(self):
        return lambda: MemoryStore(RETENTION)


class TestSQLite(WholeContract):
    @pytest.fixture
    def fresh(self, tmp_path):
        numbers = count()
        with ExitStack() as opened:
            yield lambda: opened.enter_context(
                open_store(f"sqlite:///{tmp_path}/{next(numbers)}.db", RETENTION)
            )

    test_any_history_reads_as_in_the_fake = any_history()


class OneTells:
    """Of two that open the same store, one alone may tell people."""

    def test_a_second_watcher_on_one_store_is_refused(self, twice):
        first, second = twice()

        with first.alone(), pytest.raises(StoreError, match="another watcher is running on it"):
            second.alone(patience=0.3).__enter__()

    def test_the_next_one_may_once_the_first_has_let_go(self, twice):
        first, second = twice()

        for store in (first, second, first):
            with store.alone(patience=0):
                store.prune(NOW)

    def test_the_one_that_waits_gets_it_when_the_first_lets_go(self, twice):
        first, second = twice()
        hold = ExitStack()
        hold.enter_context(first.alone())
        timer = Timer(0.3, hold.close)
        timer.start()

        with second.alone(patience=5):
            timer.join()

    def test_others_may_read_and_write_meanwhile(self, twice):
        first, second = twice()

        with first.alone():
            second.accept([], NOW)
            assert second.expectations() is None


class TestSQLiteTellsAlone(OneTells):
    @pytest.fixture
    def twice(self, tmp_path):
        with ExitStack() as opened:
            url = f"sqlite:///{tmp_path}/one.db"
            yield lambda: [opened.enter_context(open_store(url, RETENTION)) for _ in range(2)]

    def test_a_store_in_memory_is_nobody_elses(self):
        with open_store("sqlite://", RETENTION) as store, store.alone(), store.alone():
            assert store.owed() == ()

    @pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
    def test_by_another_name_it_is_the_same_store(self, tmp_path, link):
        open_store(f"sqlite:///{tmp_path}/one.db", RETENTION).close()
        link(tmp_path / "other.db", tmp_path / "one.db")
        with (
            open_store(f"sqlite:///{tmp_path}/one.db", RETENTION) as first,
            first.alone(),
            open_store(f"sqlite:///{tmp_path}/other.db", RETENTION) as second,
            pytest.raises(StoreError, match="another watcher is running on it"),
        ):
            second.alone(patience=0).__enter__()

    def test_nothing_beside_the_store_can_be_removed_to_be_two(self, tmp_path, twice):
        first, second = twice()
        with first.alone():
            for file in tmp_path.iterdir():
                if not file.name.startswith("one.db") or file.name.endswith(".lock"):
                    file.unlink()
            with pytest.raises(StoreError, match="another watcher is running on it"):
                second.alone(patience=0).__enter__()

    def test_a_file_that_was_deleted_is_noticed(self, tmp_path, twice):
        store, _ = twice()
        with store.alone() as still:
            assert still() is None
            (tmp_path / "one.db").rename(tmp_path / "away.db")
            odd = still()
            (tmp_path / "away.db").rename(tmp_path / "one.db")
            assert still() is None

        assert "deleted or moved away" in odd
        assert f"/proc/{os.getpid()}/fd/" in odd

    def test_a_file_that_was_put_in_its_place_ends_it(self, tmp_path, twice):
        store, _ = twice()
        with store.alone() as still:
            (tmp_path / "one.db").unlink()
            (tmp_path / "one.db").touch()
            with pytest.raises(OustedError, match="another file was put in its place"):
                still()

    def test_the_locks_of_sqlite_outlive_it(self, tmp_path, twice):
        """As closing any descriptor of a file takes them away from the whole process."""
        store, _ = twice()
        script = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0);"
            "c.execute('INSERT INTO accepted VALUES (1, 1)')"
        )
        with store._write() as connection:
            with store.alone():
                pass
            connection.exec_driver_sql("SELECT 1")
            done = subprocess.run(
                [sys.executable, "-c", script, tmp_path / "one.db"],
                capture_output=True,
                text=True,
                check=False,
            )

        assert "database is locked" in done.stderr


@pytest.fixture(scope="module")
def database(postgres):
    """One for all tests of this module: to make it takes longer than to empty it."""
    url = postgres.new_database()
    open_store(url, RETENTION).close()
    return url


@pytest.mark.postgres
class TestPostgreSQL(WholeContract):
    @pytest.fixture
    def fresh(self, postgres, database):
        with ExitStack() as opened:

            def fresh():
                postgres.empty(database, METADATA.tables)
                return opened.enter_context(open_store(database, RETENTION))

            yield fresh

    def test_migrating_makes_what_the_tables_say(self, database):
        engine = connect(parse(database), read_only=True)
        with engine.begin() as connection:
            options = {"version_table": SCHEMA_TABLE, "compare_type": True}
            context = MigrationContext.configure(connection, opts=options)
            differences = compare_metadata(context, METADATA)
        engine.dispose()

        assert differences == []

    def test_an_empty_database_reads_as_an_empty_store_and_stays_empty(self, postgres):
        url = postgres.new_database()

        for _ in range(2):
            with open_store(url, RETENTION, read_only=True) as store:
                assert store.expectations() is None

    def test_a_reader_cannot_write(self, fresh, database):
        fresh()

        refused = pytest.raises(StoreError, match="read only")
        with open_store(database, RETENTION, read_only=True) as store, refused:
            store.prune(NOW)

    def test_writers_follow_each_other(self, fresh):
        first, second = fresh(), fresh()

        def watched(store, name):
            for n in range(10):
                at = NOW + timedelta(seconds=n)
                store.record(a_watch(at=at), {a_key(f"{name}{n}"): a_memory()}, (), ())

        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(watched, s, n) for s, n in ((first, "a"), (second, "b"))]:
                done.result()

        assert len(first.memory()) == 20
        assert len(first.watches(*EVER)) == 10

    test_any_history_reads_as_in_the_fake = any_history()


@pytest.mark.postgres
class TestPostgreSQLTellsAlone(OneTells):
    @pytest.fixture
    def twice(self, postgres, database):
        postgres.empty(database, METADATA.tables)
        with ExitStack() as opened:
            yield lambda: [opened.enter_context(open_store(database, RETENTION)) for _ in range(2)]


@pytest.mark.postgres
class TestPostgreSQLThatWasRestarted:
    """Its sessions end with it, and their locks with them."""

    def test_the_lock_is_taken_again(self, postgres):
        url = postgres.new_database()
        with open_store(url, RETENTION) as first, open_store(url, RETENTION) as second:
            with first.alone() as still:
                postgres.end_sessions(url)

                assert still() is None
                assert still() is None
                with pytest.raises(StoreError, match="another watcher is running on it"):
                    second.alone(patience=0).__enter__()
            with second.alone(patience=0):
                pass

    def test_the_store_goes_on_as_if_nothing_had_been(self, postgres):
        url = postgres.new_database()
        with open_store(url, RETENTION) as store:
            store.record(a_watch(), {}, (), ())
            postgres.end_sessions(url)
            store.record(a_watch(), {}, (), ())
            postgres.end_sessions(url)

            assert len(store.watches(*EVER)) == 1

    def test_it_is_taken_from_a_session_that_the_server_does_not_know_to_be_lost(self, postgres):
        url = postgres.new_database()
        with (
            open_store(url, RETENTION) as store,
            store.alone() as still,
            cut_off(still.__self__._connection),
        ):
            assert still() is None

    def test_the_one_that_lost_it_is_told(self, postgres):
        url = postgres.new_database()
        with (
            open_store(url, RETENTION) as first,
            open_store(url, RETENTION) as second,
            first.alone(patience=0.5) as still,
        ):
            postgres.end_sessions(url)
            with second.alone(), pytest.raises(OustedError, match="another session took its lock"):
                still()


@contextmanager
def cut_off(connection):
    """As a network that is gone: no more comes through, and neither side hears of an end."""
    socket = connection.connection.dbapi_connection.pgconn.socket
    kept = os.dup(socket)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 -- its descriptor alone is wanted
        os.dup2(nothing.fileno(), socket)
    try:
        yield
    finally:
        os.close(kept)


def watched(store, states, at):
    """One watch as the daemon makes it; a job that is not in *states* is not expected."""
    statuses = [a_status(state, a_job(name)) for name, state in sorted(states.items())]
    ongoing = store.ongoing()
    transitions = assign(track(ongoing, statuses, {}, policy=POLICY, now=at), ongoing)
    memory = {a_key(name): a_memory(since=at) for name in states}
    spell = a_blindness(since=at, until=at + timedelta(days=1) if states else None)
    for _ in range(2):  # as after an answer that was lost
        store.record(a_watch(at=at), memory, transitions, [spell])


def kept(store, gone, at):
    """A snapshot in which the jobs of *gone* stand, or are gone where it says so."""
    jobs = [a_job(name, gone_since=at if gone[name] else None) for name in gone]
    store.keep(some_expectations(*jobs, taken_at=at), ())


def spoken(store, status, at):
    """A message about everything that is not settled."""
    for incident in store.unsettled():
        if incident.group is not None:
            store.mark_sent(incident.group, "slack", told(status, at=at))
    for owed in store.owed():
        store.forgive(owed.subject, owed.notifier)


STEP = {
    "watch": watched,
    "keep": kept,
    "accept": lambda store, names, at: store.accept(map(a_key, names), at),
    "tell": spoken,
    "owe": lambda store, name, at: store.owe(an_owed(subject=name, since=at)),
    "prune": lambda store, _, at: store.prune(at),
}


def answers(store):
    """All that a store can be asked."""
    return {
        "expectations": store.expectations(),
        "memory": store.memory(),
        "ongoing": store.ongoing(),
        "unsettled": store.unsettled(),
        "incidents": store.incidents(*EVER),
        "history": store.history(*EVER),
        "watches": store.watches(*EVER),
        "first_watch": store.first_watch(),
        "owed": store.owed(),
        "blindness": store.blindness(),
        "spells": store.blind_spells(*EVER),
        "sent": [store.last_sent(i.group or "", "slack") for i in store.incidents(*EVER)],
    }
