from datetime import UTC, datetime, timedelta

import pytest

from tests.operator.things import (
    NOW,
    pod_monitor,
    probe,
    prometheus,
    scrape_config,
    service_monitor,
    thing,
)
from watcher.model.kube import FieldError
from watcher.operator.jobs import expected_jobs
from watcher.operator.steering import misheard


def jobs(monitor, **spec):
    return expected_jobs(monitor, prometheus(**spec))


def files(monitor, **spec):
    return {(f.field, f.path, f.scrape_class) for job in jobs(monitor, **spec) for f in job.files}


def test_defaults_are_those_of_the_operator():
    (job,) = jobs(service_monitor())

    assert (job.scheme, job.port, job.path) == ("http", "web", "/metrics")


@pytest.mark.parametrize("scheme", ["HTTPS", "https", "Https"])
def test_a_scheme_is_read_in_either_case(scheme):
    (one,) = jobs(service_monitor({"port": "web", "scheme": scheme}))
    (other,) = jobs(service_monitor({"port": "web", "scheme": "https"}))

    assert one.scheme == "https"
    assert one.key == other.key


def test_removing_the_first_endpoint_renames_the_others_and_keeps_their_keys():
    one, two = {"port": "a"}, {"port": "b"}

    before = jobs(service_monitor(one, two))
    after = jobs(service_monitor(two))

    assert after[0].pool == before[0].pool
    assert after[0].key == before[1].key


def test_equal_endpoints_are_counted():
    same = {"port": "web", "path": "/x"}

    first, second, third = jobs(service_monitor(same, same, same))

    assert len({first.key, second.key, third.key}) == 3
    assert jobs(service_monitor(same))[0].key == first.key


@pytest.mark.parametrize(
    "other",
    [
        {"port": "b"},
        {"port": "a", "path": "/b"},
        {"port": "a", "scheme": "https"},
        {"port": "a", "params": {"m": ["b"]}},
        {"port": "a", "params": {"m": ["a", "b"]}},
        {"targetPort": "a"},
        {"targetPort": 80},
        {"port": "a/metrics"},
        {},
    ],
)
def test_endpoints_that_ask_for_something_else_have_other_keys(other):
    (one,) = jobs(service_monitor({"port": "a", "params": {"m": ["a"]}}))
    (two,) = jobs(service_monitor(other or {"path": "/"}))

    assert one.key != two.key


def test_how_an_endpoint_is_relabeled_or_timed_is_no_part_of_its_identity():
    (one,) = jobs(service_monitor({"port": "a"}))
    (two,) = jobs(
        service_monitor({"port": "a", "interval": "1m", "relabelings": [{"action": "drop"}]})
    )

    assert one.key == two.key


def test_a_probe_and_a_scrape_config_are_one_job_each_whatever_they_ask_for():
    (site,) = jobs(probe(prober={"url": "a", "path": "/p", "scheme": "https"}))
    (outside,) = jobs(scrape_config(metricsPath="/m", scheme="HTTPS"))

    assert (site.endpoint, site.path, site.scheme) == (None, "/p", "https")
    assert (outside.endpoint, outside.path, outside.scheme) == (None, "/m", "https")
    assert site.key == jobs(probe())[0].key
    assert jobs(probe())[0].path == "/probe"


def test_a_pod_monitors_port_number_is_its_port():
    (job,) = jobs(pod_monitor({"portNumber": 8080}))

    assert job.port == "8080"


def test_files_of_tls_and_token_are_named_as_in_the_scrape_configuration():
    tls = {"caFile": "/ca", "certFile": "/crt", "keyFile": "/key"}

    found = files(service_monitor({"port": "web", "tlsConfig": tls, "bearerTokenFile": "/t"}))

    assert found == {
        ("tls_config.ca_file", "/ca", None),
        ("tls_config.cert_file", "/crt", None),
        ("tls_config.key_file", "/key", None),
        ("bearer_token_file", "/t", None),
    }


def test_references_are_no_files_and_keep_a_scrape_class_from_adding_its_own():
    tls = {"ca": {"configMap": {"name": "ca", "key": "x"}}}
    default = {"name": "d", "default": True, "tlsConfig": {"caFile": "/ca", "certFile": "/crt"}}

    found = files(service_monitor({"port": "web", "tlsConfig": tls}), scrapeClasses=[default])

    assert found == {("tls_config.cert_file", "/crt", "d")}


@pytest.mark.parametrize("monitor", [pod_monitor, probe, scrape_config, service_monitor])
def test_every_kind_gets_the_files_of_the_default_scrape_class(monitor):
    default = {
        "name": "d",
        "default": True,
        "tlsConfig": {"caFile": "/ca"},
        "authorization": {"credentialsFile": "/token"},
    }

    assert files(monitor(), scrapeClasses=[default]) == {
        ("tls_config.ca_file", "/ca", "d"),
        ("authorization.credentials_file", "/token", "d"),
    }


def test_a_named_scrape_class_replaces_the_default_one():
    classes = [
        {"name": "d", "default": True, "tlsConfig": {"caFile": "/d"}},
        {"name": "n", "tlsConfig": {"caFile": "/n"}},
    ]

    found = files(service_monitor(spec={"scrapeClass": "n"}), scrapeClasses=classes)

    assert found == {("tls_config.ca_file", "/n", "n")}


def test_credentials_of_the_endpoint_win_over_the_file_of_a_scrape_class():
    default = {"name": "d", "default": True, "authorization": {"credentialsFile": "/token"}}
    own = {"port": "web", "authorization": {"credentials": {"name": "s", "key": "k"}}}

    assert files(service_monitor(own), scrapeClasses=[default]) == set()


def test_owners_steer_by_annotations():
    said = {
        "watcher/ignore": "true",
        "watcher/reason": "being moved",
        "watcher/until": "2026-12-01",
        "watcher/severity": "critical",
        "watcher/owner": "team-a",
        "watcher/min-targets": "3",
    }

    (job,) = jobs(service_monitor(annotations=said))

    steering = job.steering
    assert (steering.reason, steering.severity, steering.owner) == (
        "being moved",
        "critical",
        "team-a",
    )
    assert (steering.min_targets, steering.until) == (3, datetime(2026, 12, 1, tzinfo=UTC))
    assert steering.ignores(NOW)
    assert not steering.ignores(NOW + timedelta(days=30))


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        ("watcher/ignore", "perhaps"),
        ("watcher/until", "next week"),
        ("watcher/min-targets", "-1"),
        ("watcher/severity", "panic"),
    ],
)
def test_an_annotation_that_cannot_be_understood_is_named_and_costs_no_job(annotation, said):
    monitor = service_monitor(annotations={"watcher/ignore": "true", annotation: said})

    (job,) = jobs(monitor)

    assert [said in fault and annotation in fault for fault in misheard(monitor)] == [True]
    assert job.steering.min_targets is None
    assert job.steering.severity is None


@pytest.mark.parametrize("said", ["next week", ""])
def test_a_job_is_not_ignored_without_an_end_that_is_understood(said):
    wishes = {"watcher/ignore": "true", "watcher/until": said}

    (job,) = jobs(service_monitor(annotations=wishes))

    assert not job.steering.ignores(NOW)


def test_a_change_is_dated_by_the_last_writer_of_anything_but_the_status():
    fields = [
        {"manager": "kubectl", "time": "2026-11-01T00:00:00Z"},
        {"manager": "helm", "time": "2026-11-02T00:00:00Z"},
        {"manager": "PrometheusOperator", "time": "2026-11-20T00:00:00Z", "subresource": "status"},
    ]

    (job,) = jobs(service_monitor(managedFields=fields, creationTimestamp="2026-01-01T00:00:00Z"))
    (plain,) = jobs(service_monitor(creationTimestamp="2026-01-01T00:00:00Z"))

    assert job.changed_at == datetime(2026, 11, 2, tzinfo=UTC)
    assert plain.changed_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_object_of_another_kind_is_refused_by_name():
    with pytest.raises(FieldError, match="ServiceMonitor, PodMonitor, Probe, ScrapeConfig"):
        expected_jobs(thing("Rule", "a"), prometheus())
