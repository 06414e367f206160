"""``watcher expect --monitor``: whether the jobs of a monitor that is still in a file would find targets."""

import json

import pytest
import yaml

from tests.cli.place import pool
from tests.kube_objects import (
    a_pod,
    a_pod_monitor,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    an_object,
)

ACCOUNT = "system:serviceaccount:monitoring:prometheus-k8s"
HTTP = [{"name": "http", "port": 80, "targetPort": 8080}]


def may_discover(place, namespace="shop"):
    for resource in ("services", "endpoints", "pods"):
        for verb in ("list", "watch"):
            place.api.allow(ACCOUNT, verb, resource=resource, namespace=namespace)


def there(place, labels=None, ports=HTTP, addresses=("10.0.1.1",)):
    """A Service called web with its Endpoints and pod, in shop."""
    labels = labels or {"app": "web"}
    place.api.apply(a_service("web", "shop", labels, selector={"app": "web"}, ports=ports))
    subset = {"ports": [{"name": p["name"], "port": 8080} for p in ports]}
    if addresses:
        of = {"kind": "Pod", "namespace": "shop", "name": "web-0"}
        subset["addresses"] = [{"ip": ip, "targetRef": of} for ip in addresses]
        ports = [{"name": "http", "containerPort": 8080}]
        place.api.apply(a_pod("web-0", "shop", labels={"app": "web"}, ip=addresses[0], ports=ports))
    place.api.apply(
        an_object("Endpoints", "web", "shop", metadata={"labels": labels})
        | {"subsets": [subset] if addresses else []}
    )


def monitor(name="new", **spec):
    spec = {"selector": {"matchLabels": {"app": "web"}}} | spec
    return a_service_monitor(name, "shop", **spec)


def asked(place, *documents, code=None):
    file = place.write("new.yaml", "---\n".join(map(yaml.safe_dump, documents)))
    ran = place.run("expect", "--monitor", file, "--format", "json")
    if code is not None:
        assert ran.code == code, ran.out
    return [j for m in ran.json["monitors"] for p in m["prometheuses"] for j in p["jobs"]]


def test_a_monitor_whose_service_is_there_would_be_scraped(place):
    may_discover(place)
    there(place, addresses=("10.0.1.1", "10.0.1.2"))

    [job] = asked(place, monitor(), code=0)

    assert job == {
        "pool": pool("new"),
        "targets": 2,
        "well": True,
        "findings": [],
        "undecided": [],
    }


@pytest.mark.parametrize(
    ("service", "spec", "cause", "said"),
    [
        ({"labels": {"app": "wep"}}, {}, "no-matching-service", "app"),
        ({}, {"endpoints": [{"port": "metrics"}]}, "port-not-found", "http"),
        ({}, {"endpoints": [{"targetPort": 9999}]}, "port-not-found", "8080"),
        ({"addresses": ()}, {}, "no-ready-endpoints", "web"),
    ],
    ids=["label", "port by name", "port by number", "no address"],
)
def test_what_keeps_its_job_empty_is_found_before_the_merge(place, service, spec, cause, said):
    may_discover(place)
    there(place, **service)

    [job] = asked(place, monitor(**spec), code=1)

    assert job["well"] is False
    assert [each["cause"] for each in job["findings"]] == [cause]
    assert said in job["findings"][0]["summary"] + json.dumps(job["findings"][0]["fix"])


def test_a_namespace_that_prometheus_may_not_discover_is_found_though_all_else_is_there(place):
    there(place)

    [job] = asked(place, monitor(), code=1)

    assert job["targets"] == 1
    assert [each["cause"] for each in job["findings"]] == ["discovery-forbidden"]
    assert "create role" in json.dumps(job["findings"][0]["fix"])


def test_a_service_and_a_deployment_beside_it_in_the_file_count(place):
    may_discover(place)
    service = a_service("web", "shop", {"app": "web"}, selector={"app": "web"}, ports=HTTP)
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "containers": [{"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}]
        },
    }
    deployment = an_object("Deployment", "web", "shop", "apps/v1") | {
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    }

    [job] = asked(place, monitor(), service, deployment, code=0)

    assert (job["targets"], job["well"]) == (3, True)


def test_one_that_takes_the_place_of_another_is_judged_as_it_would_be(place):
    may_discover(place)
    there(place)
    place.api.apply(monitor())

    [job] = asked(place, monitor(endpoints=[{"port": "metrics"}]), code=1)

    assert [each["cause"] for each in job["findings"]] == ["port-not-found"]


def test_pods_that_nobody_has_are_found_of_a_pod_monitor(place):
    may_discover(place)

    [job] = asked(
        place, a_pod_monitor("new", "shop", selector={"matchLabels": {"app": "x"}}), code=1
    )

    assert [each["cause"] for each in job["findings"]] == ["no-matching-pods"]


def test_what_may_not_be_read_is_told_as_undecided(place):
    may_discover(place)
    there(place)
    user = "system:serviceaccount:monitoring:reader"
    token = place.api.token_for("monitoring", "reader")
    place.api.allow(user, "*")
    place.api.deny(user, "list", resource="services")
    path = str(place.api.kubeconfig(place.folder / "reader", token=token))
    place.settings(kubernetes={"kubeconfig": path})

    [job] = asked(place, monitor(), code=2)

    assert job["well"] is None
    assert "list services" in json.dumps(job["undecided"])


def test_the_text_names_cause_and_fix(place):
    may_discover(place)
    there(place)
    file = place.write("new.yaml", monitor(endpoints=[{"port": "metrics"}]))

    ran = place.run("expect", "--monitor", file)

    assert ran.code == 1
    assert "✗ ServiceMonitor shop/new: would be taken, and find no target" in ran.out
    assert "(port-not-found, certain)" in ran.out


def test_sarif_has_a_result_for_each_finding_with_the_file_in_its_folder(place, monkeypatch):
    may_discover(place)
    there(place)
    bad = monitor("bad", endpoints=[{"port": "http", "interval": "30s", "scrapeTimeout": "1m"}])
    off = monitor(endpoints=[{"port": "metrics"}])
    (place.folder / "my shop").mkdir()
    place.write("my shop/new.yaml", "---\n".join(map(yaml.safe_dump, (bad, off))))
    monkeypatch.chdir(place.folder)

    ran = place.run("expect", "--monitor", "my shop/new.yaml", "--format", "sarif")

    [run] = ran.json["runs"]
    assert ran.code == 1
    assert [each["ruleId"] for each in run["results"]] == ["rejected-by-operator", "port-not-found"]
    assert {
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in run["results"]
    } == {"my%20shop/new.yaml"}
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {
        "rejected-by-operator",
        "port-not-found",
    }


def test_sarif_is_of_monitors_in_a_file_alone(place):
    ran = place.run("expect", "--format", "sarif")

    assert ran.code == 3
    assert "--monitor" in ran.err


DROP_ALL = [{"action": "drop", "regex": ".*"}]
KEEP_SOME = [
    {"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_label_x"], "regex": "y"},
]


@pytest.mark.parametrize("steps", [DROP_ALL, KEEP_SOME], ids=["drop all", "keep some"])
def test_what_relabelling_would_keep_is_undecided_and_not_well(place, steps):
    may_discover(place)
    there(place)

    [job] = asked(place, monitor(endpoints=[{"port": "http", "relabelings": steps}]), code=2)

    assert (job["targets"], job["well"], job["findings"]) == (None, None, [])
    assert [each["lacking"] for each in job["undecided"]] == ["targets of a running server"]


def test_what_http_discovery_would_answer_is_undecided_and_not_well(place):
    place.api.apply(
        a_prometheus_resource(scrapeConfigSelector={}, scrapeConfigNamespaceSelector={})
    )
    spec = {"httpSDConfigs": [{"url": "http://discovery.shop/targets"}]}
    draft = an_object("ScrapeConfig", "new", "shop", "monitoring.coreos.com/v1alpha1", spec=spec)

    [job] = asked(place, draft, code=2)

    assert job["well"] is None
