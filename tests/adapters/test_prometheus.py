"""The observer against answers that real servers once gave, and against bad ones."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.adapters.prometheus_answers import (
    STATUS,
    VERSIONS,
    Answers,
    Reply,
    a_server,
    a_target,
    data,
    recorded,
    runtime,
)
from tests.patience import LONG
from watcher.adapters.http.session import BoundedSession
from watcher.adapters.prometheus.observer import Prometheus
from watcher.adapters.prometheus.session import LARGEST
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.model.observations import ServerObservation, UnreadableServer
from watcher.settings import HttpSettings

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
PATHS = (
    STATUS + "runtimeinfo",
    STATUS + "buildinfo",
    STATUS + "config",
    "/api/v1/scrape_pools",
    "/api/v1/targets",
)


def observed(answers, *, http=None, now=NOW, url=None, **settings):
    observer = Prometheus(http or HttpSettings(timeout=LONG), **settings)
    return observer.observe(a_place(url or answers.url), now)


def a_place(url):
    return ExpectedServer(name=ServerName("prometheus-k8s-0"), url=url)


def seen(answers, **settings):
    found = observed(answers, **settings)
    assert isinstance(found, ServerObservation), found
    return found


def refused(answers, **settings):
    found = observed(answers, **settings)
    assert isinstance(found, UnreadableServer), found
    return found.error


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_job_without_its_tls_file_is_configured_and_has_no_pool(version):
    with Answers(recorded(version, "missing-tls-file")) as answers:
        found = seen(answers)

    assert set(found.jobs) - set(found.pools) == {
        "monitoring/kubelet/0",
        "monitoring/kubelet/1",
        "serviceMonitor/monitoring/kubelet/0",
    }
    assert found.version is not None
    assert found.version.startswith(version)
    assert found.metrics is not None
    assert found.metrics.discovered["monitoring/kubelet/0"] == 1
    assert found.reload_ok


@pytest.mark.parametrize("version", VERSIONS)
def test_the_files_of_a_recorded_job_are_those_of_its_http_client(version):
    with Answers(recorded(version, "missing-tls-file")) as answers:
        found = seen(answers)

    files = {file.field: file.path for file in found.jobs["monitoring/kubelet/0"].files}
    assert files["tls_config.cert_file"].endswith("/tls.crt")
    assert files["tls_config.key_file"].endswith("/tls.key")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_pool_whose_targets_are_all_dropped_is_empty_and_counts_them(version):
    with Answers(recorded(version, "no-targets")) as answers:
        pool = seen(answers).pools["d/all-dropped/0"]

    assert (pool.active, pool.up) == (0, 0)
    assert pool.dropped is not None
    assert pool.dropped >= 5


@pytest.mark.parametrize("version", VERSIONS)
def test_targets_broken_by_relabelling_are_counted_as_failed_syncs(version):
    with Answers(recorded(version, "no-targets")) as answers:
        metrics = seen(answers).metrics

    assert metrics is not None
    assert metrics.sync_failed["d/relabel-empties-address/0"] > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_an_agent_is_known_as_one_and_never_asked_a_query(version):
    with Answers(recorded(version, "agent")) as answers:
        found = seen(answers)

    assert found.agent
    assert "/api/v1/query" not in answers.paths()
    assert all(pool.barren is None for pool in found.pools.values())


def test_targets_are_never_asked_for_without_a_state():
    with Answers(a_server(a_target())) as answers:
        seen(answers)

    asked = [one.query for one in answers.asked if one.path == "/api/v1/targets"]
    assert asked
    assert all("state" in query for query in asked)


def test_targets_are_counted_by_health():
    targets = (
        a_target(number=1),
        a_target(number=2, health="down", error="connection refused"),
        a_target(number=3, health="unknown"),
    )
    with Answers(a_server(*targets)) as answers:
        pool = seen(answers).pools["web"]

    assert (pool.active, pool.up, pool.down, pool.not_scraped) == (3, 1, 1, 1)
    assert [target.last_error for target in pool.failing] == ["connection refused"]
    assert pool.labels == (("job", "web"),)


def test_a_target_that_is_up_without_a_sample_is_barren():
    replies = a_server(a_target(number=1), a_target(number=2))
    sample = {"metric": {"job": "web", "instance": "10.0.0.2:8080"}, "value": [1, "0"]}
    replies["/api/v1/query"] = data({"resultType": "vector", "result": [sample]})
    with Answers(replies) as answers:
        pool = seen(answers).pools["web"]

    assert (pool.up, pool.barren) == (2, 1)


@pytest.mark.parametrize("full_up_to", [10, 2])
def test_of_targets_with_the_same_labels_nobody_knows_which_is_barren(full_up_to):
    twins = (a_target("web", 1, job="same"), a_target("shop", 1, job="same"))
    replies = a_server(*twins, a_target("web", 2, job="same"), a_target("db", 3))
    samples = [
        {"metric": dict(target["labels"]), "value": [1, "0"]}
        for target in (*twins[:1], a_target("db", 3))
    ]
    replies["/api/v1/query"] = data({"resultType": "vector", "result": samples})
    with Answers(replies) as answers:
        pools = seen(answers, full_targets_up_to=full_up_to).pools

    assert {name: pool.barren for name, pool in pools.items()} == {
        "web": None,
        "shop": None,
        "db": 1,
    }


def test_where_queries_fail_nothing_is_known_of_barren_targets():
    replies = a_server(a_target())
    replies["/api/v1/query"] = Reply(b"no", 500)
    with Answers(replies) as answers:
        pool = seen(answers).pools["web"]

    assert pool.barren is None


def test_a_hidden_metrics_path_is_no_blindness():
    replies = a_server(a_target())
    del replies["/metrics"]
    with Answers(replies) as answers:
        found = seen(answers)

    assert found.metrics is None
    assert found.pools["web"].up == 1


def test_the_configuration_is_read_again_only_when_it_may_have_changed():
    with Answers(a_server(a_target())) as answers:
        observer = Prometheus(HttpSettings())
        observer.observe(a_place(answers.url), NOW)
        observer.observe(a_place(answers.url), NOW + timedelta(seconds=30))
        before = answers.paths().count(STATUS + "config")
        answers.replies[STATUS + "runtimeinfo"] = runtime(loaded="2026-11-23T04:30:00Z")
        observer.observe(a_place(answers.url), NOW + timedelta(seconds=60))

    assert (before, answers.paths().count(STATUS + "config")) == (1, 2)


def test_while_a_reload_stands_failed_the_configuration_is_read_at_each_watch():
    replies = a_server(a_target())
    replies[STATUS + "runtimeinfo"] = runtime(ok=False)
    with Answers(replies) as answers:
        observer = Prometheus(HttpSettings())
        for _ in range(3):
            observer.observe(a_place(answers.url), NOW)

    assert answers.paths().count(STATUS + "config") == 3


def test_a_server_that_just_started_is_settling_by_its_own_clock():
    replies = a_server(a_target())
    replies[STATUS + "runtimeinfo"] = runtime(
        start="2026-11-23T01:00:00Z",
        loaded="2026-11-23T01:00:00Z",
        serverTime="2026-11-23T01:00:04Z",
    )
    with Answers(replies) as answers:
        found = seen(answers)

    assert found.settling


def test_a_clock_that_is_wrong_does_not_make_a_server_settle_for_ever():
    replies = a_server(a_target())
    replies[STATUS + "runtimeinfo"] = runtime(
        start="2027-01-01T00:00:00Z", loaded="2027-01-01T00:00:00Z", serverTime=None
    )
    with Answers(replies) as answers:
        found = seen(answers)

    assert not found.settling


def test_a_reload_in_the_midst_of_reading_makes_it_settling():
    replies = a_server(a_target())
    loads = iter(("2026-11-23T04:00:00Z", "2026-11-23T04:10:00Z"))
    replies[STATUS + "runtimeinfo"] = lambda _: runtime(loaded=next(loads))
    with Answers(replies) as answers:
        found = seen(answers)

    assert found.settling


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(b"<html><body>Sign in</body></html>"), "no JSON"),
        (Reply(b'{"status":"success","data":{"scr'), "no JSON"),
        (Reply(b""), "no JSON"),
        (Reply(b"\xff\xfe\x00"), "no JSON"),
        (Reply(b"null"), "no JSON"),
        (Reply(b"[" * 100_000), "no JSON"),
        (Reply(b'{"status":"success","data":' + b'{"a":' * 100_000), "no JSON"),
        (Reply('{"status":"success","data":{}}'.encode("utf-16")), "no JSON"),
        (Reply(b"SSH-2.0-OpenSSH_9.6\r\n"), "no JSON"),
        (Reply(b'{"status":"success","data":[1]}'), "no JSON"),
        (Reply(b'{"status":"error","errorType":"x","error":"broken"}'), "broken"),
        (Reply(b"who are you", 401), "401"),
        (Reply(b"", 403), "403"),
        (Reply(b'{"status":"error","error":"kaboom"}', 500), "kaboom"),
        (Reply(b"Service Unavailable", 503), "starting"),
    ],
)
def test_whatever_is_no_answer_makes_the_server_unreadable(path, reply, told):
    with Answers(a_server(a_target()) | {path: reply}) as answers:
        error = refused(answers)

    assert path in error
    assert told in error


def test_a_server_without_scrape_pools_is_told_to_be_too_old():
    replies = a_server(a_target())
    del replies["/api/v1/scrape_pools"]
    with Answers(replies) as answers:
        error = refused(answers)

    assert "2.42" in error


def test_a_connection_that_breaks_makes_the_server_unreadable():
    broken = Reply(b'{"status":', headers={"Content-Length": "900", "Connection": "close"})
    with Answers(a_server(a_target()) | {STATUS + "config": broken}) as answers:
        error = refused(answers)

    assert STATUS + "config" in error


def test_nobody_there_is_said_in_the_same_words_each_time():
    with Answers({}) as answers:
        url = answers.url
    first, second = refused(None, url=url), refused(None, url=url)

    assert first == second
    assert "connection refused" in first


def test_a_server_that_hangs_is_given_up_after_the_time_out():
    over = threading.Event()

    def hang(_):
        over.wait()
        return Reply(b"")

    with Answers({STATUS + "runtimeinfo": hang}) as answers:
        error = refused(answers, http=HttpSettings(timeout="200ms"))
        over.set()

    assert "in time" in error


def test_credentials_in_the_address_are_used_and_never_shown():
    replies = a_server(a_target()) | {STATUS + "runtimeinfo": Reply(b"", 401)}
    with Answers(replies) as answers:
        url = answers.url.replace("://", "://prom:s3cret@")
        error = refused(answers, url=url)

    assert answers.asked[0].headers["Authorization"] == "Basic cHJvbTpzM2NyZXQ="
    assert "s3cret" not in error
    assert "prom:" not in error


def test_a_bearer_token_is_read_afresh_at_each_request(tmp_path):
    token = tmp_path / "token"
    token.write_text("one\n")
    with Answers(a_server(a_target())) as answers:
        observer = Prometheus(HttpSettings(bearer_token_file=token))
        observer.observe(a_place(answers.url), NOW)
        token.write_text("two\n")
        observer.observe(a_place(answers.url), NOW)

    used = {asked.headers["Authorization"] for asked in answers.asked}
    assert used == {"Bearer one", "Bearer two"}


def test_a_missing_token_file_is_named(tmp_path):
    with Answers(a_server(a_target())) as answers:
        error = refused(answers, http=HttpSettings(bearer_token_file=tmp_path / "nope"))

    assert "nope" in error
    assert "no such file" in error


def test_a_route_prefix_and_slashes_at_the_end_are_part_of_the_address():
    replies = {f"/prom{path}": reply for path, reply in a_server(a_target()).items()}
    with Answers(replies) as answers:
        found = seen(answers, url=f"{answers.url}/prom//")

    assert found.pools["web"].up == 1
    assert found.metrics is not None


def test_a_redirect_is_followed():
    with Answers(a_server(a_target())) as there:
        moved = {
            path: Reply(status=308, headers={"Location": f"{there.url}{path}?state=active"})
            for path in there.replies
        }
        with Answers(moved) as here:
            found = seen(here)

    assert found.pools["web"].up == 1


def test_a_session_that_is_given_is_used_and_left_as_it_was():
    session = BoundedSession(seconds=60, largest=LARGEST)
    session.headers["X-Proxied"] = "yes"
    mounted = dict(session.adapters)
    with Answers(a_server(a_target())) as answers:
        seen(answers, session=session)

    assert {asked.headers.get("X-Proxied") for asked in answers.asked} == {"yes"}
    assert dict(session.adapters) == mounted
