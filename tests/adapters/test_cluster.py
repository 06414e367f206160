"""What should be scraped, read from a cluster over real HTTP."""

import gc
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.kube_api import KubeApi as Cluster
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_pod_monitor,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    a_stateful_set,
    an_object,
    an_operator,
    connected,
)
from tests.patience import LONG
from watcher.adapters.kubernetes.cluster import ClusterSource
from watcher.errors import SourceUnavailable
from watcher.settings import Settings

SELECTORS = ("Selector", "NamespaceSelector")
KUBE_PROMETHEUS = Path(__file__).parents[1] / "data" / "kube-prometheus"


@pytest.fixture
def cluster():
    with Cluster() as api:
        for name in ("monitoring", "shop"):
            api.apply(a_namespace(name))
        yield api


def source(cluster, tmp_path, *, token=None, timeout=LONG, **settings):
    api = connected(cluster, tmp_path, token=token, timeout=timeout)
    return ClusterSource(api, Settings.model_validate(settings))


def pools(expectations):
    return [job.pool for job in expectations.jobs]


def urls(expectations):
    return [server.url for p in expectations.prometheuses for server in p.servers]


def watcher_with(cluster, *rights):
    """A token of an account that may do only this: tuples of verb, group, plural, namespace."""
    for verb, group, plural, namespace in rights:
        user = "system:serviceaccount:monitoring:watcher"
        cluster.allow(user, verb, group, plural, namespace)
    return cluster.token_for("monitoring", "watcher")


def test_kube_prometheus_asks_for_22_pools_of_which_4_are_of_the_kubelet(cluster, tmp_path):
    for path in sorted(KUBE_PROMETHEUS.glob("*.yaml")):
        cluster.apply_all(path)

    found = source(cluster, tmp_path).snapshot(NOW)

    assert len(found.jobs) == 22
    assert len({job.monitor for job in found.jobs}) == 13
    assert sum("/kubelet/" in pool for pool in pools(found)) == 4
    assert found.unreadable == ()


def test_servers_are_the_pods_at_their_own_address(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_prometheus_pod("prometheus-k8s-0", ip="10.0.0.1"))
    cluster.apply(a_prometheus_pod("prometheus-k8s-1", ip="fd00::1"))
    cluster.apply(a_pod("other", "monitoring", ip="10.0.0.9"))

    found = source(cluster, tmp_path).snapshot(NOW)

    assert urls(found) == ["http://10.0.0.1:9090", "http://[fd00::1]:9090"]


def test_servers_are_reached_as_their_resource_says(cluster, tmp_path):
    web = {"tlsConfig": {"cert": {}}}
    cluster.apply(a_prometheus_resource(web=web, routePrefix="/prom/", portName="http"))
    ports = [{"name": "http", "containerPort": 9999}]
    cluster.apply(a_prometheus_pod(ip="10.0.0.1", ports=ports))

    found = source(cluster, tmp_path).snapshot(NOW)

    assert urls(found) == ["https://10.0.0.1:9999/prom"]


def test_servers_that_listen_for_their_own_pod_alone_are_told_with_what_to_do(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(listenLocal=True))
    by_hand = {"name": "monitoring/k8s", "servers": [{"name": "p-0", "url": "http://127.0.0.1:1"}]}

    unreadable = source(cluster, tmp_path).snapshot(NOW).unreadable
    named = source(cluster, tmp_path, prometheuses=[by_hand]).snapshot(NOW).unreadable

    assert ["spec.listenLocal" in each.error for each in unreadable] == [True]
    assert named == ()


def test_servers_are_reached_through_the_api_server_where_the_settings_say_so(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(routePrefix="/prom", web={"tlsConfig": {"cert": {}}}))
    cluster.apply(a_prometheus_pod(ip="10.0.0.1"))

    found = source(cluster, tmp_path, kubernetes={"proxy": True}).snapshot(NOW)

    path = "/api/v1/namespaces/monitoring/pods/https:prometheus-k8s-0:9090/proxy/prom"
    assert urls(found) == [cluster.url + path]


def test_a_pod_without_an_address_is_a_server_that_cannot_be_read_and_no_missing_one(
    cluster, tmp_path
):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_prometheus_pod())

    found = source(cluster, tmp_path).snapshot(NOW)

    assert urls(found) == ["http://prometheus-k8s-0.prometheus-operated.monitoring.svc:9090"]


def test_servers_of_the_settings_go_before_the_pods(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_prometheus_pod(ip="10.0.0.1"))
    cluster.apply(a_service_monitor(namespace="shop"))
    server = {"name": "one", "url": "http://127.0.0.1:1/", "log_file": "k8s.log", "replica": 2}
    named = [{"name": "monitoring/k8s", "servers": [server]}]

    found = source(cluster, tmp_path, prometheuses=named).snapshot(NOW)

    (prometheus,) = found.prometheuses
    (only,) = prometheus.servers
    assert (only.name, only.url, only.replica) == ("one", "http://127.0.0.1:1", 2)
    assert only.log_file == "k8s.log"
    assert prometheus.resource is not None
    assert pools(found) == ["serviceMonitor/shop/web/0"]


def test_only_what_the_settings_name_is_watched(cluster, tmp_path):
    cluster.apply(a_prometheus_resource("k8s"))
    cluster.apply(a_prometheus_resource("other"))
    cluster.apply(a_service_monitor(namespace="shop"))

    found = source(cluster, tmp_path, prometheuses=[{"name": "monitoring/other"}]).snapshot(NOW)

    assert [p.name for p in found.prometheuses] == ["monitoring/other"]
    assert {job.prometheus for job in found.jobs} == {"monitoring/other"}
    assert found.unreadable == ()


def test_a_named_prometheus_that_is_not_there_is_told_with_what_to_do(cluster, tmp_path):
    found = source(cluster, tmp_path, prometheuses=[{"name": "monitoring/k9s"}]).snapshot(NOW)

    (lacking,) = found.unreadable
    assert lacking.source == "kubernetes: monitoring/k9s"
    assert "there is no Prometheus monitoring/k9s: correct its name" in lacking.error


def test_a_prometheus_by_url_needs_no_resource_and_no_cluster():
    servers = [{"name": "one", "url": "http://127.0.0.1:1"}]
    settings = Settings.model_validate({"prometheuses": [{"name": "edge", "servers": servers}]})

    found = ClusterSource(None, settings).snapshot(NOW)

    assert [(p.name, p.resource) for p in found.prometheuses] == [("edge", None)]
    assert found.unreadable == ()
    assert ClusterSource(None, settings).mounts(NOW) == ()


def test_a_prometheus_by_name_alone_without_a_cluster_says_what_to_do():
    settings = Settings.model_validate({"prometheuses": [{"name": "monitoring/k8s"}]})

    (lacking,) = ClusterSource(None, settings).snapshot(NOW).unreadable

    assert "give access to a Kubernetes API" in lacking.error


def test_kinds_that_are_not_installed_are_no_trouble(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_service_monitor(namespace="shop"))
    for plural in ("prometheusagents", "scrapeconfigs", "probes"):
        cluster.delete("CustomResourceDefinition", None, f"{plural}.monitoring.coreos.com")

    found = source(cluster, tmp_path).snapshot(NOW)

    assert pools(found) == ["serviceMonitor/shop/web/0"]
    assert found.unreadable == ()


def test_one_kind_that_may_not_be_read_hides_only_itself(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_service_monitor(namespace="shop"))
    cluster.fail("*/podmonitors", status=403)

    found = source(cluster, tmp_path).snapshot(NOW)

    assert pools(found) == ["serviceMonitor/shop/web/0"]
    (unreadable,) = found.unreadable
    assert unreadable.permission == "list podmonitors.monitoring.coreos.com in all namespaces"
    assert unreadable.hides == ("PodMonitor",)


def test_without_any_right_nothing_is_known_and_that_is_an_error(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())

    with pytest.raises(SourceUnavailable) as caught:
        source(cluster, tmp_path, token=watcher_with(cluster)).snapshot(NOW)
    assert caught.value.permission == "list prometheuses.monitoring.coreos.com in all namespaces"


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"html": True}, {"half_json": True}, {"drop": True}, {"hang": 2}]
)
def test_an_api_server_out_of_order_is_an_error_at_once(cluster, tmp_path, fault):
    cluster.fail("*", **fault)

    with pytest.raises(SourceUnavailable):
        source(cluster, tmp_path, timeout="300ms").snapshot(NOW)
    assert len(cluster.requests) == 1


def test_rights_in_some_namespaces_read_these(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(namespace="shop"))
    cluster.apply(a_prometheus_resource(namespace="monitoring"))
    cluster.apply(a_service_monitor(namespace="shop"))
    token = watcher_with(cluster, ("list", "*", "*", "shop"), ("get", "", "namespaces", "shop"))
    kubernetes = {"namespaces": ["shop"]}

    found = source(cluster, tmp_path, token=token, kubernetes=kubernetes).snapshot(NOW)

    assert [p.name for p in found.prometheuses] == ["shop/k8s"]
    assert pools(found) == ["serviceMonitor/shop/web/0"]
    assert found.unreadable == ()


def test_namespaces_of_the_settings_choose_the_prometheuses_not_the_monitors(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(namespace="shop"))
    cluster.apply(a_prometheus_resource(namespace="monitoring"))
    cluster.apply(a_service_monitor(namespace="shop"))

    found = source(cluster, tmp_path, kubernetes={"namespaces": ["monitoring"]}).snapshot(NOW)

    assert [p.name for p in found.prometheuses] == ["monitoring/k8s"]
    assert pools(found) == ["serviceMonitor/shop/web/0"]


def test_target_pods_are_read_only_where_monitors_look(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    watched = source(cluster, tmp_path)

    def asked():
        cluster.forget_requests()
        watched.snapshot(NOW)
        plain = {r.path for r in cluster.requests if "labelSelector" not in r.query}
        return {path for path in plain if path.endswith("/pods")}

    without = asked()
    cluster.apply(a_pod_monitor(namespace="shop"))
    own = asked()
    blocks = [{"role": "Pod", "namespaces": {"names": ["far"], "ownNamespace": True}}]
    cluster.apply(
        an_object(
            "ScrapeConfig",
            "some",
            "shop",
            "monitoring.coreos.com/v1alpha1",
            spec={"kubernetesSDConfigs": blocks},
        )
    )
    named = asked()
    cluster.apply(a_pod_monitor(namespace="shop", namespaceSelector={"any": True}))
    everywhere = asked()

    assert (without, everywhere) == (set(), {"/api/v1/pods"})
    assert own == {"/api/v1/namespaces/shop/pods"}
    assert named == {f"/api/v1/namespaces/{name}/pods" for name in ("shop", "far", "monitoring")}


def test_workloads_are_read_only_where_monitors_look_for_pods_and_count_after_settle(
    cluster, tmp_path
):
    cluster.apply(a_prometheus_resource())
    watched = source(cluster, tmp_path, settle="5m")
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web"}]}}

    def asked():
        cluster.forget_requests()
        found = watched.snapshot(datetime.now(UTC) + timedelta(hours=1))
        paths = {r.path.rpartition("/")[2] for r in cluster.requests}
        return paths & {"statefulsets", "daemonsets"}, [job.targets for job in found.jobs]

    nobody = asked()
    cluster.apply(a_service_monitor(namespace="shop"))
    ports = [{"name": "http", "port": 80}]
    cluster.apply(a_service(namespace="shop", selector={"app": "web"}, ports=ports))
    cluster.apply(
        an_object(
            "StatefulSet",
            "web",
            "shop",
            "apps/v1",
            spec={"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        )
    )
    somebody = asked()

    assert nobody == (set(), [])
    assert somebody == ({"statefulsets", "daemonsets"}, [3])


def test_endpoints_and_slices_are_read_only_where_services_are_looked_for_by_them(
    cluster, tmp_path
):
    both = {"/api/v1/endpoints", "/apis/discovery.k8s.io/v1/endpointslices"}
    watched = source(cluster, tmp_path)

    def asked():
        cluster.forget_requests()
        watched.snapshot(NOW)
        return sorted(both & {request.path for request in cluster.requests})

    cluster.apply(a_prometheus_resource())
    nobody = asked()
    cluster.apply(a_service_monitor("old", "shop"))
    by_default = asked()
    cluster.apply(a_prometheus_resource(serviceDiscoveryRole="EndpointSlice"))
    by_slices = asked()
    cluster.apply(a_service_monitor("own", "shop", serviceDiscoveryRole="Endpoints"))
    cluster.apply(a_service_monitor("bad", "shop", serviceDiscoveryRole=["Endpoints"]))

    assert (nobody, by_default, by_slices) == ([], sorted(both)[:1], sorted(both)[1:])
    assert asked() == sorted(both)


def test_ingresses_and_nodes_are_read_only_where_somebody_looks_for_them(cluster, tmp_path):
    selects = {f"{kind}{what}": {} for kind in ("probe", "scrapeConfig") for what in SELECTORS}
    cluster.apply(a_prometheus_resource(**selects))
    source(cluster, tmp_path).snapshot(NOW)
    before = {request.path for request in cluster.requests}
    group = "monitoring.coreos.com"
    for kind, version, spec in (
        ("Probe", "v1", {"targets": {"ingress": {"selector": {}}}}),
        ("ScrapeConfig", "v1alpha1", {"kubernetesSDConfigs": [{"role": "Node"}]}),
    ):
        cluster.apply(an_object(kind, "some", "shop", f"{group}/{version}", spec=spec))
    addresses = [{"type": "InternalIP", "address": "10.0.1.1"}]
    cluster.apply(an_object("Node", "node-1", status={"addresses": addresses}))
    rules = {"rules": [{"host": "a.example"}, {"host": "b.example"}]}
    cluster.apply(an_object("Ingress", "web", "shop", "networking.k8s.io/v1", spec=rules))

    jobs = source(cluster, tmp_path).snapshot(NOW).jobs

    asked = {"/apis/networking.k8s.io/v1/ingresses", "/api/v1/nodes"}
    assert not asked & before
    assert asked <= {request.path for request in cluster.requests}
    assert {job.pool: job.targets for job in jobs} == {
        "probe/shop/some": 2,
        "scrapeConfig/shop/some": 1,
    }


def test_an_operator_is_found_by_its_image_where_it_has_no_label(cluster, tmp_path):
    scoped = an_operator("my-operator", image="mirror/prometheus-operator:v0.93.0")
    containers = scoped["spec"]["template"]["spec"]["containers"]
    containers[0]["args"] = ["--deny-namespaces=shop"]
    reloader = an_operator(
        "reloader", image="mirror/prometheus-operator/prometheus-config-reloader"
    )
    cluster.apply(scoped)
    cluster.apply(reloader)
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_service_monitor(namespace="shop"))

    found = source(cluster, tmp_path).snapshot(NOW)

    assert found.jobs == ()
    assert [unselected.monitor.namespace for unselected in found.unselected] == ["shop"]


def test_an_operator_without_the_label_is_found_beside_one_that_has_it(cluster, tmp_path):
    narrow = an_operator(labels={"app.kubernetes.io/name": "prometheus-operator"})
    narrow["spec"]["template"]["spec"]["containers"][0]["args"] = ["--namespaces=far"]
    cluster.apply(narrow)
    cluster.apply(an_operator("kps-operator"))
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_service_monitor(namespace="shop"))

    assert len(source(cluster, tmp_path).snapshot(NOW).jobs) == 1


def test_an_operator_under_names_of_its_own_is_found_by_its_flags(cluster, tmp_path):
    mirrored = an_operator("blue", image="mirror/po:v1")
    container = mirrored["spec"]["template"]["spec"]["containers"][0]
    container |= {"name": "manager", "args": ["--controller-id=blue"]}
    taken = a_prometheus_resource()
    taken["metadata"]["annotations"] = {"operator.prometheus.io/controller-id": "blue"}
    cluster.apply(an_operator(labels={"app.kubernetes.io/name": "prometheus-operator"}))
    cluster.apply(mirrored)
    cluster.apply(taken)
    cluster.apply(a_service_monitor(namespace="shop"))

    assert len(source(cluster, tmp_path).snapshot(NOW).jobs) == 1


def test_the_operators_admission_webhook_is_no_operator(cluster, tmp_path):
    scoped = an_operator("kps-operator")
    scoped["spec"]["template"]["spec"]["containers"][0]["args"] = ["--deny-namespaces=shop"]
    webhook = an_operator(
        "prometheus-operator-admission-webhook",
        image="quay.io/prometheus-operator/admission-webhook:v0.93.0",
    )
    cluster.apply(scoped)
    cluster.apply(webhook)
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_service_monitor(namespace="shop"))

    assert source(cluster, tmp_path).snapshot(NOW).jobs == ()


def test_one_bad_object_costs_only_itself(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_service_monitor("good", "shop"))
    cluster.apply(a_service_monitor("bad", "shop", endpoints="none"))

    found = source(cluster, tmp_path).snapshot(NOW)

    assert pools(found) == ["serviceMonitor/shop/good/0"]
    assert [u.source for u in found.unreadable] == ["ServiceMonitor shop/bad"]


@pytest.mark.parametrize(
    "junk", [{"metadata": {}}, {"metadata": None}, {"metadata": {"name": 5, "namespace": "shop"}}]
)
def test_an_object_without_a_name_costs_only_itself(cluster, tmp_path, junk):
    path = "/apis/monitoring.coreos.com/v1/prometheuses"
    items = [junk, a_prometheus_resource(serviceMonitorNamespaceSelector={})]
    body = {"kind": "PrometheusList", "apiVersion": "v1", "metadata": {}, "items": items}
    cluster.fail(path, body=json.dumps(body).encode())
    cluster.apply(a_service_monitor("good", "shop"))
    read = source(cluster, tmp_path)

    found = read.snapshot(NOW)

    assert pools(found) == ["serviceMonitor/shop/good/0"]
    assert read.mounts(NOW) == ()


def test_a_pod_with_a_status_of_a_wrong_type_is_a_server_that_cannot_be_read(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    body = {"kind": "PodList", "metadata": {}, "items": [a_prometheus_pod() | {"status": "broken"}]}
    cluster.fail("/api/v1/pods", body=json.dumps(body).encode())

    found = source(cluster, tmp_path).snapshot(NOW)

    assert urls(found) == ["http://prometheus-k8s-0.prometheus-operated.monitoring.svc:9090"]


def test_mounts_are_told_with_who_made_them_and_whether_they_last(cluster, tmp_path):
    at = "2021-01-05T10:00:00Z"
    path = "/etc/ssl/private/kubelet"
    patched = {
        "manager": "kubectl-patch",
        "operation": "Update",
        "time": at,
        "fieldsV1": {
            "f:spec": {
                "f:template": {
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"prometheus"}': {
                                "f:volumeMounts": {f'k:{{"mountPath":"{path}"}}': {}}
                            }
                        }
                    }
                }
            }
        },
    }
    mounts = [("/etc/prometheus/secrets/kept", "kept"), (path, "kubelet-tls")]
    cluster.apply(a_prometheus_resource(secrets=["kept"]))
    cluster.apply(a_stateful_set(mounts=mounts, managed=[patched]))
    cluster.apply(a_stateful_set("other", mounts=mounts))

    kept, patched_in = source(cluster, tmp_path).mounts(NOW)

    assert (kept.secret, kept.permanent, kept.who) == ("kept", True, None)
    assert patched_in.stateful_set == "monitoring/prometheus-k8s"
    assert (patched_in.mount_path, patched_in.secret) == (path, "kubelet-tls")
    assert not patched_in.permanent
    assert (patched_in.who, patched_in.operation) == ("kubectl-patch", "Update")
    assert patched_in.changed_at == datetime(2021, 1, 5, 10, tzinfo=UTC)


def test_mounts_that_may_not_be_read_are_no_reason_to_fail(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.apply(a_stateful_set(mounts=[("/x", "x")]))
    cluster.fail("*/statefulsets", status=403)

    assert source(cluster, tmp_path).mounts(NOW) == ()


def a_node(name):
    return an_object("Node", name)


def test_nodes_are_counted_where_a_pin_asks_for_their_number(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    for name in ("one", "two"):
        cluster.apply(a_node(name))
    pinned = {"pinned": [{"name": "kubelet", "pool": "*/kubelet/*", "targets": "nodes"}]}

    assert source(cluster, tmp_path).snapshot(NOW).nodes is None
    assert source(cluster, tmp_path, expect=pinned).snapshot(NOW).nodes == 2


def test_nodes_that_may_not_be_read_are_told_and_hide_nothing(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    token = watcher_with(cluster, ("list", "monitoring.coreos.com", "*", "*"))
    pinned = {"pinned": [{"name": "kubelet", "pool": "*/kubelet/*", "targets": "nodes"}]}

    found = source(cluster, tmp_path, token=token, expect=pinned).snapshot(NOW)
    [nodes] = [u for u in found.unreadable if u.source == "nodes"]

    assert (found.nodes, nodes.permission, nodes.hides) == (None, "list nodes", ())


def test_a_kind_that_the_api_server_does_not_know_is_named(cluster, tmp_path):
    cluster.apply(a_prometheus_resource())
    cluster.delete("CustomResourceDefinition", None, "servicemonitors.monitoring.coreos.com")

    assert source(cluster, tmp_path).snapshot(NOW).unserved == ("ServiceMonitor",)


def test_credentials_in_a_servers_address_stay_out_of_what_is_remembered(cluster, tmp_path):
    place = {"name": "edge", "servers": [{"name": "s", "url": "http://me:secret@edge:9090/p/"}]}

    found = source(cluster, tmp_path, prometheuses=[place]).snapshot(NOW)

    assert urls(found) == ["http://edge:9090/p"]


def test_a_snapshot_gives_the_collector_back_also_where_it_fails(cluster, tmp_path):
    assert gc.isenabled()
    cluster.fail("*", status=500)

    with pytest.raises(SourceUnavailable):
        source(cluster, tmp_path).snapshot(NOW)

    assert gc.isenabled()
    cluster.heal()
    source(cluster, tmp_path).snapshot(NOW)
    assert gc.isenabled()
