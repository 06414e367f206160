from dataclasses import replace

import pytest

from tests.operator.things import (
    expected,
    kube_prometheus,
    namespace,
    operator,
    pod_monitor,
    probe,
    prometheus,
    scrape_config,
    service_monitor,
    thing,
)
from watcher.model.facts import Known, Unavailable
from watcher.model.names import MonitorKind, MonitorRef

FORBIDDEN = Unavailable("forbidden", "list pods")


def of_kind(objects, kind):
    return tuple(item for item in objects if item.kind == kind)


def kube_prometheus_expected(**kinds):
    objects = kube_prometheus()
    found = {
        "prometheuses": of_kind(objects, "Prometheus"),
        "operators": of_kind(objects, "Deployment"),
        "namespaces": (namespace("monitoring"), namespace("kube-system")),
        "services": of_kind(objects, "Service"),
        **kinds,
    }
    return expected(*of_kind(objects, "ServiceMonitor"), **found)


def test_kube_prometheus_asks_for_22_pools_from_13_service_monitors():
    found = kube_prometheus_expected()

    assert len(found.objects) == 13
    assert len({job.pool for job in found.jobs}) == len(found.jobs) == 22
    assert found.unreadable == found.unselected == ()
    assert {job.prometheus for job in found.jobs} == {"monitoring/k8s"}


def test_four_of_its_pools_are_the_kubelets_and_differ_in_their_path():
    kubelet = MonitorRef(MonitorKind.SERVICE_MONITOR, "monitoring", "kubelet")

    jobs = [job for job in kube_prometheus_expected().jobs if job.monitor == kubelet]

    assert [job.pool for job in jobs] == [
        f"serviceMonitor/monitoring/kubelet/{index}" for index in range(4)
    ]
    assert [job.aliases for job in jobs] == [(f"monitoring/kubelet/{i}",) for i in range(4)]
    assert len({job.path for job in jobs}) == len({job.key for job in jobs}) == 4
    assert {job.scheme for job in jobs} == {"https"}
    assert {job.port for job in jobs} == {"https-metrics"}
    assert {file.field for job in jobs for file in job.files} >= {"bearer_token_file"}


def test_jobs_of_all_four_kinds_are_expected_of_prometheus_and_agent():
    monitors = (service_monitor(), pod_monitor(), probe(), scrape_config())
    agent = prometheus("edge", kind="PrometheusAgent")

    found = expected(*monitors, agents=(agent,))

    assert sorted(job.pool for job in found.jobs if job.prometheus == "monitoring/edge") == [
        "podMonitor/monitoring/app/0",
        "probe/monitoring/site",
        "scrapeConfig/monitoring/outside",
        "serviceMonitor/monitoring/app/0",
    ]
    assert len(found.jobs) == 8


def test_an_agent_is_called_so_only_where_a_prometheus_has_its_name():
    agents = (prometheus(kind="PrometheusAgent"), prometheus("edge", kind="PrometheusAgent"))

    found = expected(service_monitor(), agents=agents)

    names = ["monitoring/edge", "monitoring/k8s", "monitoring/k8s (agent)"]
    assert [p.name for p in found.prometheuses] == names
    assert sorted({job.prometheus for job in found.jobs}) == names


def test_two_prometheuses_of_one_name_in_two_namespaces_stay_apart():
    both = (prometheus(), prometheus(namespace="other"))

    found = expected(service_monitor(), prometheuses=both)

    assert [job.prometheus for job in found.jobs] == ["monitoring/k8s", "other/k8s"]
    assert len({job.key for job in found.jobs}) == 2


def test_an_agent_on_every_node_is_expected_to_scrape_pod_monitors_alone():
    agent = prometheus("node", kind="PrometheusAgent", mode="DaemonSet")

    found = expected(service_monitor(), pod_monitor(), prometheuses=(), agents=(agent,))

    assert [job.pool for job in found.jobs] == ["podMonitor/monitoring/app/0"]
    assert [u.monitor.kind for u in found.unselected] == [MonitorKind.SERVICE_MONITOR]


@pytest.mark.parametrize(
    "bad",
    [
        service_monitor({"port": ["web"]}, name="bad"),
        service_monitor({"port": "web", "path": 7}, name="bad"),
        service_monitor("web", name="bad"),
        service_monitor(name="bad", spec={"endpoints": "web"}),
        service_monitor(name="bad", labels=["a"]),
        service_monitor(name="bad", spec={"namespaceSelector": {"matchNames": "x"}}),
        service_monitor({"port": "web", "relabelings": [{"action": 1}]}, name="bad"),
        thing("ServiceMonitor", "bad", spec=[]),
    ],
)
def test_a_bad_monitor_costs_only_itself_and_is_named_with_its_field(bad):
    found = expected(bad, service_monitor())

    assert [job.pool for job in found.jobs] == ["serviceMonitor/monitoring/app/0"]
    (problem,) = found.unreadable
    assert problem.source == "ServiceMonitor monitoring/bad"
    assert problem.error.startswith("field ")


def test_an_annotation_that_is_not_understood_is_named_and_hides_no_job():
    found = expected(service_monitor(annotations={"watcher/min-targets": "many"}))

    assert [job.pool for job in found.jobs] == ["serviceMonitor/monitoring/app/0"]
    (problem,) = found.unreadable
    assert problem.source == "ServiceMonitor monitoring/app"
    assert "watcher/min-targets: expected a whole number, got 'many'" in problem.error
    assert problem.hides == ()


@pytest.mark.parametrize(
    ("endpoint", "field"),
    [
        ({"port": []}, "spec.endpoints.1.port"),
        ({"tlsConfig": {"caFile": 1}}, "spec.endpoints.1.tlsConfig.caFile"),
        ({"relabelings": [{"action": 1}]}, "spec.endpoints.1.action"),
    ],
)
def test_a_bad_field_of_an_endpoint_is_named_with_its_endpoint(endpoint, field):
    found = expected(service_monitor({"port": "web"}, endpoint))

    assert found.unreadable[0].error.startswith(f"field {field}: expected ")


@pytest.mark.parametrize("metadata", [None, [], {"name": 3}, {"name": "bad"}])
def test_a_monitor_without_a_usable_name_costs_only_itself(metadata):
    bad = replace(service_monitor(), raw={"kind": "ServiceMonitor", "metadata": metadata})

    found = expected(bad, service_monitor())

    assert len(found.jobs) == 1
    assert [problem.error[:15] for problem in found.unreadable] == ["field metadata."] * (
        metadata != []
    ) + ["field metadata:"] * (metadata == [])


@pytest.mark.parametrize(
    "bad",
    [
        prometheus("bad", scrapeClasses="one"),
        prometheus("bad", scrapeClasses=[{"name": "a", "tlsConfig": {"caFile": 1}}]),
        prometheus("bad", shards="two"),
        prometheus("bad", labels={"a": 1}),
    ],
)
def test_a_bad_prometheus_costs_only_itself(bad):
    found = expected(service_monitor(), prometheuses=(bad, prometheus()))

    assert [p.name for p in found.prometheuses] == ["monitoring/k8s"]
    assert len(found.jobs) == 1
    assert [problem.source for problem in found.unreadable] == ["Prometheus monitoring/bad"]


def test_an_invalid_selector_costs_one_kind_of_one_prometheus_and_makes_nothing_unselected():
    invalid = {"matchExpressions": [{"key": "a", "operator": "In"}]}
    broken = prometheus(serviceMonitorSelector=invalid)

    found = expected(service_monitor(), pod_monitor(), prometheuses=(broken,))

    assert [job.pool for job in found.jobs] == ["podMonitor/monitoring/app/0"]
    assert "spec.serviceMonitorSelector" in found.unreadable[0].error
    assert found.unselected == ()


def test_bad_objects_behind_targets_cost_the_number_alone_and_are_named():
    service = thing("Service", "app", labels={"app": "app"}, spec={})
    slices = thing(
        "EndpointSlice",
        "app-1",
        labels={"kubernetes.io/service-name": "app"},
        endpoints=[{"addresses": "10.0.0.1"}],
        ports=[{"name": "web", "port": 80}],
    )
    by_slice = prometheus(serviceDiscoveryRole="EndpointSlice")

    found = expected(
        service_monitor(),
        service_monitor(name="same"),
        prometheuses=(by_slice,),
        services=(service,),
        endpoint_slices=(slices,),
    )

    assert [job.targets for job in found.jobs] == [None, None]
    assert [p.source for p in found.unreadable] == ["EndpointSlice monitoring/app-1"]


@pytest.mark.parametrize("kind", list(MonitorKind))
def test_a_kind_that_could_not_be_read_is_told(kind):
    found = expected(monitors={kind: FORBIDDEN})

    assert [(u.source, u.permission) for u in found.unreadable] == [(kind.plural, "list pods")]


def test_a_kind_that_the_api_server_does_not_know_is_fine():
    found = expected(monitors=dict.fromkeys(MonitorKind, Known(())))

    assert found.unreadable == found.jobs == ()


@pytest.mark.parametrize("lacking", ["prometheuses", "agents"])
def test_nothing_is_called_unselected_where_some_prometheus_may_be_unseen(lacking):
    nobody = prometheus(serviceMonitorSelector=None)

    found = expected(service_monitor(), **{"prometheuses": (nobody,), lacking: FORBIDDEN})

    assert found.unselected == ()
    assert [u.source for u in found.unreadable] == [
        "prometheuses" if lacking == "prometheuses" else "prometheusagents"
    ]


def test_what_selects_nothing_for_lack_of_namespaces_is_neither_expected_nor_unselected():
    by_label = prometheus(serviceMonitorNamespaceSelector={"matchLabels": {"team": "a"}})

    found = expected(service_monitor(), prometheuses=(by_label,), namespaces=FORBIDDEN)

    assert found.jobs == found.unselected == ()
    assert [u.source for u in found.unreadable] == ["namespaces"]


def test_a_namespace_whose_labels_have_a_wrong_form_hides_what_is_in_it():
    by_label = prometheus(serviceMonitorNamespaceSelector={"matchLabels": {"team": "a"}})
    bad = thing("Namespace", "monitoring", namespace=None, labels={"team": ["a"]})

    found = expected(service_monitor(), prometheuses=(by_label,), namespaces=(bad,))

    assert found.jobs == found.unselected == ()
    assert [u.source for u in found.unreadable] == ["Namespace monitoring"]
    assert "ServiceMonitor" in found.unreadable[0].hides


def test_an_unselected_monitor_is_told_with_what_lacks_for_the_nearest_prometheus():
    near = prometheus("near", serviceMonitorSelector={"matchLabels": {"release": "kps"}})
    far = prometheus("far", serviceMonitorSelector=None, serviceMonitorNamespaceSelector=None)

    found = expected(service_monitor(namespace="shop"), prometheuses=(far, near))

    (told,) = found.unselected
    assert told.cause == "no-prometheus-selects"
    assert told.nearest == "monitoring/near"
    assert told.lacks == "label release=kps is lacking"


def test_where_all_refuse_for_one_reason_that_reason_is_the_cause():
    wanting = prometheus(serviceMonitorSelector={"matchLabels": {"release": "kps"}})

    found = expected(service_monitor(), prometheuses=(wanting,))

    assert [u.cause for u in found.unselected] == ["labels-not-selected"]


def test_without_any_prometheus_that_is_what_lacks():
    found = expected(service_monitor(), prometheuses=())

    assert [(u.cause, u.nearest) for u in found.unselected] == [("no-prometheus-selects", None)]


def test_no_endpoints_are_no_jobs_and_no_problem():
    found = expected(service_monitor(spec={"endpoints": []}))

    assert found.jobs == found.unselected == found.unreadable == ()
    assert len(found.objects) == 1


def test_the_bare_name_of_a_probe_counts_only_where_an_operator_may_be_older_than_0_43():
    new = expected(probe(), operators=(operator(),))
    old = expected(probe(), operators=(operator(image="prometheus-operator:v0.42.1"),))

    assert new.jobs[0].aliases == ("monitoring/site",)
    assert old.jobs[0].aliases == ("monitoring/site", "site")


def test_servers_are_the_pods_of_every_shard_and_replica():
    pods = tuple(
        thing("Pod", name, labels={"operator.prometheus.io/name": "k8s"})
        for name in ("prometheus-k8s-1", "prometheus-k8s-0", "prometheus-k8s-shard-1-0")
    )
    other = thing("Pod", "prometheus-k8s-2", labels={"operator.prometheus.io/name": "other"})

    found = expected(pods=(*pods, other))

    servers = found.prometheuses[0].servers
    assert [(s.name, s.shard, s.replica, s.retained) for s in servers] == [
        ("prometheus-k8s-0", 0, 0, False),
        ("prometheus-k8s-1", 0, 1, False),
        ("prometheus-k8s-shard-1-0", 1, 0, True),
    ]
    assert servers[0].url == "http://prometheus-k8s-0.k8s:9090"
