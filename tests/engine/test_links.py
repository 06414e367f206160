"""Where a message sends people."""

import pytest

from tests.builders import a_prometheus, an_incident
from watcher.engine.links import Places, links

EVERYWHERE = Places(page="https://watcher.example/", dashboard="https://grafana.example/d/w?x=1")


def test_one_known_by_its_url_has_its_targets_page_of_that_pool():
    [(text, url)] = links(an_incident(), a_prometheus(), Places())

    assert text == "Targets in Prometheus"
    assert url == (
        "http://prometheus-k8s-0:9090/targets?search=&scrapePool=serviceMonitor%2Fshop%2Fweb%2F0"
    )


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"externalUrl": "https://prometheus.example/k8s/"}, ["https://prometheus.example/k8s"]),
        ({}, []),
    ],
)
def test_one_of_a_cluster_is_reached_where_its_resource_says(spec, expected):
    found = links(an_incident(), a_prometheus(resource={"spec": spec}), Places())

    assert [url.partition("/targets")[0] for _, url in found] == expected


def test_our_page_and_dashboard_are_named_where_people_reach_them():
    found = dict(links(an_incident(cause="monitor-deleted"), None, EVERYWHERE))

    assert found == {
        "Job": "https://watcher.example/jobs/monitoring/k8s/serviceMonitor/shop/web/0",
        "Cause": "https://watcher.example/causes/monitor-deleted",
        "All jobs": "https://watcher.example/",
        "Dashboard": "https://grafana.example/d/w?x=1&var-prometheus=monitoring%2Fk8s",
    }


def test_without_a_cause_there_is_no_page_of_it():
    found = links(
        an_incident(cause=None), None, Places(page="https://watcher.example", dashboard="d")
    )

    assert [text for text, _ in found] == ["Job", "All jobs", "Dashboard"]
