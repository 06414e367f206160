"""A store that an older watcher wrote: opened by today's, it holds all that it held."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest
from alembic import command

from tests.adapters.test_sql import alembic
from tests.builders import NOW, a_memory, before
from tests.contracts.store import EVER, write
from watcher.adapters.sql.engine import connect, parse, writing
from watcher.adapters.sql.opening import open_store
from watcher.adapters.sql.tables import METADATA
from watcher.model.comparison import JobState
from watcher.model.history import Blindness
from watcher.model.incidents import Status, Transition
from watcher.model.kube import KubeObject
from watcher.model.mutes import Mute
from watcher.operator.jobs import expected_jobs
from watcher.secrecy import command_without_secrets, parameter_without_secret, without_secrets

STORES = sorted((Path(__file__).parents[1] / "data" / "stores").glob("*.sql"))
PROMETHEUS = KubeObject(
    {"kind": "Prometheus", "metadata": {"namespace": "monitoring", "name": "k8s"}, "spec": {}}
)


def digest(**parameters):
    """What stands in a key for these parameters."""
    hidden = {name: parameter_without_secret(name, held) for name, held in parameters.items()}
    return sha256(urlencode(hidden).encode()).hexdigest()[:12]


DIGEST = digest(module="http_2xx", token="MARKED-SECRET")
WEB = "monitoring/k8s ServiceMonitor/shop/web http://http"
PROBE = f"monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe?{DIGEST}"
BARE = "monitoring/k8s ServiceMonitor/shop/probe-like http://http/probe"
PODS = f"monitoring/k8s PodMonitor/shop/pods http://m/metrics?{digest(x='1')}"
JOBS = (f"{WEB}/metrics", f"{WEB}/a%20b", PROBE, f"{PROBE} #2", BARE, PODS)


@pytest.fixture(params=STORES, ids=lambda path: path.stem)
def script(request):
    return request.param.read_text()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "watcher.db"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, script, file):
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").new_database()
        fill(url, script)
        return url
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(script)
    return f"sqlite:///{file}"


@pytest.fixture
def store(url):
    with open_store(url, timedelta(days=30)) as store:
        yield store


def fill(url, script):
    """Make the tables as the watcher of then did in PostgreSQL, and put the same rows into them."""
    engine = connect(parse(url), read_only=False)
    rows = re.findall(r"^INSERT INTO .*;$", script, re.MULTILINE)
    schema = re.search(r"INTO \"watcher_schema\" VALUES\('(\d+)'\)", script)[1]
    with writing(engine).begin() as connection:
        command.upgrade(alembic(connection), schema)
        connection.exec_driver_sql("SET LOCAL TimeZone = 'UTC'")
        for row in rows:
            if "watcher_schema" not in row:
                connection.exec_driver_sql(row.replace("%", "%%"))
        last = "SELECT setval('transitions_number_seq', (SELECT max(number) FROM transitions))"
        connection.exec_driver_sql(last)
    engine.dispose()


def dumped(url):
    """All that stands in the rows."""
    engine = connect(parse(url), read_only=True)
    with engine.begin() as connection:
        rows = [
            str(row)
            for table in METADATA.tables
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608
        ]
    engine.dispose()
    assert rows
    return "\n".join(rows)


def test_no_incident_is_lost_and_each_is_of_the_job_that_is_expected_today(store):
    incidents = {each.job: each for each in store.incidents(*EVER)}

    assert set(incidents) == {PROBE, f"{PROBE} #2", f"{WEB}/a%20b", PODS}
    assert {job: each.status for job, each in store.ongoing().items()} == {
        PROBE: Status.FIRING,
        f"{PROBE} #2": Status.FIRING,
        f"{WEB}/a%20b": Status.PENDING,
    }
    for job, each in incidents.items():
        assert each.id == f"{job}@{each.starts_at.isoformat()}"
    assert incidents[PROBE].group == incidents[f"{PROBE} #2"].group == incidents[PROBE].id
    assert incidents[PROBE].cause == "tls-file-missing"
    assert incidents[PROBE].found is not None
    assert incidents[PODS].ends_at == before(days=1)
    assert [each.after.job for each in store.history(*EVER)] == [
        PODS,
        PODS,
        PROBE,
        f"{PROBE} #2",
        f"{WEB}/a%20b",
    ]


def test_no_mute_is_lost(store):
    going_on = Mute(
        id="shop",
        match=(("namespace", "shop"),),
        since=NOW,
        until=NOW + timedelta(hours=2),
        reason="the shop moves",
    )
    over = replace(going_on, id="over", since=before(days=3), until=before(days=2))

    assert store.mutes(*EVER) == (over, going_on)


def test_nothing_remembered_of_a_job_is_lost(store):
    memory = store.memory()

    assert set(memory) == set(JOBS)
    for n, each in enumerate(memory[job] for job in JOBS):
        assert each.state is (JobState.MISSING if n in {1, 2, 3} else JobState.HEALTHY)
        assert (each.since, each.most_targets) == (before(days=n), n + 1)
        assert (each.usual.count, each.usual.last, each.usual.since) == (n + 1, n, before(hours=n))
        assert each.labels[0][0] == "job"


def test_the_expected_jobs_are_those_that_its_objects_ask_for_today(store):
    expectations = store.expectations()

    asked = {
        job.key: replace(job, gone_since=None)
        for raw in expectations.objects.values()
        for job in expected_jobs(KubeObject(raw), PROMETHEUS)
    }
    kept = {job.key: job for job in expectations.jobs if job.monitor}
    assert set(asked) == set(JOBS)
    assert kept == {key: job for key, job in asked.items() if key != f"{WEB}/metrics"}  # accepted
    assert len(expectations.jobs) == len(kept) + 1  # the pinned one
    assert (len(expectations.unselected), len(expectations.unreadable)) == (1, 1)
    assert (expectations.nodes, len(store.mount_history())) == (3, 2)


def test_nothing_of_what_was_said_and_is_owed_is_lost(store):
    firing, over = f"{PROBE}@{before(hours=2).isoformat()}", f"{PODS}@{before(days=2).isoformat()}"

    assert store.last_sent(firing, "slack").handle == "C1 2.0"
    assert store.last_sent(over, "slack").status is Status.RESOLVED
    assert [(each.subject, each.notifier) for each in store.owed()] == [(firing, "webhook")]


def test_watches_and_spells_of_blindness_are_there(store):
    assert store.first_watch() == before(days=2)
    assert len(store.watches(*EVER)) == 4
    assert [spell.source for spell in store.blindness()] == ["other"]
    assert len(store.blind_spells(*EVER)) == 2


def test_it_goes_on_where_it_was(store):
    """Rows of before are those that today's watcher finds by the keys of today."""
    fired = store.ongoing()[PROBE]
    over = replace(fired, status=Status.RESOLVED, ends_at=NOW)
    write(store, Transition(before=fired, after=over, at=NOW), memory={PROBE: a_memory()})

    assert PROBE not in store.ongoing()
    assert len(store.incidents(*EVER)) == 4
    assert len(store.memory()) == len(JOBS)
    assert store.history(*EVER)[-1].after.ends_at == NOW


SECRETS = (
    "get http://u:MARKED-1@h/metrics: 401",
    "header Authorization: Bearer MARKED-2-abcdefgh.ijkl",
    "exec failed: --password MARKED-3",
    "see http://h/probe?token=MARKED-4",
)
WORDS = " ".join(SECRETS)


def secrets_of_before(text):
    """Statements that put *text* wherever a store of before could hold words and values of others."""
    said = json.dumps(text)
    found = json.dumps(found_with(text))
    within = f'"found":{found}'
    quoted = [
        ("incidents", "payload", '"found":null', within),
        ("transitions", "payload", '"found":null', within),
        ("monitors", "payload", '"uid":"u-web"', f'"uid":"u-web","annotations":{{"why":{said}}}'),
        ("monitors", "payload", '"uid":"u-pods"', '"uid":"u","labels":{"token":"MARKED-5"}'),
        (
            "prometheuses",
            "payload",
            "null",
            f'{{"spec":{{"args":["--password","MARKED-6",{said}]}}}}',
        ),
        ("expected_jobs", "payload", '"labels":[]', '"labels":[["token","MARKED-7"],["job","a"]]'),
        ("jobs", "labels", "]]", '],["api_token","MARKED-8"]]'),
        ("snapshot", "payload", '"forbidden"', said),
        ("owed", "payload", '"error":""', f'"error":{said}'),
    ]
    for table, column, old, new in quoted:
        yield f"UPDATE {table} SET {column} = replace({column}, {literal(old)}, {literal(new)})"  # noqa: S608
    yield f"UPDATE blindness SET error = {literal(text)}"  # noqa: S608


def found_with(text):
    """What a rule found, every text of it is this one."""
    evidence = [{"seen": text, "where": text, "at": None}]
    finding = {"summary": text, "evidence": evidence, "fix": [{"do": text, "command": text}]}
    rest = {"confidence": "certain", "conclusive": False, "proof": text}
    return {"code": "server-down", "link": 6, "finding": finding | rest}


def literal(text):
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture
def planted(url):
    """It, with secrets in its rows; SQLite's file also between them, and after them."""
    engine = connect(parse(url), read_only=False)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        for statement in secrets_of_before(WORDS):
            assert connection.exec_driver_sql(statement.replace("%", "%%")).rowcount, statement
        for n in range(50):
            gone = "INSERT INTO blindness VALUES ('gone{}', '2026-11-20 05:00:00', NULL, '{}')"
            connection.exec_driver_sql(gone.format(n, "MARKED-9 " * 200))
        connection.exec_driver_sql("DELETE FROM blindness WHERE source LIKE 'gone%%'")
        connection.commit()
    engine.dispose()
    return url


def test_no_secret_of_before_stands_in_a_row_and_all_else_is_as_it_was(planted):
    assert len(set(re.findall(r"MARKED-\d", dumped(planted)))) == 8

    with open_store(planted, timedelta(days=30)) as store:
        incidents = store.incidents(*EVER)
        texts = dumped(planted)
        labels = [each.labels for each in store.memory().values()]

    assert "MARKED" not in texts
    assert len(incidents) == 4
    assert all(each.found is not None for each in incidents)
    said = next(each.found.finding for each in incidents if each.found.code == "server-down")
    assert said.summary == without_secrets(WORDS)
    assert said.fix[0].command == command_without_secrets(WORDS)
    assert said.evidence[0].seen.startswith("get http://h/metrics: 401")
    assert {name for each in labels for name, _ in each} == {"job"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_no_secret_of_before_is_left_anywhere_in_the_file_or_beside_it(file, planted):
    assert b"MARKED-9" in file.read_bytes()

    with open_store(planted, timedelta(days=30)):
        held = {each.name: each.read_bytes() for each in file.parent.iterdir()}
    held["closed"] = file.read_bytes()

    assert {name for name, content in held.items() if b"MARKED" in content} == set()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_what_is_deleted_later_is_gone_from_the_file_too(file, store):
    words = "MARKED " * 999
    spell = Blindness(source="a", since=before(days=90), until=before(days=80), error=words)
    write(store, blindness=(spell,))
    assert any(b"MARKED MARKED" in each.read_bytes() for each in file.parent.iterdir())

    store.prune(NOW)
    store.close()

    assert b"MARKED MARKED" not in file.read_bytes()


def test_opened_once_more_it_is_the_same(store, url):
    before_it = (store.expectations(), store.memory(), store.incidents(*EVER), store.history(*EVER))
    store.close()

    with open_store(url, timedelta(days=30)) as again:
        after_it = (
            again.expectations(),
            again.memory(),
            again.incidents(*EVER),
            again.history(*EVER),
        )
    assert after_it == before_it
