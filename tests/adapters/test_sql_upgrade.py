"""A store that an older watcher wrote: opened by today's, it holds all that it held."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.builders import NOW, before
from tests.contracts.store import EVER
from watcher.adapters.sql import open_store
from watcher.model.comparison import JobState
from watcher.model.incidents import Status
from watcher.model.kube import KubeObject
from watcher.model.mutes import Mute
from watcher.operator.jobs import expected_jobs
from watcher.secrecy import parameter_without_secret

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
def file(request, tmp_path):
    file = tmp_path / "watcher.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(request.param.read_text())
    return file


@pytest.fixture
def store(file):
    with open_store(f"sqlite:///{file}", timedelta(days=30)) as store:
        yield store


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

    assert tuple(memory) == JOBS
    for n, each in enumerate(memory.values()):
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


def test_what_the_digest_stands_for_is_left_in_the_objects_alone(store, file):
    store.keep(store.expectations(), ())  # as the next snapshot does, without what is secret
    with closing(sqlite3.connect(file)) as connection:
        dumped = "\n".join(connection.iterdump())

    assert "MARKED-SECRET" not in dumped


def test_opened_once_more_it_is_the_same(store, file):
    before_it = (store.expectations(), store.memory(), store.incidents(*EVER), store.history(*EVER))
    store.close()

    with open_store(f"sqlite:///{file}", timedelta(days=30)) as again:
        after_it = (
            again.expectations(),
            again.memory(),
            again.incidents(*EVER),
            again.history(*EVER),
        )
    assert after_it == before_it
