"""Facts of a cluster, gathered over real HTTP."""

import base64

import pytest

from tests.builders import (
    NOW,
    a_job,
    a_pinned_job,
    a_prometheus,
    a_running_job,
    a_server,
    a_status,
    an_observation,
)
from tests.kube_api import KubeApi as Cluster
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service,
    a_service_monitor,
    a_stateful_set,
    an_object,
    an_operator,
    connected,
)
from tests.pems import a_secret, made
from watcher.adapters.kubernetes import call as cluster_call
from watcher.adapters.kubernetes import prometheus_facts as cluster_prometheus_facts
from watcher.adapters.kubernetes import secret_facts as cluster_secrets
from watcher.adapters.kubernetes.call import Call
from watcher.adapters.kubernetes.facts import CLUSTER, ClusterFacts
from watcher.adapters.kubernetes.job_facts import JobFacts
from watcher.adapters.kubernetes.prometheus_facts import PrometheusFacts
from watcher.model import facts as names
from watcher.model.expectations import FilePath
from watcher.model.facts import Known, Unavailable

ACCOUNT = "system:serviceaccount:monitoring:prometheus-k8s"


@pytest.fixture
def cluster():
    with Cluster() as api:
        for name in ("monitoring", "shop", "other"):
            api.apply(a_namespace(name))
        api.apply(a_prometheus_resource())
        api.apply(a_service_monitor("web", "shop"))
        yield api


def gathered(cluster, tmp_path, fact, *jobs, token=None, observation=None, namespaces=()):
    """One fact of each of *jobs* (one of ServiceMonitor shop/web, where none is given)."""
    gatherer = ClusterFacts(connected(cluster, tmp_path, token=token), namespaces)
    statuses = [a_status("empty", job=job) for job in jobs or (a_job(),)]
    needs = {status.job.key: frozenset({fact.name}) for status in statuses}
    found = gatherer.gather(
        a_prometheus(), observation or an_observation(a_server()), needs, statuses, NOW
    )
    told = [found[status.job.key].get(fact) for status in statuses]
    return told if len(jobs) > 1 else told[0]


def named(found):
    assert isinstance(found, Known), found
    return sorted(each.full_name for each in found.value)


def an_event(about, kind="ServiceMonitor", namespace="shop", reason="InvalidConfiguration"):
    return an_object(
        "Event",
        f"{about}.{kind.lower()}",
        namespace,
        involvedObject={"kind": kind, "name": about, "namespace": namespace},
        reason=reason,
        message="was rejected",
    )


def test_without_a_cluster_every_fact_of_it_is_unavailable():
    status = a_status("empty")
    needs = frozenset({"monitor", "logs"})

    found = ClusterFacts(None).gather(
        a_prometheus(), an_observation(), {status.job.key: needs}, [status], NOW
    )
    whole = ClusterFacts(None).gather_prometheus(a_prometheus(), None, needs, NOW)

    expected = {"monitor": Unavailable("no Kubernetes API is configured")}
    assert found[status.job.key].known == expected
    assert whole.known == expected


def test_every_fact_of_a_cluster_has_a_reader(cluster, tmp_path):
    call = Call(connected(cluster, tmp_path))
    prometheus = PrometheusFacts(call, a_prometheus())
    jobs = JobFacts(call, prometheus, None, [])

    assert {*prometheus.readers, *jobs.readers, "certificates"} == CLUSTER


def test_only_what_is_needed_is_read(cluster, tmp_path):
    gathered(cluster, tmp_path, names.NODES)

    assert [request.path for request in cluster.requests] == ["/api/v1/nodes"]


def test_the_monitor_is_read_with_who_changed_it(cluster, tmp_path):
    found = gathered(cluster, tmp_path, names.MONITOR)

    assert found.value.full_name == "shop/web"


def test_a_monitor_that_is_gone_is_known_to_be(cluster, tmp_path):
    cluster.delete("ServiceMonitor", "shop", "web")

    assert gathered(cluster, tmp_path, names.MONITOR) == Known(None)


def test_a_monitor_whose_kind_is_gone_is_known_to_be_gone(cluster, tmp_path):
    definition = "servicemonitors.monitoring.coreos.com"
    cluster.delete("CustomResourceDefinition", None, definition)

    assert gathered(cluster, tmp_path, names.MONITOR) == Known(None)
    crds = gathered(cluster, tmp_path, names.CRDS)
    assert crds.value["ServiceMonitor"] is False
    assert crds.value["PodMonitor"] is True


def test_a_job_without_a_monitor_does_not_look_like_one_whose_monitor_is_gone(cluster, tmp_path):
    found = gathered(cluster, tmp_path, names.MONITOR, a_pinned_job())

    assert found == Unavailable("the job comes from no monitor")


def test_without_the_right_a_fact_is_unavailable_and_names_it(cluster, tmp_path):
    token = cluster.token_for("monitoring", "watcher")

    found = gathered(cluster, tmp_path, names.MONITOR, token=token)

    assert found.permission == "get servicemonitors.monitoring.coreos.com in namespace shop"


@pytest.mark.parametrize("fact", sorted(CLUSTER))
@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"html": True}, {"half_json": True}, {"drop": True}]
)
def test_no_fact_raises_and_none_is_empty_for_what_could_not_be_read(
    cluster, tmp_path, fact, fault
):
    cluster.fail("*", **fault)

    found = gathered(cluster, tmp_path, names.Fact(fact))

    assert isinstance(found, Unavailable)
    assert found.reason


def test_many_lost_jobs_cost_little_more_than_one(cluster, tmp_path):
    jobs = []
    for number in range(100):
        cluster.apply(a_service_monitor(f"m{number}", f"ns-{number}"))
        jobs.append(a_job(f"m{number}", namespace=f"ns-{number}"))
        cluster.apply(a_service(f"s{number}", f"ns-{number}"))
    statuses = [a_status("empty", job=job) for job in jobs]
    wanted = {"monitor", "namespace", "services", "endpoint_slices", "prometheus", "pods"}
    needs = dict.fromkeys((job.key for job in jobs), frozenset(wanted))

    found = ClusterFacts(connected(cluster, tmp_path)).gather(
        a_prometheus(), an_observation(a_server()), needs, statuses, NOW
    )

    assert named(found[jobs[7].key].get(names.SERVICES)) == ["ns-7/s7"]
    assert found[jobs[7].key].get(names.MONITOR).value.name == "m7"
    assert len(cluster.requests) < 10


def test_a_budget_that_is_spent_makes_facts_unavailable_and_says_so(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_call, "MOST_CALLS", 1)
    status = a_status("empty")
    needs = {status.job.key: frozenset({"nodes", "prometheus"})}

    found = ClusterFacts(connected(cluster, tmp_path)).gather(
        a_prometheus(), an_observation(a_server()), needs, [status], NOW
    )

    told = list(found[status.job.key].known.values())
    assert sum(isinstance(each, Known) for each in told) == 1
    assert any(
        "no more than 1 requests" in each.reason for each in told if not isinstance(each, Known)
    )


def test_objects_are_those_of_the_namespaces_where_the_monitor_looks(cluster, tmp_path):
    for namespace in ("shop", "other", "monitoring"):
        cluster.apply(a_service("s", namespace))
    spec = {"namespaceSelector": {"matchNames": ["other", "monitoring"]}}
    cluster.apply(a_service_monitor("two", "shop", **spec))
    cluster.apply(a_service_monitor("all", "shop", namespaceSelector={"any": True}))

    own, two, everywhere = gathered(
        cluster, tmp_path, names.SERVICES, a_job(), a_job("two"), a_job("all")
    )

    assert named(own) == ["shop/s"]
    assert named(two) == ["monitoring/s", "other/s"]
    assert named(everywhere) == ["monitoring/s", "other/s", "shop/s"]


def test_a_job_without_a_monitor_looks_where_it_is_configured_to(cluster, tmp_path):
    cluster.apply(a_service("s", "other"))
    cluster.apply(a_service("s", "shop"))
    job = a_pinned_job()
    discovery = {"role": "endpoints", "namespaces": {"names": ["other"]}}
    running = a_running_job(job.pool, raw={"kubernetes_sd_configs": [discovery]})
    observation = an_observation(a_server(jobs=[running]))

    found = gathered(cluster, tmp_path, names.SERVICES, job, observation=observation)

    assert named(found) == ["other/s"]


def test_a_job_that_is_neither_declared_nor_configured_looks_nowhere(cluster, tmp_path):
    cluster.delete("ServiceMonitor", "shop", "web")

    found = gathered(cluster, tmp_path, names.SERVICES)

    assert isinstance(found, Unavailable)


def test_events_are_those_about_the_monitor(cluster, tmp_path):
    cluster.apply(an_event("web"))
    cluster.apply(an_event("api"))
    cluster.apply(an_event("web", kind="Pod", reason="Started"))

    (event,) = gathered(cluster, tmp_path, names.MONITOR_EVENTS).value

    assert event.raw["reason"] == "InvalidConfiguration"


def test_events_of_the_newer_api_are_told_with_the_names_of_the_older(cluster, tmp_path):
    cluster.apply(an_event("web"))
    cluster.fail("/api/v1/*/events", status=403)

    (event,) = gathered(cluster, tmp_path, names.MONITOR_EVENTS).value

    assert event.raw["message"] == "was rejected"
    assert event.raw["involvedObject"]["name"] == "web"


def test_stateful_sets_are_those_of_the_prometheus_with_all_shards(cluster, tmp_path):
    for name in ("prometheus-k8s", "prometheus-k8s-shard-1", "prometheus-k8s2", "web"):
        cluster.apply(a_stateful_set(name))
    foreign = a_stateful_set("prometheus-k8s-shard-2")
    foreign["metadata"]["ownerReferences"] = [{"kind": "Prometheus", "name": "k8s-shard-2"}]
    cluster.apply(foreign)

    found = gathered(cluster, tmp_path, names.STATEFUL_SETS)

    assert named(found) == ["monitoring/prometheus-k8s", "monitoring/prometheus-k8s-shard-1"]


def test_revisions_are_those_of_its_stateful_sets(cluster, tmp_path):
    cluster.apply(a_stateful_set())
    cluster.apply(a_stateful_set("web"))
    cluster.apply(a_stateful_set(mounts=[("/x", "x")]))

    found = gathered(cluster, tmp_path, names.REVISIONS)

    assert len(found.value) == 2


def test_pods_and_their_events_are_those_of_the_prometheus(cluster, tmp_path):
    cluster.apply(a_prometheus_pod())
    cluster.apply(a_pod("web-0", "monitoring"))
    cluster.apply(an_event("prometheus-k8s-0", "Pod", "monitoring", "FailedMount"))
    cluster.apply(an_event("web-0", "Pod", "monitoring", "FailedMount"))

    assert named(gathered(cluster, tmp_path, names.PODS)) == ["monitoring/prometheus-k8s-0"]
    (event,) = gathered(cluster, tmp_path, names.POD_EVENTS).value
    assert event.raw["involvedObject"]["name"] == "prometheus-k8s-0"


def test_pods_of_the_operator_are_those_its_deployment_selects(cluster, tmp_path):
    labels = {"app.kubernetes.io/name": "prometheus-operator"}
    operator = an_operator(labels=labels)
    operator["spec"]["selector"] = {"matchLabels": labels}
    cluster.apply(operator)
    cluster.apply(a_pod("operator-1", "monitoring", labels=labels))
    cluster.apply(a_pod("other-1", "monitoring"))

    assert named(gathered(cluster, tmp_path, names.OPERATOR)) == ["monitoring/prometheus-operator"]
    assert named(gathered(cluster, tmp_path, names.OPERATOR_PODS)) == ["monitoring/operator-1"]


def an_operator_that_runs(cluster, *containers):
    labels = {"app.kubernetes.io/name": "prometheus-operator"}
    operator = an_operator(labels=labels)
    operator["spec"]["selector"] = {"matchLabels": labels}
    cluster.apply(operator)
    pod = a_pod("operator-1", "monitoring", labels=labels)
    pod["spec"]["containers"] = [{"name": name, "image": image} for name, image in containers]
    cluster.apply(pod)


@pytest.mark.parametrize(
    "containers",
    [
        (("kube-rbac-proxy", "proxy"), ("prometheus-operator", "x")),
        (("manager", "quay.io/prometheus-operator/prometheus-operator:v0.93.0"),),
        (("manager", "mirror/manager:1"), ("proxy", "proxy")),
    ],
)
def test_the_log_is_that_of_the_operators_own_container(cluster, tmp_path, containers):
    an_operator_that_runs(cluster, *containers)
    for name, _ in containers:
        text = f'level=warn msg="skipping probe" probe=shop/{name} error=no prometheus=k8s\n'
        cluster.logs["monitoring", "operator-1", name] = text

    (line,) = gathered(cluster, tmp_path, names.OPERATOR_LOG).value

    assert line.about in {"shop/prometheus-operator", "shop/manager"}
    assert line.pod == "monitoring/operator-1"


def test_the_log_of_an_operator_is_its_last_lines(cluster, tmp_path):
    an_operator_that_runs(cluster, ("prometheus-operator", "x"))
    line = 'level=warn msg="skipping probe" probe=shop/{} error=no\n'
    chatter = "level=info msg=nothing\n" * cluster_prometheus_facts.LOG_LINES
    text = line.format("old") + chatter + line.format("new")
    cluster.logs["monitoring", "operator-1", "prometheus-operator"] = text

    found = gathered(cluster, tmp_path, names.OPERATOR_LOG).value

    assert [told.about for told in found] == ["shop/new"]


def test_an_operator_without_a_pod_has_no_log(cluster, tmp_path):
    assert gathered(cluster, tmp_path, names.OPERATOR_LOG) == Known(())


def test_without_the_right_the_log_names_it(cluster, tmp_path):
    an_operator_that_runs(cluster, ("prometheus-operator", "x"))
    cluster.fail("*/pods/operator-1/log", status=403)

    found = gathered(cluster, tmp_path, names.OPERATOR_LOG)

    assert found.permission == "get pods/log in namespace monitoring"


def test_no_operator_at_all_is_known(cluster, tmp_path):
    assert gathered(cluster, tmp_path, names.OPERATOR) == Known(())


def test_a_prometheus_by_url_has_no_resource_and_nothing_made_of_it(cluster, tmp_path):
    gatherer = ClusterFacts(connected(cluster, tmp_path))
    needs = frozenset({"prometheus", "stateful_sets", "pods"})

    found = gatherer.gather_prometheus(a_prometheus("edge"), None, needs, NOW)

    assert found.known == {
        "prometheus": Known(None),
        "stateful_sets": Known(()),
        "pods": Known(()),
    }


def keys(found):
    """Names of the keys by Secret, None of one that is not there; all of them could be read."""
    assert isinstance(found, Known), found
    return {place: held.value and [*held.value] for place, held in found.value.items()}


def test_of_secrets_the_keys_and_verdicts_are_read(cluster, tmp_path):
    cluster.apply(
        a_prometheus_resource(
            secrets=["mounted", "gone"], volumes=[{"name": "v", "configMap": {"name": "ca"}}]
        )
    )
    tls = {"ca": {"configMap": {"name": "own-ca", "key": "ca.crt"}}}
    basic = {"username": {"name": "login", "key": "user"}}
    endpoint = {"port": "http", "tlsConfig": tls, "basicAuth": basic}
    cluster.apply(a_service_monitor("web", "shop", endpoints=[endpoint]))
    cluster.apply(a_stateful_set(mounts=[("/by-hand", "patched")]))
    cluster.apply(a_secret(name="mounted", tls__crt="certificate one", tls__key="key one"))
    cluster.apply(a_secret(name="patched", key="hunter2"))
    cluster.apply(a_secret(name="login", namespace="shop", user="hunter2"))
    cluster.apply(a_secret("ConfigMap", "ca", ca__crt="certificate ca"))

    found = gathered(cluster, tmp_path, names.SECRET_KEYS)

    assert keys(found) == {
        "configmap/monitoring/ca": ["ca.crt"],
        "configmap/shop/own-ca": None,
        "secret/monitoring/gone": None,
        "secret/monitoring/mounted": ["tls.crt", "tls.key"],
        "secret/monitoring/patched": ["key"],
        "secret/shop/login": ["user"],
    }
    pair = found.value["secret/monitoring/mounted"].value
    assert pair["tls.crt"].certified == pair["tls.key"].paired is not None
    assert found.value["configmap/monitoring/ca"].value["ca.crt"].no_ca is None
    for value in ("hunter2", "key one", "certificate one"):
        content = made(value)
        assert content.decode().split("\n")[-3 if b"-----" in content else 0] not in repr(found)
        assert base64.b64encode(content).decode()[:40] not in repr(found)


def test_secrets_that_may_not_be_read_name_the_right_and_are_asked_for_once(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(secrets=["one", "two"]))
    cluster.fail("*/secrets/*", status=403)

    found = gathered(cluster, tmp_path, names.SECRET_KEYS)

    assert [held.permission for held in found.value.values()] == [
        "get secrets in namespace monitoring"
    ] * 2
    assert sum("/secrets/" in request.path for request in cluster.requests) == 1


def test_secrets_of_one_namespace_are_told_where_those_of_another_may_not_be_read(
    cluster, tmp_path
):
    cluster.apply(a_prometheus_resource(secrets=["mounted"], configMaps=["ca"]))
    basic = {"username": {"name": "login", "key": "user"}}
    cluster.apply(a_service_monitor("web", "shop", endpoints=[{"basicAuth": basic}]))
    cluster.apply(a_secret(name="mounted", key="hunter2"))
    user = "system:serviceaccount:monitoring:watcher"
    for verb, group, resource in (
        ("get", "", "secrets"),
        ("list", "apps", "statefulsets"),
        ("list", "apps", "controllerrevisions"),
        ("get", "monitoring.coreos.com", "*"),
    ):
        cluster.allow(user, verb, group, resource, "monitoring")
    cluster.allow(user, "get", "monitoring.coreos.com", "*", "shop")
    token = cluster.token_for("monitoring", "watcher")

    found = gathered(cluster, tmp_path, names.SECRET_KEYS, token=token).value

    assert [*found["secret/monitoring/mounted"].value] == ["key"]
    assert found["secret/shop/login"].permission == "get secrets in namespace shop"
    assert found["configmap/monitoring/ca"].permission == "get configmaps in namespace monitoring"


def test_a_server_that_breaks_off_is_asked_for_no_further_secret(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(secrets=["one", "two", "three"]))
    cluster.fail("*/secrets/*", status=500)

    found = gathered(cluster, tmp_path, names.SECRET_KEYS)

    assert all(isinstance(held, Unavailable) for held in found.value.values())
    assert len({request.path for request in cluster.requests if "/secrets/" in request.path}) == 1


def of_certificates(cluster, tmp_path, *jobs):
    observation = an_observation(a_server(jobs=jobs))
    needs = frozenset({names.CERTIFICATES.name})
    gatherer = ClusterFacts(connected(cluster, tmp_path))
    return gatherer.gather_prometheus(a_prometheus(), observation, needs, NOW).get(
        names.CERTIFICATES
    )


def presenting(name, certificate):
    files = (FilePath(field="tls_config.cert_file", path=certificate),)
    return a_running_job(name, scheme="https", files=files)


def test_certificates_are_read_where_the_running_jobs_and_the_resource_use_them(cluster, tmp_path):
    far = {"cert": {"secret": {"name": "far", "key": "tls.crt"}}}
    cluster.apply(a_prometheus_resource(secrets=["unused"], remoteWrite=[{"tlsConfig": far}]))
    cluster.apply(a_stateful_set(mounts=[("/etc/web", "web"), ("/etc/unused", "unused")]))
    for name in ("web", "far", "unused"):
        cluster.apply(a_secret(name=name, tls__crt=f"certificate {name} until 2026-12-01"))

    found = of_certificates(
        cluster,
        tmp_path,
        presenting("one", "/etc/web/tls.crt"),
        presenting("two", "/etc/web/tls.crt"),
        presenting("three", "/in/the/image.crt"),
    )

    assert set(found.value) == {"secret/monitoring/web", "secret/monitoring/far"}
    certificates = found.value["secret/monitoring/web"].value["tls.crt"].certificates
    assert [each.ends.date().isoformat() for each in certificates] == ["2026-12-01"]
    assert sum("/secrets/" in request.path for request in cluster.requests) == 2


def test_without_the_right_to_the_operators_copy_its_source_is_read(cluster, tmp_path):
    sets = a_stateful_set(mounts=[("/etc/prometheus/certs", "tls-assets")])
    sets["spec"]["template"]["spec"]["volumes"] = [
        {"name": "tls-assets", "projected": {"sources": [{"secret": {"name": "assets-0"}}]}}
    ]
    mount = {"name": "tls-assets", "mountPath": "/etc/prometheus/certs"}
    sets["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [mount]
    cluster.apply(sets)
    cluster.apply(a_secret(name="web-tls", namespace="shop", tls__crt="certificate web"))
    cluster.fail("*/namespaces/monitoring/secrets/*", status=403)

    found = of_certificates(
        cluster, tmp_path, presenting("web", "/etc/prometheus/certs/0_shop_web-tls_tls.crt")
    )

    assert isinstance(found.value["secret/monitoring/assets-0"], Unavailable)
    assert [*found.value["secret/shop/web-tls"].value] == ["tls.crt"]


def test_where_nothing_presents_a_certificate_no_secret_is_asked_for(cluster, tmp_path):
    cluster.apply(a_prometheus_resource(secrets=["mounted"]))

    assert of_certificates(cluster, tmp_path, a_running_job("web")) == Known({})
    assert not any("/secrets/" in request.path for request in cluster.requests)


def reviews(found):
    return {(r.verb, r.resource, r.namespace): r.allowed for r in found.value}


def test_access_is_asked_for_all_that_discovery_lists_and_watches(cluster, tmp_path):
    cluster.allow(ACCOUNT, "list", "", "services", "shop")

    found = reviews(gathered(cluster, tmp_path, names.ACCESS))

    assert found == {
        (verb, resource, "shop"): (verb, resource) == ("list", "services")
        for verb in ("list", "watch")
        for resource in ("services", "endpoints", "pods")
    }


def test_access_is_asked_cluster_wide_and_for_nodes_where_the_monitor_needs_it(cluster, tmp_path):
    spec = {"namespaceSelector": {"any": True}, "attachMetadata": {"node": True}}
    cluster.apply(a_prometheus_resource(serviceDiscoveryRole="EndpointSlice"))
    cluster.apply(a_service_monitor("web", "shop", **spec))

    found = reviews(gathered(cluster, tmp_path, names.ACCESS))

    assert {resource for _, resource, _ in found} == {"services", "endpointslices", "pods", "nodes"}
    assert {namespace for _, _, namespace in found} == {""}


def test_access_without_the_right_to_ask_names_it(cluster, tmp_path):
    cluster.fail("*/subjectaccessreviews", status=403)

    found = gathered(cluster, tmp_path, names.ACCESS)

    assert found.permission == "create subjectaccessreviews.authorization.k8s.io"


def test_rights_in_some_namespaces_are_enough_where_a_job_looks_only_there(cluster, tmp_path):
    cluster.apply(a_service("s", "shop"))
    user = "system:serviceaccount:monitoring:watcher"
    for verb in ("get", "list"):
        cluster.allow(user, verb, "*", "*", "shop")
        cluster.allow(user, verb, "*", "*", "monitoring")
    token = cluster.token_for("monitoring", "watcher")
    cluster.apply(a_service_monitor("all", "shop", namespaceSelector={"any": True}))

    own, everywhere = gathered(
        cluster, tmp_path, names.SERVICES, a_job(), a_job("all"), token=token
    )

    assert named(own) == ["shop/s"]
    assert everywhere.permission == "list services in all namespaces"


def test_an_object_of_a_wrong_form_costs_its_fact_and_nothing_else(cluster, tmp_path):
    cluster.apply(a_service_monitor("web", "shop", namespaceSelector={"any": "yes"}))
    status = a_status("empty")
    needs = {status.job.key: frozenset({"services", "monitor"})}

    found = ClusterFacts(connected(cluster, tmp_path)).gather(
        a_prometheus(), an_observation(a_server()), needs, [status], NOW
    )[status.job.key]

    assert "namespaceSelector.any" in found.get(names.SERVICES).reason
    assert isinstance(found.get(names.MONITOR), Known)


def test_of_a_whole_prometheus_objects_are_those_of_all_namespaces(cluster, tmp_path):
    cluster.apply(a_service("s", "shop"))
    cluster.apply(a_service("s", "other"))
    gatherer = ClusterFacts(connected(cluster, tmp_path))

    found = gatherer.gather_prometheus(
        a_prometheus(), None, frozenset({"services", "monitors", "logs"}), NOW
    )

    assert named(found.get(names.SERVICES)) == ["other/s", "shop/s"]
    assert named(found.get(names.MONITORS)) == ["shop/web"]
    assert "logs" not in found.known


def monitors_with_secrets(cluster, count):
    """So many monitors in as many namespaces, each with a Secret of its own."""
    jobs = []
    for number in range(count):
        place = f"place-{number}"
        cluster.apply(a_namespace(place))
        basic = {"username": {"name": "login", "key": "user"}}
        cluster.apply(a_service_monitor("web", place, endpoints=[{"basicAuth": basic}]))
        cluster.apply(an_object("Secret", "login", place, data={"user": "eA=="}))
        jobs.append(a_job("web", namespace=place))
    return jobs


def test_of_very_many_secrets_some_are_read_and_the_others_are_not_known(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster_secrets, "AT_MOST", 2)
    jobs = monitors_with_secrets(cluster, 3)

    found = gathered(cluster, tmp_path, names.SECRET_KEYS, *jobs)

    held = [found[n].value[f"secret/place-{n}/login"] for n in range(3)]
    assert [isinstance(each, Known) for each in held] == [True, True, False]
    assert "no more than 2 Secrets" in held[2].reason


def test_events_about_monitors_of_many_namespaces_are_one_list(cluster, tmp_path):
    jobs = monitors_with_secrets(cluster, 12)
    for place in ("place-3", "place-4"):
        about = {"kind": "ServiceMonitor", "name": "web", "namespace": place}
        cluster.apply(an_object("Event", "e", place, involvedObject=about, reason="Rejected"))

    found = gathered(cluster, tmp_path, names.MONITOR_EVENTS, *jobs)

    assert [len(each.value) for each in found] == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert sum("/events" in request.path for request in cluster.requests) == 1
