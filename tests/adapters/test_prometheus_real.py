"""The observer against real Prometheus servers of every version there is."""

import contextlib
import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import bcrypt
import pytest
import trustme

from tests.e2e.scraped_targets import served
from tests.patience import LONG, awaited, awaited_as
from tests.prometheus_server import RealPrometheus, every_prometheus, free_port
from watcher.adapters.logs.files import LogFile
from watcher.adapters.prometheus.observer import Prometheus
from watcher.adapters.wording.log_lines import Log
from watcher.diagnosis.wording_of_prometheus import file_problem
from watcher.model.expectations import ExpectedServer
from watcher.model.facts import Known, LogKind, Unavailable
from watcher.model.names import PoolName, ServerName
from watcher.model.observations import ServerObservation, UnreadableServer
from watcher.settings import HttpSettings

pytestmark = pytest.mark.prometheus

GLOBAL = {"scrape_interval": "1s", "scrape_timeout": "1s"}
PATIENT = HttpSettings(timeout=LONG)
NOWHERE = "127.0.0.1:1"


def a_config(*jobs, **more):
    return json.dumps({"global": GLOBAL, "scrape_configs": list(jobs)} | more)


def a_scrape(name, *targets, **fields):
    return {"job_name": name, "static_configs": [{"targets": list(targets)}]} | fields


def dropping(name, *targets):
    drop = {"action": "drop", "source_labels": ["__address__"], "regex": ".*"}
    return a_scrape(name, *targets, relabel_configs=[drop])


def without_its_file(name):
    tls = {"cert_file": "/nowhere/tls.crt", "key_file": "/nowhere/tls.key"}
    return a_scrape(name, NOWHERE, scheme="https", tls_config=tls)


def now():
    return datetime.now(UTC)


def a_place(url):
    return ExpectedServer(name=ServerName("prometheus-0"), url=url)


def seen(observer, url):
    found = observer.observe(a_place(url), now())
    assert isinstance(found, ServerObservation), found
    return found


def odd_server(binary, *arguments):
    """A server of one job that cannot be reached, with further flags."""
    config = a_config(a_scrape("a", NOWHERE))
    return RealPrometheus(config, binary=binary, arguments=arguments)


def seen_when(observer, url, holds):
    """The first observation of which *holds* is true."""
    found = awaited(lambda: seen(observer, url), wanted=holds, every=0.3)
    assert holds(found), found
    return found


@pytest.fixture(scope="module")
def server(prometheus_binary):
    """One server with a job in each state, for all tests that only look."""
    port = free_port()
    itself = f"127.0.0.1:{port}"
    no_metrics = {"action": "drop", "source_labels": ["__name__"], "regex": ".*"}
    as_twins = [{"target_label": "job", "replacement": "twins"}]
    jobs = (
        a_scrape("twin", itself, relabel_configs=as_twins),
        a_scrape(
            "barren-twin", itself, relabel_configs=as_twins, metric_relabel_configs=[no_metrics]
        ),
        a_scrape("self", itself),
        a_scrape("down", NOWHERE),
        a_scrape("half", NOWHERE, itself),
        a_scrape("barren", itself, metric_relabel_configs=[no_metrics]),
        dropping("dropped", "10.0.0.1:80", "10.0.0.2:80"),
        {"job_name": "no-targets", "file_sd_configs": [{"files": ["nothing-*.json"]}]},
        without_its_file("kubelet/0"),
    )
    external = {"global": GLOBAL | {"external_labels": {"cluster": "test"}}}
    config = a_config(*jobs, **external)
    with RealPrometheus(config, binary=prometheus_binary, at=("127.0.0.1", port)) as server:
        server.early, server.early_at = seen(Prometheus(PATIENT), server.url), now()
        yield server


TWINS = {"twin", "barren-twin"}
"""Of two targets with the same labels one series tells, now of the one and now of the other."""


def is_as_laid_out(found):
    """Whether everything is told of the shared server that will ever be."""
    discovered = found.metrics.discovered
    told = {name: discovered.get(name) for name in ("kubelet/0", "no-targets")}
    return told == {"kubelet/0": 1, "no-targets": 0} and pools_of(found) == laid_out(found)


def pools_of(observation):
    """Of each pool: its targets, those up, down, barren and dropped; twins' are not counted."""
    return {
        name: (p.active, p.up, p.down, None if name in TWINS else p.barren, p.dropped)
        for name, p in observation.pools.items()
    }


def laid_out(observation):
    """What must be told of the pools of the shared server."""
    pools = {
        "twin": (1, 1, 0, None, None),
        "barren-twin": (1, 1, 0, None, None),
        "self": (1, 1, 0, 0, None),
        "down": (1, 0, 1, 0, None),
        "half": (2, 1, 1, 0, None),
        "barren": (1, 1, 0, 1, None),
        "dropped": (0, 0, 0, None, 2),
    }
    return pools | ({"no-targets": (0, 0, 0, None, 0)} if observation.lists_empty_pools else {})


@every_prometheus
def test_each_state_of_a_job_is_told_from_the_others(server):
    found = awaited(lambda: seen(Prometheus(PATIENT), server.url), wanted=is_as_laid_out, every=0.3)

    assert not found.agent
    assert found.version == server.binary.version
    assert {"self", "down", "half", "barren", "dropped", "no-targets"} < set(found.jobs)
    assert "kubelet/0" in found.jobs
    assert found.metrics.discovered["kubelet/0"] == 1
    assert found.metrics.discovered["no-targets"] == 0
    assert pools_of(found) == laid_out(found)
    assert "connection refused" in found.pools["down"].failing[0].last_error
    assert {found.pools[name].barren for name in TWINS} in ({None}, {0})


@every_prometheus
def test_a_server_settles_for_ten_seconds_after_its_start(server):
    found = seen_when(Prometheus(PATIENT), server.url, lambda o: not o.settling)

    assert server.early.settling or server.early_at - found.started_at > timedelta(seconds=9)
    assert now() - found.started_at > timedelta(seconds=9)


@every_prometheus
def test_the_log_names_the_pool_and_the_file_that_is_missing(server):
    seen_when(Prometheus(PATIENT), server.url, is_as_laid_out)
    log = Log(ServerName("prometheus-0"))
    log.take(LogFile(server.log_file).read())

    (line,) = (line for line in log.lines() if line.kind is LogKind.POOL_NOT_CREATED)
    assert (line.pool, file_problem(line.text).path) == ("kubelet/0", "/nowhere/tls.crt")


@every_prometheus
def test_what_relabelling_dropped_can_be_looked_at(server):
    observer = Prometheus(PATIENT)
    seen_when(observer, server.url, lambda o: "dropped" in o.pools)
    found = observer.dropped_targets(a_place(server.url), PoolName("dropped"))

    addresses = {target.labels["__address__"] for target in found.value}
    assert addresses == {"10.0.0.1:80", "10.0.0.2:80"}


@every_prometheus
def test_above_the_limit_pools_read_one_by_one_are_the_same(server):
    seen_when(Prometheus(PATIENT), server.url, is_as_laid_out)
    ways = ({}, {"full_targets_up_to": 2})

    def without_twins():
        observations = [seen(Prometheus(PATIENT, **way), server.url) for way in ways]
        return [{n: p for n, p in o.pools.items() if n not in TWINS} for o in observations]

    whole, single = awaited(without_twins, wanted=lambda found: found[0] == found[1], every=0.3)

    assert single == whole
    assert set(whole) > {"self", "down", "half", "barren"}


@every_prometheus
def test_a_reload_can_succeed_and_leave_a_job_without_a_pool_or_be_refused(prometheus_binary):
    with RealPrometheus(a_config(a_scrape("a", NOWHERE)), binary=prometheus_binary) as server:
        server.wait_for_pools("a")
        observer = Prometheus(PATIENT)
        before = seen(observer, server.url)
        server.write_config(a_config(a_scrape("a", NOWHERE), without_its_file("b")))
        reloaded = server.reload()
        after = seen_when(observer, server.url, lambda o: o.metrics.discovered.get("b"))
        server.write_config(a_config(a_scrape("a", NOWHERE), a_scrape("a", NOWHERE)))
        refused = not server.reload()
        failed = seen(observer, server.url)
    ended = observer.observe(a_place(server.url), now())

    assert set(before.jobs) == {"a"}
    assert reloaded
    assert after.reload_ok
    assert set(after.jobs) == {"a", "b"}
    assert set(after.pools) == {"a"}
    assert after.metrics.discovered["b"] == 1
    assert refused
    assert not failed.reload_ok
    assert failed.metrics.reload_successful is False
    assert set(failed.jobs) == {"a", "b"}
    assert isinstance(ended, UnreadableServer)
    assert "connection refused" in ended.error


@every_prometheus
def test_a_server_counts_how_often_its_discovery_asked_and_failed(prometheus_binary):
    port = free_port()
    asking = {"url": f"http://{NOWHERE}/sd", "refresh_interval": "1s"}
    jobs = (
        {"job_name": "refused", "http_sd_configs": [asking]},
        {"job_name": "answered", "dns_sd_configs": [{"names": ["localhost"], "port": port}]},
    )
    with RealPrometheus(
        a_config(*jobs), binary=prometheus_binary, at=("127.0.0.1", port)
    ) as server:
        found = seen_when(Prometheus(PATIENT), server.url, has_asked)

    assert found.metrics.failed_sd_configs == 0


def has_asked(observation):
    """Whether one source failed each of several times, and another one answered."""
    asked, failed = observation.metrics.refreshes, observation.metrics.refresh_failures
    return (
        asked.get("http", 0) > 2
        and failed.get("http") == asked["http"]
        and asked.get("dns", 0) > failed.get("dns", 0)
    )


def dated(place, pool, **labels):
    """The last sample of a pool that is ongoing, as soon as one is found: by steps of 15 seconds."""
    found = awaited(
        lambda: Prometheus(PATIENT).last_sample(place, pool, now(), **labels),
        wanted=lambda found: isinstance(found, Known) and found.value is not None,
        every=1,
    )
    return found.value


def test_the_last_sample_of_a_lost_job_is_found_by_its_labels_and_by_the_gauge(prometheus_binary):
    port = free_port()
    itself = a_scrape("self", f"127.0.0.1:{port}")
    jobs = (itself, a_scrape('lost/"0"', f"127.0.0.1:{port}", metrics_path="/metrics"))
    config = a_config(*jobs)
    with RealPrometheus(config, binary=prometheus_binary, at=("127.0.0.1", port)) as server:
        watching = Prometheus(PATIENT)
        seen_when(watching, server.url, lambda o: 'lost/"0"' in o.pools and o.pools['lost/"0"'].up)
        place, pool = a_place(server.url), PoolName('lost/"0"')
        earliest = min(dated(place, pool), dated(place, pool, labels=(("job", pool),)))
        server.write_config(a_config(itself))
        server.reload()
        server.wait_for_pools("self")
        latest = now()
        by_memory = watching.last_sample(place, pool, now())
        by_gauge = Prometheus(PATIENT).last_sample(place, pool, now())
        by_labels = Prometheus(PATIENT).last_sample(
            place, pool, now(), labels=(("job", 'lost/"0"'),)
        )
        never = watching.last_sample(place, PoolName("never"), now())

    for found in (by_memory, by_gauge, by_labels):
        assert isinstance(found, Known)
        assert found.value is not None
        assert earliest <= found.value < latest
    assert never == Known(None)


@every_prometheus
def test_the_addresses_of_active_targets_are_those_that_were_discovered(server):
    observer = Prometheus(PATIENT)
    seen_when(observer, server.url, is_as_laid_out)

    found = observer.active_addresses(a_place(server.url), PoolName("half"))

    assert found == Known(frozenset({NOWHERE, server.url.removeprefix("http://")}))


@every_prometheus
def test_targets_that_are_up_and_yield_nothing_never_had_a_sample(server):
    observer = Prometheus(PATIENT)
    seen_when(observer, server.url, is_as_laid_out)

    found = observer.last_sample(a_place(server.url), PoolName("barren"), now())

    assert found == Known(None)


@every_prometheus
def test_a_loss_older_than_the_watcher_is_dated_by_what_the_job_must_have_had(prometheus_binary):
    port = free_port()
    own = {"action": "drop", "source_labels": ["__name__"], "regex": "prometheus_.*"}
    job = a_scrape("lost", f"127.0.0.1:{port}", metric_relabel_configs=[own])
    place, pool = a_place(f"http://127.0.0.1:{port}"), PoolName("lost")
    with RealPrometheus(a_config(job), binary=prometheus_binary, at=("127.0.0.1", port)) as server:
        watching = Prometheus(PATIENT)
        seen_when(watching, server.url, lambda o: "lost" in o.pools and o.pools["lost"].up)
        earliest = dated(place, pool, labels=(("job", "lost"),))
        server.write_config(a_config(a_scrape("a", NOWHERE)))
        server.reload()
        later = Prometheus(PATIENT)
        not_found = later.last_sample(place, pool, now(), supposed=(("job", "x"),))
        found = later.last_sample(place, pool, now(), supposed=(("job", "lost"),))

    assert isinstance(found, Known)
    assert earliest <= found.value < now()
    assert isinstance(not_found, Unavailable)


@every_prometheus
def test_a_server_that_does_not_scrape_itself_cannot_tell_of_a_pool_it_never_saw(
    prometheus_binary,
):
    with RealPrometheus(a_config(a_scrape("a", NOWHERE)), binary=prometheus_binary) as server:
        found = Prometheus(PATIENT).last_sample(a_place(server.url), PoolName("lost"), now())

    assert isinstance(found, Unavailable)
    assert "scrape itself" in found.reason


@every_prometheus
def test_a_route_prefix_is_part_of_the_address(prometheus_binary):
    with odd_server(prometheus_binary, "--web.route-prefix=/prom") as server:
        found = seen(Prometheus(PATIENT), f"{server.url}/prom/")
        missed = Prometheus(PATIENT).observe(a_place(server.url), now())

    assert found.metrics is not None
    assert set(found.jobs) == {"a"}
    assert isinstance(missed, UnreadableServer)
    assert "prefix" in missed.error


@every_prometheus
def test_an_agent_is_read_without_queries(prometheus_binary):
    major = int(prometheus_binary.version.split(".")[0])
    agent = "--agent" if major > 2 else "--enable-feature=agent"
    with odd_server(prometheus_binary, agent) as server:
        observer = Prometheus(PATIENT)
        found = seen_when(observer, server.url, lambda o: "a" in o.pools and o.pools["a"].down)
        last = observer.last_sample(a_place(server.url), PoolName("a"), now())

    assert found.agent
    assert found.pools["a"].barren is None
    assert isinstance(last, Unavailable)
    assert "agent" in last.reason


@every_prometheus
def test_tls_and_basic_authentication_are_spoken(prometheus_binary, tmp_path):
    authority, known = trustme.CA(), tmp_path / "password"
    known.write_text("pa:ss wörd\n")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = authority.issue_cert("127.0.0.1")
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "own.crt")
    own.private_key_pem.write_to_path(tmp_path / "own.key")
    client = authority.issue_cert("watcher@example.org")
    client.cert_chain_pems[0].write_to_path(tmp_path / "client.crt")
    client.private_key_pem.write_to_path(tmp_path / "client.key")
    hashed = bcrypt.hashpw("pa:ss wörd".encode(), bcrypt.gensalt(4)).decode()
    web = {
        "tls_server_config": {
            "cert_file": "own.crt",
            "key_file": "own.key",
            "client_auth_type": "RequireAndVerifyClientCert",
            "client_ca_file": "ca.pem",
        },
        "basic_auth_users": {"watcher": hashed},
    }
    (tmp_path / "web.yml").write_text(json.dumps(web))
    right = HttpSettings(
        ca_file=tmp_path / "ca.pem",
        cert_file=tmp_path / "client.crt",
        key_file=tmp_path / "client.key",
        username="watcher",
        password_file=known,
    )
    wrong = {
        "certificate": right.model_copy(update={"ca_file": None}),
        "TLS": right.model_copy(update={"cert_file": None, "key_file": None}),
        "401": right.model_copy(update={"username": "nobody"}),
        "none.pem": right.model_copy(update={"ca_file": tmp_path / "none.pem"}),
    }
    with odd_server(prometheus_binary, f"--web.config.file={tmp_path / 'web.yml'}") as server:
        url = server.url.replace("http://", "https://")
        found = seen(Prometheus(right), url)
        unchecked = seen(
            Prometheus(right.model_copy(update={"ca_file": None, "insecure_skip_verify": True})),
            url,
        )
        errors = {
            words: Prometheus(http).observe(a_place(url), now()).error
            for words, http in wrong.items()
        }

    assert set(found.jobs) == set(unchecked.jobs) == {"a"}
    for words, error in errors.items():
        assert words in error
        assert "pa:ss" not in error


@every_prometheus
def test_samples_of_a_time_far_off_are_known_as_refused(prometheus_binary):
    """Six minutes ago is stored, and found by no query of this moment."""
    ages = {"now": 0, "six-minutes": 360, "three-days": 3 * 86400, "next-month": -30 * 86400}
    expected = {
        "now": (1, 0, 0),
        "six-minutes": (1, 0, 0),
        "three-days": (1, 1, 1),
        "next-month": (1, 1, 1),
        "honoring": (1, 0, 0),
    }
    observer = Prometheus(PATIENT)
    with serving(ages) as target:
        jobs = [a_scrape(name, target, metrics_path=f"/{name}") for name in ages]
        honoring = a_scrape("honoring", target, metrics_path="/three-days", honor_labels=True)
        with RealPrometheus(a_config(*jobs, honoring), binary=prometheus_binary) as server:
            found = awaited_as(expected, lambda: states_of(seen(observer, server.url)), every=0.3)

    assert found == expected


def states_of(observation):
    """Of each pool: its targets that are up, those without samples, those whose samples are refused."""
    return {name: (pool.up, pool.barren, pool.refused) for name, pool in observation.pools.items()}


@contextlib.contextmanager
def serving(ages):
    """A target that gives each path's sample the time of so many seconds ago."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            at = now().timestamp() - ages[self.path.strip("/")]
            body = f"some_metric 1 {int(at * 1000)}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@every_prometheus
def test_a_target_over_its_sample_limit_is_down_where_the_server_calls_it_up(prometheus_binary):
    if not prometheus_binary.version.startswith("2.53."):
        pytest.skip(f"Prometheus {prometheus_binary.version} never calls it up")
    observer, pool = Prometheus(PATIENT), PoolName("full")

    def times_up():
        result = server.api("query", query="sum(sum_over_time(up[1h]))")["result"]
        return float(result[0]["value"][1]) if result else 0

    with served() as target:
        job = a_scrape(pool, target, metrics_path="/samples", sample_limit=30)
        with RealPrometheus(a_config(job), binary=prometheus_binary) as server:
            # The first time some samples are stored; from then on it is up without any.
            awaited(times_up, wanted=lambda times: times >= 2, every=0.1)
            looks = []
            awaited(
                lambda: looks.append(seen(observer, server.url).pools[pool]) or times_up(),
                wanted=lambda times: times >= 4,
                every=0.1,
            )
            last = observer.last_sample(a_place(server.url), pool, now())

    assert {(look.up, look.down) for look in looks} == {(0, 1)}
    assert last == Known(None) or isinstance(last, Unavailable)
