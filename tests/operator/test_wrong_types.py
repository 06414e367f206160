"""A field of a wrong type anywhere in a cluster costs the object that it is in, never all of them."""

import copy

import pytest

from tests.builders import NOW
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_pod_monitor,
    a_probe,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    an_ingress,
    an_object,
    an_operator,
)
from watcher.model.facts import Known
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.expect import Cluster, expect

WRONG = (None, -1, 1.5, True, "", "text", [], ["x"], [[]], [None], {}, {"x": {}}, {"x": ["y"]})
RELABELING = {"action": "replace", "sourceLabels": ["a"], "targetLabel": "b", "replacement": "c"}
ENDPOINT = {
    "port": "http",
    "path": "/m",
    "scheme": "https",
    "interval": "30s",
    "params": {"x": ["y"]},
    "tlsConfig": {"caFile": "/ca", "cert": {"secret": {"name": "s", "key": "k"}}},
    "relabelings": [RELABELING],
    "metricRelabelings": [RELABELING],
}
SELECTOR = {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]}
WITHIN = {"selector": SELECTOR, "namespaceSelector": {"matchNames": ["shop"]}}
SELECTS = {
    f"{kind}{what}": {}
    for kind in ("serviceMonitor", "podMonitor", "probe", "scrapeConfig")
    for what in ("Selector", "NamespaceSelector")
}
SUBSET = {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "http", "port": 80}]}
SLICE = {
    "metadata": {"labels": {"kubernetes.io/service-name": "web"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
    "ports": [{"name": "http", "port": 80}],
}
BLOCKS = {
    "staticConfigs": [{"targets": ["a:1"], "labels": {"a": "b"}}],
    "kubernetesSDConfigs": [{"role": "Pod", "namespaces": {"names": ["shop"]}}],
    "relabelings": [RELABELING],
}
PORT = [{"name": "http", "containerPort": 80, "protocol": "TCP"}]
MONITORING = "monitoring.coreos.com/v1alpha1"
WORLD = {
    "prometheuses": [a_prometheus_resource(version="v3.0.0", replicas=1, shards=1, **SELECTS)],
    "namespaces": [a_namespace("shop", a="b"), a_namespace("monitoring")],
    "operators": [an_operator()],
    "pods": [a_prometheus_pod(ip="10.0.0.9")],
    "services": [a_service("web", "shop", {"a": "b"}, ports=[{"name": "http", "port": 80}])],
    "endpoints": [an_object("Endpoints", "web", "shop", subsets=[SUBSET])],
    "endpoint_slices": [an_object("EndpointSlice", "web-1", "shop", **SLICE)],
    "target_pods": [a_pod("web-0", "shop", labels={"a": "b"}, ports=PORT, ip="10.0.0.1")],
    "ingresses": [an_ingress("web", {"host": "h", "http": {"paths": [{"path": "/"}]}})],
    "nodes": [
        an_object("Node", "n", status={"addresses": [{"type": "InternalIP", "address": "a"}]})
    ],
    MonitorKind.SERVICE_MONITOR: [
        a_service_monitor("web", "shop", {"a": "b"}, endpoints=[ENDPOINT], **WITHIN)
    ],
    MonitorKind.POD_MONITOR: [
        a_pod_monitor("web", "shop", podMetricsEndpoints=[ENDPOINT], **WITHIN)
    ],
    MonitorKind.PROBE: [
        a_probe("in", "shop", ingress=WITHIN),
        a_probe("static", "shop", staticConfig={"static": ["a"], "labels": {"a": "b"}}),
    ],
    MonitorKind.SCRAPE_CONFIG: [an_object("ScrapeConfig", "raw", "shop", MONITORING, spec=BLOCKS)],
}


def places(raw, *before):
    """Every place in *raw*, as the steps to it."""
    steps = raw.items() if isinstance(raw, dict) else enumerate(raw)
    for step, inner in steps:
        yield (*before, step)
        if isinstance(inner, dict | list):
            yield from places(inner, *before, step)


def expected(world):
    monitors = {kind: objects(world[kind]) for kind in MonitorKind}
    rest = {name: objects(held) for name, held in world.items() if name not in monitors}
    return expect(Cluster(monitors=monitors, **rest), NOW, lambda _pod, _of: "http://p:9090")


def objects(raws):
    return Known(tuple(map(KubeObject, raws)))


@pytest.mark.parametrize("kind", WORLD, ids=str)
def test_a_wrong_type_at_any_place_costs_that_object_alone(kind):
    others = {job.pool for job in expected(WORLD | {kind: []}).jobs}
    told = set()
    for place in places(WORLD[kind]):
        for wrong in WRONG if len(place) > 1 else ():
            found = expected(WORLD | {kind: changed(WORLD[kind], place, wrong)})
            told |= {unreadable.error for unreadable in found.unreadable}
            if kind in list(MonitorKind):
                assert others <= {job.pool for job in found.jobs}

    assert told
    for error in told:
        assert error.startswith("field ")
        assert error.endswith("; correct the object")


def changed(raws, place, wrong):
    held = copy.deepcopy(raws)
    inner = held
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = wrong
    return held
