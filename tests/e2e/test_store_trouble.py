"""The daemon whose store cannot be written, is gone, or is another watcher's."""

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.daemon import Daemon
from tests.patience import PATIENCE
from tests.slack_api import CHANNEL, TOKEN, SlackAPI


@pytest.fixture
def slack():
    with SlackAPI() as server:
        yield server


@pytest.fixture
def daemon(slack, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    settings = {"slack": {"api_url": slack.url, "token_file": str(token), "channel": CHANNEL}}
    store = f"sqlite:///{tmp_path}/kept/watcher.db"
    (tmp_path / "kept").mkdir()
    with Daemon(tmp_path, store=store, **settings) as daemon:
        daemon.wait_for(lambda: "watch: " in daemon.log)
        yield daemon


def test_people_are_told_that_it_is_full_and_that_it_is_not_any_more(daemon, slack, tmp_path):
    file = tmp_path / "kept" / "watcher.db"
    refuse = "CREATE TRIGGER full BEFORE INSERT ON watches BEGIN SELECT RAISE(FAIL, 'full'); END"
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as other, other:
        other.execute(refuse)
    told = daemon.wait_for(lambda: slack.channel)
    daemon.wait_for_text("/-/healthy", "no watch can be kept")
    unhealthy = daemon.get("/-/healthy").status_code
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as other, other:
        other.execute("DROP TRIGGER full")
    daemon.wait_for(
        lambda: "can keep what it sees again" in str([m.__dict__ for m in slack.channel])
    )
    daemon.wait_for(lambda: daemon.get("/-/healthy").ok)

    assert unhealthy == 503
    assert len(told) == len(slack.channel) == 1
    assert "Traceback" not in daemon.log


def test_people_are_told_that_its_file_is_gone_and_it_goes_on(daemon, slack, tmp_path):
    (tmp_path / "kept").rename(tmp_path / "away")
    told = daemon.wait_for(lambda: slack.channel)
    (tmp_path / "away").rename(tmp_path / "kept")
    daemon.wait_for(
        lambda: "can keep what it sees again" in str([m.__dict__ for m in slack.channel])
    )

    assert "deleted or moved away" in str([m.__dict__ for m in told])
    assert "Traceback" not in daemon.log


def test_with_a_postgresql_that_stands_still_it_answers_and_ends(postgres, tmp_path):
    with Daemon(tmp_path, store=postgres.new_database()) as daemon:
        daemon.wait_for(lambda: "watch: " in daemon.log)
        with postgres.frozen():
            daemon.wait_for(lambda: daemon.get("/-/healthy").status_code == 503)
            page, metrics = daemon.get("/").status_code, daemon.get("/metrics").status_code
            code = daemon.end()

    assert (page, metrics) == (200, 200)
    assert code == 0
    assert "Traceback" not in daemon.log


def test_it_ends_where_another_file_was_put_in_its_place(daemon, tmp_path):
    file = tmp_path / "kept" / "watcher.db"
    (tmp_path / "other.db").touch()
    (tmp_path / "other.db").replace(file)

    assert daemon.process.wait(timeout=PATIENCE) == 2
    assert "another file was put in its place" in daemon.log
    assert "Traceback" not in daemon.log
