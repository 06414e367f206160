from datetime import timedelta

import pytest

from tests.operator.things import (
    NOW,
    expected,
    pod_monitor,
    probe,
    prometheus,
    scrape_config,
    service_monitor,
    thing,
)
from watcher.model.facts import Unavailable

APP = {"app": "app"}
SLICES = {"serviceDiscoveryRole": "EndpointSlice"}


def service(name="app", *, labels=APP, namespace="monitoring"):
    return thing("Service", name, namespace=namespace, labels=labels, spec={})


def endpoints(*ready, name="app", not_ready=(), port="web", namespace="monitoring", labels=APP):
    subset = {
        "addresses": [{"ip": ip} for ip in ready],
        "notReadyAddresses": [{"ip": ip} for ip in not_ready],
        "ports": [{"name": port, "port": 8080}, {"name": "other", "port": 9}],
    }
    return thing("Endpoints", name, namespace=namespace, labels=labels, subsets=[subset])


def endpoint_slice(*addresses, name="app-1", service_name="app", ready=True):
    return thing(
        "EndpointSlice",
        name,
        labels={**APP, "kubernetes.io/service-name": service_name},
        endpoints=[{"addresses": [ip], "conditions": {"ready": ready}} for ip in addresses],
        ports=[{"name": "web", "port": 8080}],
    )


def pod(name, *ports, phase="Running", ip="10.0.0.1", labels=APP):
    declared = [{"name": port, "containerPort": 8000 + n} for n, port in enumerate(ports)]
    spec = {"containers": [{"name": "c", "ports": declared}]}
    return thing("Pod", name, labels=labels, spec=spec, status={"phase": phase, "podIP": ip})


def count(monitor, **kinds):
    spec = kinds.pop("spec", {})
    found = expected(monitor, **{"prometheuses": (prometheus(**spec),), **kinds})
    assert found.unreadable == ()
    return tuple(job.targets for job in found.jobs)


def test_ready_and_not_ready_addresses_count_as_both_are_scraped():
    behind = (endpoints("10.0.0.1", "10.0.0.2", not_ready=("10.0.0.3",)),)

    assert count(service_monitor(), services=(service(),), endpoints=behind) == (3,)


def test_slices_count_where_they_are_the_role_and_an_address_in_two_of_them_counts_once():
    behind = (
        endpoint_slice("10.0.0.1", "10.0.0.2"),
        endpoint_slice("10.0.0.2", "10.0.0.3", name="app-2", ready=False),
    )
    old = (endpoints("10.0.0.1"),)
    kinds = {"services": (service(),), "endpoints": old, "endpoint_slices": behind}

    assert count(service_monitor(), spec=SLICES, **kinds) == (3,)
    assert count(service_monitor(), **kinds) == (1,)
    assert count(service_monitor(spec=SLICES), **kinds) == (3,)


def test_slices_are_not_used_by_a_prometheus_older_than_2_21():
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1"),)}

    assert count(service_monitor(), spec={**SLICES, "version": "2.20.0"}, **kinds) == (1,)


def test_only_services_that_match_in_the_namespaces_looked_at_count():
    kinds = {
        "services": (service(), service("b", labels={"app": "b"}), service(namespace="shop")),
        "endpoints": (
            endpoints("10.0.0.1"),
            endpoints("10.0.0.2", name="b"),
            endpoints("10.0.0.3", "10.0.0.4", namespace="shop"),
        ),
    }

    everywhere = service_monitor(spec={"namespaceSelector": {"any": True}})
    shop = service_monitor(spec={"namespaceSelector": {"matchNames": ["shop"]}})

    assert count(service_monitor(), **kinds) == (1,)
    assert count(everywhere, **kinds) == (3,)
    assert count(shop, **kinds) == (2,)
    assert count(shop, spec={"ignoreNamespaceSelectors": True}, **kinds) == (1,)


def test_no_service_or_another_ports_name_is_a_known_zero():
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1", port="http"),)}

    assert count(service_monitor(), **kinds) == (0,)
    assert count(service_monitor(), services=(), endpoints=()) == (0,)


@pytest.mark.parametrize("missing", ["services", "endpoints"])
def test_what_was_not_read_leaves_the_number_unknown(missing):
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1"),)}
    del kinds[missing]

    assert count(service_monitor(), **kinds) == (None,)


@pytest.mark.parametrize(
    "rule",
    [
        {"action": "keep", "regex": "a"},
        {"action": "Drop", "regex": "a"},
        {"action": "keepequal", "targetLabel": "a"},
        {"action": "dropequal", "targetLabel": "a"},
        {"targetLabel": "__address__"},
        {"targetLabel": "${1}"},
        {"action": "labelkeep", "regex": "a"},
        {"action": "labelmap", "regex": "(.+)"},
        {"action": "labeldrop", "regex": "__.*"},
    ],
)
def test_relabeling_that_could_change_the_number_leaves_it_unknown(rule):
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1"),)}
    by_class = {"scrapeClasses": [{"name": "d", "default": True, "relabelings": [rule]}]}

    assert count(service_monitor({"port": "web", "relabelings": [rule]}), **kinds) == (None,)
    assert count(service_monitor(), spec=by_class, **kinds) == (None,)


@pytest.mark.parametrize(
    "rule",
    [
        {"targetLabel": "instance", "sourceLabels": ["__meta_kubernetes_pod_name"]},
        {"targetLabel": "__metrics_path__", "replacement": "/x"},
        {"action": "labelmap", "regex": "__meta_kubernetes_node_label_(.+)"},
        {"action": "labeldrop", "regex": "pod|service"},
        {"action": "lowercase", "targetLabel": "a"},
    ],
)
def test_relabeling_that_only_sets_labels_leaves_the_number_as_it_is(rule):
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1"),)}

    assert count(service_monitor({"port": "web", "relabelings": [rule]}), **kinds) == (1,)


@pytest.mark.parametrize("port", ["web|http", ".*", "we."])
def test_a_port_that_is_a_pattern_leaves_the_number_unknown(port):
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1"),)}

    assert count(service_monitor({"port": port}), **kinds) == (None,)


def test_by_role_the_labels_of_the_endpoints_themselves_count():
    monitor = service_monitor(spec={"selectorMechanism": "RoleSelector"})
    made_by_hand = (endpoints("10.0.0.1", labels={}),)

    assert count(monitor, services=(service(),), endpoints=made_by_hand) == (0,)


def behind_pods(*names):
    subset = {
        "addresses": [
            {"ip": f"10.0.0.{n}", "targetRef": {"kind": "Pod", "name": name}}
            for n, name in enumerate(names)
        ],
        "ports": [{"name": "x", "port": 1}],
    }
    return thing("Endpoints", "app", subsets=[subset])


def test_a_target_port_counts_the_pods_behind_the_service_that_declare_it():
    kinds = {"services": (service(),), "endpoints": (behind_pods("a", "b"),)}
    pods = (pod("a", "web"), pod("b", "other"))

    assert count(service_monitor({"targetPort": "web"}), target_pods=pods, **kinds) == (1,)
    assert count(service_monitor({"targetPort": 8000}), target_pods=pods, **kinds) == (2,)
    assert count(service_monitor({"targetPort": "web"}), **kinds) == (None,)
    assert count(service_monitor({"targetPort": 1}), target_pods=pods[:1], **kinds) == (None,)


def test_pods_count_by_their_port_while_they_run():
    pods = (
        pod("a", "web", "admin"),
        pod("b", "web", phase="Succeeded"),
        pod("c", "web", phase="Pending", ip=""),
        pod("d", "web", labels={}),
    )

    assert count(pod_monitor(), target_pods=pods) == (1,)
    assert count(pod_monitor({"port": "web", "filterRunning": False}), target_pods=pods) == (2,)
    assert count(pod_monitor({"portNumber": 8001}), target_pods=pods) == (1,)
    assert count(pod_monitor({}), target_pods=pods) == (2,)
    assert count(pod_monitor(), target_pods=()) == (0,)


def test_pods_that_were_not_read_are_not_no_pods():
    found = expected(pod_monitor(), target_pods=Unavailable("forbidden"))

    assert [job.targets for job in found.jobs] == [None]


def test_static_lists_count_their_different_targets():
    assert count(probe("a", "b", "a")) == (2,)
    assert count(scrape_config("a:1", "b:1")) == (2,)
    assert count(scrape_config("a:1", fileSDConfigs=[{"files": ["x"]}])) == (None,)
    assert count(scrape_config("a:1", relabelings=[{"action": "drop"}])) == (None,)
    assert count(probe(targets={"ingress": {"selector": {}}})) == (None,)
    lists = [{"targets": ["a"], "labels": {"x": "1"}}, {"targets": ["a"], "labels": {"x": "2"}}]
    assert count(scrape_config(staticConfigs=lists)) == (2,)


@pytest.mark.parametrize(
    ("asked", "number"), [({}, 1), ({"any": True}, None), ({"matchNames": ["shop"]}, None)]
)
def test_nothing_is_counted_beyond_the_namespaces_that_were_read(asked, number):
    here = frozenset({"monitoring"})
    kinds = {"services": (service(),), "endpoints": (endpoints("10.0.0.1"),), "places": here}
    pods = {"target_pods": (pod("a", "web"),), "pod_places": here}

    assert count(service_monitor(spec={"namespaceSelector": asked}), **kinds) == (number,)
    assert count(pod_monitor(spec={"namespaceSelector": asked}), **pods) == (number,)


def ingress(name, *rules, labels=APP, namespace="monitoring"):
    return thing("Ingress", name, namespace=namespace, labels=labels, spec={"rules": list(rules)})


def probe_by_ingress(**ingress_spec):
    wanted = {"selector": {"matchLabels": APP}, **ingress_spec}
    return thing("Probe", "fronts", spec={"targets": {"ingress": wanted}})


FRONTS = (
    ingress("a", {"host": "a.example"}, {"host": "b.example", "http": {"paths": [{"path": "/x"}]}}),
    ingress("b", {"http": {"paths": [{"path": "/"}, {}, {"path": "/y"}]}}),
    ingress("c"),
    ingress("other", {"host": "o.example"}, labels={}),
    ingress("far", {"host": "far.example"}, namespace="shop"),
)


def test_each_host_and_path_of_the_ingresses_that_a_probe_selects_counts():
    assert count(probe_by_ingress(), ingresses=FRONTS) == (4,)
    everywhere = probe_by_ingress(namespaceSelector={"any": True})
    assert count(everywhere, ingresses=FRONTS) == (5,)


@pytest.mark.parametrize(
    ("monitor", "more"),
    [
        pytest.param(probe_by_ingress(), {}, id="not read"),
        pytest.param(
            probe_by_ingress(relabelingConfigs=[{"action": "drop"}]),
            {"ingresses": FRONTS},
            id="relabelled",
        ),
        pytest.param(
            probe_by_ingress(selector={"matchExpressions": [{"key": "a", "operator": "Like"}]}),
            {"ingresses": FRONTS},
            id="no selector",
        ),
        pytest.param(thing("Probe", "nothing", spec={}), {"ingresses": FRONTS}, id="no targets"),
    ],
)
def test_targets_of_a_probe_that_cannot_be_known_are_not_counted(monitor, more):
    assert count(monitor, **more) == (None,)


def node(name, *addresses, labels=APP):
    known = [{"type": kind, "address": address} for kind, address in addresses]
    status = {"addresses": known, "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}
    return thing("Node", name, namespace=None, labels=labels, status=status)


NODES = (
    node("a", ("Hostname", "a"), ("InternalIP", "10.0.1.1")),
    node("b", ("InternalIP", "10.0.1.2"), labels={"app": "b"}),
    node("c"),
)


def discovering(*blocks, static=(), **spec):
    lists = [{"targets": list(static)}] if static else []
    return scrape_config(staticConfigs=lists, kubernetesSDConfigs=list(blocks), **spec)


def labelled(role, label):
    return {"role": role, "selectors": [{"role": role, "label": label}]}


def test_nodes_of_a_scrape_config_count_where_they_have_an_address():
    assert count(discovering({"role": "Node"}), nodes=NODES) == (2,)
    assert count(discovering(labelled("Node", "app=app")), nodes=NODES) == (1,)
    assert count(discovering(labelled("Node", "app notin (app)")), nodes=NODES) == (1,)
    assert count(discovering({"role": "Node"}, static=["x:1", "y:1"]), nodes=NODES) == (4,)
    assert count(discovering({"role": "Node"}), nodes=()) == (0,)


def test_pods_of_a_scrape_config_count_by_their_different_addresses():
    pods = (
        pod("a", "web", "admin"),
        pod("b", "web", ip="10.0.0.2", labels={}),
        pod("over", "web", ip="10.0.0.3", phase="Succeeded"),
        pod("pending", "web", ip="", phase="Pending"),
        pod("host", "web", ip="10.0.0.2"),
        thing("Pod", "far", namespace="shop", spec={}, status={"podIP": "10.0.0.4"}),
    )
    here = {"role": "Pod", "namespaces": {"ownNamespace": True}}

    assert count(discovering(here), target_pods=pods) == (4,)
    assert count(discovering({"role": "pod"}), target_pods=pods) == (4,)
    assert count(discovering(here, here), target_pods=pods) == (4,)
    chosen = labelled("Pod", "app=app") | {"namespaces": {"names": ["monitoring"]}}
    assert count(discovering(chosen), target_pods=pods[:2]) == (2,)


@pytest.mark.parametrize(
    ("blocks", "kinds"),
    [
        ([{"role": "Node"}], {}),
        ([{"role": "Pod"}], {}),
        ([{"role": "Pod"}], {"target_pods": (), "pod_places": frozenset({"monitoring"})}),
        ([{"role": "Node", "apiServer": "https://far.example"}], {"nodes": NODES}),
        ([{"role": "Node"}, {"role": "Service"}], {"nodes": NODES}),
        ([{"role": "Endpoints"}], {"nodes": NODES}),
        ([{"role": "EndpointSlice"}], {"nodes": NODES}),
        ([{"role": "Ingress"}], {"nodes": NODES}),
        ([labelled("Node", "app in (")], {"nodes": NODES}),
        ([labelled("Node", "a") | {"role": "Pod"}], {"target_pods": ()}),
        ([{"role": "Node", "selectors": [{"role": "Node", "field": "a=b"}]}], {"nodes": NODES}),
    ],
)
def test_what_a_scrape_config_finds_is_not_guessed(blocks, kinds):
    assert count(discovering(*blocks), **kinds) == (None,)


def test_targets_of_one_address_are_one_only_where_relabeling_cannot_part_them():
    same = (pod("a", "web"), pod("b", "web"))
    naming = [{"targetLabel": "pod", "sourceLabels": ["__meta_kubernetes_pod_name"]}]
    here = {"role": "Pod"}

    assert count(discovering(here), target_pods=same) == (1,)
    assert count(discovering(here, relabelings=naming), target_pods=same) == (None,)
    assert count(discovering(here, relabelings=naming), target_pods=same[:1]) == (1,)
    assert count(discovering(here, relabelings=[{"action": "keep"}]), target_pods=same) == (None,)


def test_an_address_that_is_listed_too_or_may_have_a_default_port_leaves_it_unknown():
    plain, web = pod("a"), pod("b", "web")
    web.raw["spec"]["containers"][0]["ports"] = [{"containerPort": 80}]

    assert count(discovering({"role": "Pod"}), target_pods=(plain,)) == (1,)
    assert count(discovering({"role": "Pod"}), target_pods=(plain, web)) == (None,)
    listed = discovering({"role": "Node"}, static=["10.0.1.1:10250"])
    assert count(listed, nodes=NODES) == (None,)


def test_a_node_with_a_field_of_a_wrong_type_is_named_and_costs_the_number():
    bad = thing("Node", "n", namespace=None, status={"addresses": "x"})

    found = expected(discovering({"role": "Node"}), nodes=(bad,))

    assert [job.targets for job in found.jobs] == [None]
    assert [u.source for u in found.unreadable] == ["Node n"]


def workload(kind="Deployment", wanted=3, *, age=timedelta(hours=1), labels=APP, ports=(), **more):
    """A workload of which anything was written *age* ago for the last time."""
    template = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "ports": [{"name": p} for p in ports]}]},
    }
    told = {"spec": {"replicas": wanted, "template": template}, "status": {"replicas": 2}}
    if kind == "DaemonSet":
        told = {"spec": {"template": template}, "status": {"desiredNumberScheduled": wanted}}
    made = thing(kind, "app", **{**told, **more})
    made.raw["metadata"] |= {
        "generation": 2,
        "managedFields": [{"manager": "m", "time": (NOW - age).isoformat()}],
    }
    return made


def selecting(target_port="web", **kinds):
    """Two addresses behind a Service that selects pods."""
    ports = [{"name": "web", "targetPort": target_port}, {"name": "other", "targetPort": 9}]
    selects = thing("Service", "app", labels=APP, spec={"selector": APP, "ports": ports})
    return {"services": (selects,), "endpoints": (endpoints("10.0.0.1", "10.0.0.2"),), **kinds}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
@pytest.mark.parametrize(
    ("why", "made", "expected_count"),
    [
        ("one of three pods did not come", {}, 3),
        ("none was ever there", {"wanted": 0}, 2),
        ("more are there than it wants, as in a surge", {"wanted": 1}, 2),
        ("it changed just now, as in a rollout", {"age": timedelta(minutes=1)}, 2),
        ("it has not seen its own change", {"status": {"observedGeneration": 1}}, 2),
        ("its pods have other labels", {"labels": {"app": "another"}}, 2),
        ("its pods have not the port that the Service names", {"ports": ["no"]}, 2),
    ],
)
def test_pods_that_a_workload_wants_count_when_they_had_the_time_to_come(
    kind, why, made, expected_count
):
    wanting = workload(kind, **{"ports": ["web"], **made})

    assert count(service_monitor(), **selecting(workloads=(wanting,))) == (expected_count,), why


def test_workloads_of_one_service_want_together_and_one_that_changes_stops_the_counting():
    moving = workload("StatefulSet", 2, age=timedelta(0))
    resting = workload("StatefulSet", 2)

    for target_port in (8080, None):
        kinds = selecting(target_port)
        assert count(service_monitor(), **kinds, workloads=(workload(), resting)) == (5,)
        assert count(service_monitor(), **kinds, workloads=(workload(), moving)) == (2,)


def test_a_rollout_that_is_stuck_wants_the_new_pods_beside_the_old_ones():
    conditions = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    stuck = workload(wanted=2, status={"replicas": 3})
    told = workload(wanted=2, status={"replicas": 3, "conditions": conditions}, age=timedelta(0))
    told.raw["metadata"]["managedFields"][0]["subresource"] = "status"
    scaled = workload(wanted=9, status={"replicas": 2, "conditions": conditions}, age=timedelta(0))

    assert count(service_monitor(), **selecting(8080, workloads=(stuck,))) == (3,)
    assert count(service_monitor(), **selecting(8080, workloads=(told,))) == (3,)
    assert count(service_monitor(), **selecting(8080, workloads=(scaled,))) == (2,)


def test_a_workload_that_is_deleted_or_cannot_be_read_wants_nothing():
    gone = workload()
    gone.raw["metadata"]["deletionTimestamp"] = "2026-11-23T01:00:00Z"

    assert count(service_monitor(), **selecting(8080, workloads=(gone,))) == (2,)
    unread = expected(service_monitor(), **selecting(8080), workloads=Unavailable("forbidden"))
    assert [job.targets for job in unread.jobs] == [2]
    assert [u.source for u in unread.unreadable] == ["deployments, statefulsets and daemonsets"]


def test_pods_of_a_pod_monitor_and_of_a_target_port_are_wanted_too():
    pods = (pod("a", "web"), pod("b", "web", ip=None))
    wanting = {"target_pods": pods, "workloads": (workload("DaemonSet", ports=["web"]),)}
    named = thing("Endpoints", "app", labels=APP, subsets=[{
        "addresses": [{"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "name": "a"}}],
        "ports": [{"name": "other", "port": 9}],
    }])  # fmt: skip
    behind = {**selecting(), "endpoints": (named,)}

    assert count(pod_monitor(), **wanting) == (3,)
    assert count(pod_monitor({"port": "no"}), **wanting) == (0,)
    assert count(service_monitor({"targetPort": "web"}), **wanting, **behind) == (3,)
    assert count(service_monitor({"targetPort": "web"}), target_pods=pods[:1], **behind) == (1,)
