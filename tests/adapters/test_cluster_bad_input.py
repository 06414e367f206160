"""Objects that the CRD allows and nobody expects, over HTTP: never a crash, never half for whole."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import NOW
from tests.kube_api import KubeApi as Cluster
from tests.kube_objects import (
    a_namespace,
    a_pod_monitor,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    an_object,
    connected,
)
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.adapters.kubernetes.reading import workloads_of
from watcher.model.kube import KubeObject
from watcher.settings import Settings

MONITORS = "/apis/monitoring.coreos.com/v1/servicemonitors"
LONG = "x" * 63


@pytest.fixture
def cluster():
    with Cluster() as api:
        api.apply(a_prometheus_resource(probeSelector={}, probeNamespaceSelector={}))
        for name in ("monitoring", "shop"):
            api.apply(a_namespace(name))
        api.apply(a_service_monitor("good", "shop"))
        yield api


def snapshot(cluster, tmp_path):
    return ClusterSource(connected(cluster, tmp_path), Settings()).snapshot(NOW)


def pools(found):
    return {job.pool for job in found.jobs}


GOOD = "serviceMonitor/shop/good/0"


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ({"endpoints": []}, 0),
        ({"endpoints": [{}]}, 1),
        ({"endpoints": [{"port": "http|metrics.*"}]}, 1),
        ({"endpoints": [{"port": "["}, {"targetPort": "(?<name>x)"}]}, 2),
        ({"endpoints": [{"targetPort": 0}, {"targetPort": 70000}]}, 2),
        ({"endpoints": [{"port": "größe", "path": "/ü mlaut?x=y#z"}]}, 1),
        ({"selector": {"matchLabels": {LONG: LONG}}}, 1),
        ({"selector": {"matchLabels": {f"{'a.' * 126}a/{LONG}": ""}}}, 1),
        ({"endpoints": [{"port": "a"}] * 40}, 40),
        ({"endpoints": [{"params": {"x": []}}, {"params": {"": [""]}}]}, 2),
        ({"endpoints": [{"interval": "", "scrapeTimeout": "1y2w3d"}]}, 1),
        ({"namespaceSelector": {"any": True, "matchNames": ["shop"]}}, 1),
        ({"unheard": {"of": ["field"]}, "selectorMechanism": "Telepathy"}, 1),
    ],
)
def test_whatever_the_schema_allows_makes_its_jobs_and_harms_no_other(
    cluster, tmp_path, spec, count
):
    cluster.apply(a_service("web", "shop", {LONG: LONG}, ports=[{"name": "http", "port": 80}]))
    cluster.apply(a_service_monitor("odd", "shop", **spec))

    found = snapshot(cluster, tmp_path)

    assert pools(found) == {GOOD, *(f"serviceMonitor/shop/odd/{n}" for n in range(count))}
    assert len({job.key for job in found.jobs}) == count + 1
    assert found.unreadable == ()


@pytest.mark.parametrize("metadata", [False, [], {"name": False}, {"name": "prometheus-k8s"}])
def test_a_workload_without_a_usable_name_is_nobodys(metadata):
    owner = KubeObject(a_prometheus_resource())
    own = KubeObject({"metadata": {"name": "prometheus-k8s", "namespace": owner.namespace}})

    assert workloads_of(owner, [KubeObject({"metadata": metadata}), own]) == (own,)


def test_names_and_labels_of_63_letters_are_whole(cluster, tmp_path):
    prometheus = a_prometheus_resource(serviceMonitorSelector={"matchLabels": {LONG: LONG}})
    cluster.apply(prometheus)
    cluster.apply(a_service_monitor(LONG, "shop", labels={LONG: LONG}))

    assert pools(snapshot(cluster, tmp_path)) == {f"serviceMonitor/shop/{LONG}/0"}


def test_two_prometheuses_of_one_name_each_have_their_jobs(cluster, tmp_path):
    cluster.apply(a_prometheus_resource("k8s", "shop"))

    found = snapshot(cluster, tmp_path)

    assert [(job.prometheus, job.pool) for job in found.jobs] == [
        ("monitoring/k8s", GOOD),
        ("shop/k8s", GOOD),
    ]
    assert len({job.key for job in found.jobs}) == 2


@pytest.mark.parametrize("version", ["v99.0.0", "latest", "", "3", "3.5.0-rc.1+größe", "v"])
def test_unknown_versions_are_todays(cluster, tmp_path, version):
    cluster.apply(a_prometheus_resource(version=version))
    cluster.apply(a_pod_monitor("pods", "shop"))

    found = snapshot(cluster, tmp_path)

    assert pools(found) == {GOOD, "podMonitor/shop/pods/0"}
    assert found.unreadable == ()


def test_annotations_out_of_ascii_are_kept_as_they_are(cluster, tmp_path):
    raw = a_service_monitor("odd", "shop")
    raw["metadata"]["annotations"] = {"watcher/owner": "Mannschaft Größe 五"}
    cluster.apply(raw)

    owners = {job.steering.owner for job in snapshot(cluster, tmp_path).jobs}

    assert owners == {None, "Mannschaft Größe 五"}


FULL = a_service_monitor(
    "odd",
    "shop",
    labels={"a": "b"},
    jobLabel="app",
    namespaceSelector={"matchNames": ["shop"]},
    endpoints=[
        {
            "port": "http",
            "path": "/m",
            "scheme": "https",
            "params": {"x": ["y"]},
            "tlsConfig": {"caFile": "/ca", "cert": {"secret": {"name": "s", "key": "k"}}},
            "relabelings": [{"action": "keep", "sourceLabels": ["a"], "regex": "b"}],
        }
    ],
)
FULL["metadata"]["annotations"] = {"watcher/until": "2026-01-01"}
FULL["metadata"]["managedFields"] = [{"manager": "m", "time": "2026-01-01T00:00:00Z"}]


def places(raw, *before):
    """Every place in *raw*, as the steps to it."""
    steps = raw.items() if isinstance(raw, dict) else enumerate(raw)
    for step, inner in steps:
        yield (*before, step)
        if isinstance(inner, dict | list):
            yield from places(inner, *before, step)


def with_wrong(place, wrong):
    raw = copy.deepcopy(FULL)
    inner = raw
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = wrong
    return raw


STRANGE = st.sampled_from([None, 0, -1, 1.5, True, "", "text", [], ["x"], [[]], {}, {"x": {}}])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(places(FULL))), STRANGE)
def test_a_wrong_type_at_any_place_costs_that_object_alone(cluster, tmp_path, place, wrong):
    good = cluster.get("ServiceMonitor", "shop", "good")
    items = [with_wrong(place, wrong), good]
    body = {"kind": "ServiceMonitorList", "metadata": {}, "items": items}
    cluster.fail(MONITORS, body=json.dumps(body).encode())

    found = snapshot(cluster, tmp_path)

    assert GOOD in pools(found)
    for unreadable in found.unreadable:
        assert "odd" in unreadable.source or place[0] in {"metadata", "kind"}
        assert unreadable.error.endswith("correct the object")


@pytest.mark.parametrize("kind", [None, [None], {"x": {}}, 1])
def test_the_kind_of_an_item_is_that_of_its_list(cluster, tmp_path, kind):
    items = [cluster.get("Prometheus", "monitoring", "k8s") | {"kind": kind}]
    body = {"kind": "PrometheusList", "metadata": {}, "items": items}
    cluster.fail("/apis/monitoring.coreos.com/v1/prometheuses", body=json.dumps(body).encode())

    found = snapshot(cluster, tmp_path)

    assert (pools(found), found.unreadable) == ({GOOD}, ())


def test_a_list_that_keeps_changing_between_its_pages_is_no_half_list(cluster, tmp_path):
    first = {
        "kind": "ServiceMonitorList",
        "metadata": {"continue": "more", "resourceVersion": "1"},
        "items": [cluster.get("ServiceMonitor", "shop", "good")],
    }
    api = connected(cluster, tmp_path)
    for _ in range(3):  # the newest goes first: a page, then 410, and so on
        cluster.fail(MONITORS, status=410, times=1)
        cluster.fail(MONITORS, body=json.dumps(first).encode(), times=1)

    found = ClusterSource(api, Settings()).snapshot(NOW)
    [unreadable] = found.unreadable

    assert found.jobs == ()
    assert unreadable.source == "servicemonitors"
    assert "expired between its pages" in unreadable.error
    assert unreadable.hides == ("ServiceMonitor",)


def test_fifty_thousand_objects_are_all_seen(cluster, tmp_path):
    services = [
        {"metadata": {"name": f"s-{n}", "namespace": "shop", "labels": {"n": str(n)}}}
        for n in range(50_000)
    ]
    body = {"kind": "ServiceList", "metadata": {}, "items": services}
    cluster.fail("/api/v1/services", body=json.dumps(body).encode())
    chosen = {"selector": {"matchLabels": {"n": "49999"}}}
    cluster.apply(a_service_monitor("last", "shop", **chosen))
    endpoints = an_object(
        "Endpoints",
        "s-49999",
        "shop",
        subsets=[{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "http", "port": 80}]}],
    )
    cluster.apply(endpoints)

    targets = {job.monitor.name: job.targets for job in snapshot(cluster, tmp_path).jobs}

    assert targets == {"good": 1, "last": 1}
