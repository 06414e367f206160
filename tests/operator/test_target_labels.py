"""What all targets of a job carry is told by its object alone, or left out."""

import pytest

from tests.operator.things import (
    kube_prometheus,
    pod_monitor,
    probe,
    prometheus,
    scrape_config,
    service_monitor,
    thing,
)
from watcher.operator.shelf import shelve
from watcher.operator.target_labels import configured_labels, target_labels

APP = {"app": "app"}


def service(name="app", *, namespace="monitoring", **labels):
    return thing("Service", name, namespace=namespace, labels={**APP, **labels})


def labels(monitor, *services, **spec):
    found = target_labels(monitor, prometheus(**spec), shelve(services))
    return [dict(each) for each in found]


def test_targets_of_a_service_carry_its_name_its_namespace_and_the_port():
    found = labels(service_monitor({"port": "web"}, {"targetPort": 8080}), service())

    shared = {"job": "app", "service": "app", "namespace": "monitoring"}
    assert found == [{**shared, "endpoint": "web"}, shared]


@pytest.mark.parametrize(("label", "job"), [({"role": "shop"}, "shop"), ({}, "app")])
def test_the_job_is_the_label_that_the_monitor_names_where_the_service_has_it(label, job):
    monitor = service_monitor(spec={"jobLabel": "role"})

    [found] = labels(monitor, service(**label))

    assert found["job"] == job


def test_several_services_leave_what_they_share():
    both = (service("a", role="shop"), service("b", role="shop"))

    [found] = labels(service_monitor(spec={"jobLabel": "role"}), *both)

    assert found == {"job": "shop", "namespace": "monitoring", "endpoint": "web"}


@pytest.mark.parametrize(
    "services",
    [pytest.param((), id="none"), pytest.param((service("a"), service("b")), id="two names")],
)
def test_without_one_job_label_nothing_is_known(services):
    assert labels(service_monitor(), *services) == [{}]


def test_services_that_were_not_read_tell_nothing():
    assert target_labels(service_monitor(), prometheus(), None) == ((),)


def test_a_selector_that_nobody_can_read_tells_nothing():
    wrong = {"selector": {"matchExpressions": [{"key": "a", "operator": "Like"}]}}

    assert labels(service_monitor(spec=wrong), service()) == [{}]


def test_targets_of_pods_carry_the_monitors_name_unless_a_label_of_theirs_is_taken():
    plain, named = pod_monitor(), pod_monitor(spec={"jobLabel": "role"})

    assert labels(plain) == [{"job": "monitoring/app", "endpoint": "web"}]
    assert labels(named) == [{}]


@pytest.mark.parametrize(
    ("monitor", "job"),
    [
        (probe(), "probe/monitoring/site"),
        (probe(jobName="sites"), "sites"),
        (scrape_config(), "scrapeConfig/monitoring/outside"),
        (scrape_config(jobName="others"), "others"),
    ],
)
def test_a_probe_and_a_scrape_config_carry_their_own_name(monitor, job):
    assert labels(monitor) == [{"job": job}]


def test_a_probe_by_ingress_is_relabelled_by_its_own_steps():
    steps = [{"targetLabel": "job", "replacement": "fronts"}]
    monitor = thing("Probe", "fronts", spec={"targets": {"ingress": {"relabelingConfigs": steps}}})

    assert labels(monitor) == [{"job": "fronts"}]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([{"targetLabel": "job", "replacement": "kubelet"}], {"job": "kubelet"}),
        ([{"sourceLabels": ["__metrics_path__"], "targetLabel": "path"}], {"path": "/metrics"}),
        ([{"targetLabel": "__tmp", "replacement": "x"}], {}),
        ([{"sourceLabels": ["a"], "regex": "x", "action": "keep"}], {}),
        ([{"sourceLabels": ["a"], "targetLabel": "endpoint"}], {"endpoint": None}),
        ([{"targetLabel": "endpoint", "regex": "x", "replacement": "y"}], {"endpoint": None}),
        ([{"targetLabel": "endpoint", "replacement": "$1"}], {"endpoint": None}),
        (
            [{"sourceLabels": ["__metrics_path__"], "targetLabel": "path", "replacement": "x$1"}],
            {"path": None},
        ),
        (
            [{"action": "HashMod", "sourceLabels": ["a"], "targetLabel": "endpoint"}],
            {"endpoint": None},
        ),
    ],
)
def test_relabelling_writes_what_can_be_told_and_takes_away_what_cannot(steps, left):
    monitor = service_monitor({"port": "web", "relabelings": steps})

    [found] = labels(monitor, service())

    shared = {"job": "app", "service": "app", "namespace": "monitoring", "endpoint": "web"}
    assert found == {name: v for name, v in {**shared, **left}.items() if v is not None}


@pytest.mark.parametrize(
    "step",
    [
        {"action": "labelmap", "regex": "__meta_kubernetes_service_label_(.+)"},
        {"action": "labeldrop", "regex": "j.*"},
        {"sourceLabels": ["a"], "targetLabel": "$1"},
        {"sourceLabels": ["a"], "targetLabel": "job"},
    ],
)
def test_nothing_is_known_after_a_step_that_may_write_the_job(step):
    assert labels(service_monitor({"relabelings": [step]}), service()) == [{}]


def test_a_scrape_class_relabels_before_the_endpoint():
    classed = {"name": "plain", "default": True}
    classed["relabelings"] = [{"targetLabel": "job", "replacement": "of the class"}]

    [found] = labels(service_monitor(), service(), scrapeClasses=[classed])

    assert found["job"] == "of the class"


def test_labels_that_are_forced_or_copied_on_targets_are_left_out():
    copied = service_monitor(spec={"targetLabels": ["service"], "podTargetLabels": ["namespace"]})
    lists = [{"targets": ["a:1"], "labels": {"job": "b"}}]

    [forced] = labels(service_monitor(), service(), enforcedNamespaceLabel="namespace")

    assert "namespace" not in forced
    assert labels(copied, service()) == [{"job": "app", "endpoint": "web"}]
    assert labels(scrape_config(staticConfigs=lists)) == [{}]


def test_the_four_kubelet_jobs_of_kube_prometheus_are_told_apart_by_their_path():
    [kubelet] = [each for each in kube_prometheus() if each.full_name == "monitoring/kubelet"]
    synced = thing(
        "Service", "kubelet", namespace="kube-system", labels={"app.kubernetes.io/name": "kubelet"}
    )

    found = labels(kubelet, synced)

    assert {each["job"] for each in found} == {"kubelet"}
    assert sorted(each["metrics_path"] for each in found) == [
        "/metrics",
        "/metrics/cadvisor",
        "/metrics/probes",
        "/metrics/slis",
    ]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ({"job_name": "node"}, (("job", "node"),)),
        (
            {
                "job_name": "node",
                "relabel_configs": [{"source_labels": ["a"], "target_label": "b"}],
            },
            (("job", "node"),),
        ),
        (
            {
                "job_name": "node",
                "relabel_configs": [
                    {
                        "separator": ";",
                        "regex": "(.*)",
                        "target_label": "job",
                        "replacement": "all",
                        "action": "replace",
                    }
                ],
            },
            (("job", "all"),),
        ),
        (
            {
                "job_name": "serviceMonitor/monitoring/app/0",
                "relabel_configs": [
                    {"source_labels": ["__meta_kubernetes_service_name"], "target_label": "job"}
                ],
            },
            (),
        ),
        ({"job_name": "node", "static_configs": [{"labels": {"job": "x"}}]}, ()),
        ({"job_name": 3}, ()),
    ],
)
def test_a_configuration_tells_the_job_label_unless_its_targets_make_it(raw, found):
    assert configured_labels(raw) == found
