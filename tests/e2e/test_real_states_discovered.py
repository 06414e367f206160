"""Real servers of every version are brought into the states of the links discovered and kept.

The first test knows a server by its URL alone; in the second Prometheus discovers through the local
Kubernetes API, with the rights of a real ServiceAccount, and the watcher reads the same API. One
server carries all cases of its version.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.kube_api import KubeApi
from tests.kube_objects import (
    a_namespace,
    a_pod,
    a_prometheus_pod,
    a_prometheus_resource,
    a_service,
    an_object,
    an_operator,
    connected,
)
from tests.patience import awaited_as
from tests.prometheus_server import RealPrometheus, every_prometheus
from tools.prometheus_binary import PrometheusBinary
from watcher.app.compose import Glance, world
from watcher.diagnosis.relabel import Step, replay
from watcher.settings import Settings

PROVES: Final = (
    "discovery-broken",
    "discovery-unreachable",
    "discovery-forbidden",
    "namespace-selector-ignored",
    "kubelet-sync-off",
    "endpoints-role-mismatch",
    "no-matching-service",
    "no-matching-pods",
    "no-ready-endpoints",
    "nothing-discovered",
    "port-not-found",
    "pods-not-running",
    "other-shard",
    "all-targets-dropped",
    "targets-not-created",
)
"""The causes that are found here on a real Prometheus; ``docs/causes.md`` is made with them."""

HERE: Final = "127.0.0.1:1"
PORT_NAME: Final = "__meta_kubernetes_endpoint_port_name"
LONG_AGO: Final = "2026-01-02T03:04:05Z"
JOB: Final = dict[str, Any]

pytestmark = [pytest.mark.prometheus, every_prometheus]


def test_jobs_of_a_server_that_is_known_by_its_url_are_explained(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    jobs = dict(plain_jobs(tmp_path))
    wanted = {code: code for code in jobs}

    with RealPrometheus(config(jobs), binary=prometheus_binary) as server:
        glance = Glance(world(settings(server, "alone"), None), None)
        found = looked(glance, wanted)

    assert found == wanted


def test_jobs_that_discover_in_kubernetes_are_explained(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    if b"__meta_kubernetes_" not in prometheus_binary.prometheus.read_bytes():
        pytest.skip(f"Prometheus {prometheus_binary.version} has no Kubernetes discovery")
    with KubeApi(check_tokens=True) as api:
        api.apply_all(cluster(prometheus_binary.version))
        api.allow("system:serviceaccount:monitoring:prometheus-k8s", "*", namespace="shop")
        token = api.token_for("monitoring", "prometheus-k8s")
        jobs = dict(kubernetes_jobs(api.url, token))
        wanted = {pool: code for pool, (code, _) in jobs.items()}
        running = {pool: job for pool, (_, job) in jobs.items()}

        with RealPrometheus(config(running), binary=prometheus_binary) as server:
            kube = connected(api, tmp_path)
            glance = Glance(world(settings(server, "monitoring/k8s"), kube), None)
            found = looked(glance, wanted)

    assert found == wanted


# ---------------------------------------------------------------- a server by its URL


def plain_jobs(folder: Path) -> Iterator[tuple[str, JOB]]:
    """One job for each cause, called by it."""
    yield "discovery-unreachable", {"http_sd_configs": [{"url": f"http://{HERE}/sd"}]}
    missing = {"ca_file": str(folder / "nothing.pem")}
    yield (
        "discovery-broken",
        {"http_sd_configs": [{"url": f"https://{HERE}/sd", "tls_config": missing}]},
    )
    yield "nothing-discovered", {"file_sd_configs": [{"files": [str(folder / "*.none.json")]}]}
    yield (
        "all-targets-dropped",
        static([{"source_labels": ["__address__"], "regex": "nobody", "action": "keep"}]),
    )
    yield "targets-not-created", static([{"target_label": "__address__", "replacement": ""}])
    yield (
        "port-not-found",
        static([{"source_labels": [PORT_NAME], "regex": "http", "action": "keep"}], PORT_NAME),
    )
    phase = "__meta_kubernetes_pod_phase"
    over = {"source_labels": [phase], "regex": "(Failed|Succeeded)", "action": "drop"}
    yield "pods-not-running", static([over], phase, "Succeeded")
    yield "other-shard", static(of_another_shard(HERE))


def static(relabelings: list[JOB], label: str = "__meta_some", value: str = "metrics") -> JOB:
    return {
        "static_configs": [{"targets": [HERE], "labels": {label: value}}],
        "relabel_configs": relabelings,
    }


def of_another_shard(address: str) -> list[JOB]:
    """The operator's steps of the one of two shards that has not the target at *address*."""
    hashed = Step(
        action="hashmod", source_labels=("__address__",), target_label="__tmp_hash", modulus=2
    )
    own = int(replay({"__address__": address}, [hashed]).labels["__tmp_hash"])
    return [
        {"source_labels": ["__address__"], "target_label": "__tmp_hash", "modulus": 2}
        | {"action": "hashmod"},
        {
            "source_labels": ["__tmp_hash", "__tmp_disable_sharding"],
            "regex": f"{1 - own};|.+;.+",
            "action": "keep",
        },
    ]


# ---------------------------------------------------------------- a server in a cluster

MONITORS: Final[Mapping[str, tuple[str, str, JOB]]] = {
    "nobody": ("shop", "no-matching-service", {}),
    "silent": ("shop", "no-ready-endpoints", {}),
    "sliced": ("shop", "endpoints-role-mismatch", {}),
    "secret": ("vault", "discovery-forbidden", {}),
    "ported": ("shop", "port-not-found", {"port": "http"}),
    "dropped": (
        "shop",
        "all-targets-dropped",
        {
            "relabelings": [
                {"sourceLabels": ["__meta_kubernetes_service_name"], "regex": "x", "action": "keep"}
            ]
        },
    ),
    "broken": (
        "shop",
        "targets-not-created",
        {"relabelings": [{"targetLabel": "__address__", "replacement": "http://no/host"}]},
    ),
    "elsewhere": ("shop", "namespace-selector-ignored", {}),
}
"""ServiceMonitors by name: namespace, cause, and what of the endpoint is not as in the others."""

KUBELETS: Final = {"app.kubernetes.io/managed-by": "prometheus-operator"}


def cluster(version: str) -> Iterator[JOB]:
    """All objects: Services and pods that are well beside those that are not."""
    yield from (a_namespace(name) for name in ("monitoring", "shop", "vault", "other"))
    plain = version.partition("+")[0]
    yield a_prometheus_resource(
        version=plain, ignoreNamespaceSelectors=True, probeSelector={}, scrapeConfigSelector={}
    )
    yield a_prometheus_pod()
    yield an_operator(labels={"app.kubernetes.io/name": "prometheus-operator"})
    for name, (namespace, _, endpoint) in MONITORS.items():
        anywhere = {"namespaceSelector": {"any": True}} if name == "elsewhere" else {}
        yield a_monitor("ServiceMonitor", name, namespace, endpoint, **anywhere)
    yield a_monitor("ServiceMonitor", "kubelets", "shop", {}, selector={"matchLabels": KUBELETS})
    yield a_monitor("PodMonitor", "nopods", "shop", {})
    yield a_monitor("PodMonitor", "finished", "shop", {})
    for name in ("silent", "sliced", "ported", "dropped", "broken"):
        yield from served(name, "shop")
    yield from served("secret", "vault")
    yield from served("elsewhere", "other")
    job = a_pod("finished-0", "shop", labels={"app": "finished"}, ports=[{"containerPort": 1}])
    job["spec"]["containers"][0]["ports"][0] |= {"name": "metrics", "protocol": "TCP"}
    yield {**job, "status": {"phase": "Succeeded", "podIP": "127.0.0.1"}}


def a_monitor(kind: str, name: str, namespace: str, endpoint: JOB, **spec: Any) -> JOB:
    field = "endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"
    return an_object(
        kind,
        name,
        namespace,
        "monitoring.coreos.com/v1",
        # Without this a job that never had a target would be dormant, and nothing to explain.
        metadata={"annotations": {"watcher/min-targets": "1"}, "creationTimestamp": LONG_AGO},
        spec={
            "selector": {"matchLabels": {"app": name}},
            field: [{"port": "metrics"} | endpoint],
        }
        | spec,
    )


def served(name: str, namespace: str) -> Iterator[JOB]:
    """A Service with what stands behind it: nothing, a slice only, or an address that is not ready."""
    ports = [{"name": "metrics", "port": 1, "protocol": "TCP"}]
    yield a_service(name, namespace, {"app": name}, selector={"app": name}, ports=ports)
    subset = {"notReadyAddresses": [{"ip": "127.0.0.1"}], "ports": ports}
    subsets = [] if name in {"silent", "sliced"} else [subset]
    yield an_object("Endpoints", name, namespace, metadata={"labels": {"app": name}}) | {
        "subsets": subsets
    }
    if name != "silent":
        yield an_object(
            "EndpointSlice",
            f"{name}-1",
            namespace,
            "discovery.k8s.io/v1",
            metadata={"labels": {"kubernetes.io/service-name": name}},
            addressType="IPv4",
            endpoints=[{"addresses": ["127.0.0.1"], "conditions": {"ready": False}}],
            ports=ports,
        )


def kubernetes_jobs(url: str, token: str) -> Iterator[tuple[str, tuple[str, JOB]]]:
    """Each pool with its cause and its scrape config, as the operator writes it."""

    def discovering(role: str, namespace: str) -> JOB:
        source = {"role": role, "api_server": url, "authorization": {"credentials": token}}
        return {"kubernetes_sd_configs": [source | {"namespaces": {"names": [namespace]}}]}

    for name, (namespace, code, endpoint) in MONITORS.items():
        steps = [
            *selecting("service", "app", name),
            {"source_labels": [PORT_NAME], "regex": endpoint.get("port", "metrics")}
            | {"action": "keep"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            *map(written, endpoint.get("relabelings", ())),
        ]
        job = discovering("endpoints", namespace) | {"relabel_configs": steps}
        yield f"serviceMonitor/{namespace}/{name}/0", (code, job)
    (label,) = KUBELETS
    yield (
        "serviceMonitor/shop/kubelets/0",
        (
            "kubelet-sync-off",
            discovering("endpoints", "shop")
            | {"relabel_configs": [*selecting("service", label, KUBELETS[label]), NAMESPACE]},
        ),
    )
    for name, code in (("nopods", "no-matching-pods"), ("finished", "pods-not-running")):
        over = {"source_labels": ["__meta_kubernetes_pod_phase"], "action": "drop"}
        steps = [*selecting("pod", "app", name), over | {"regex": "(Failed|Succeeded)"}, NAMESPACE]
        job = discovering("pod", "shop") | {"relabel_configs": steps}
        yield f"podMonitor/shop/{name}/0", (code, job)


NAMESPACE: Final = {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"}


def selecting(kind: str, label: str, value: str) -> list[JOB]:
    """The operator's step for one label of a selector."""
    clean = "".join(c if c.isalnum() else "_" for c in label)
    names = [f"__meta_kubernetes_{kind}_label{present}_{clean}" for present in ("", "present")]
    return [{"source_labels": names, "regex": f"({value});true", "action": "keep"}]


def written(relabeling: JOB) -> JOB:
    """A relabeling of a monitor as the operator writes it into the configuration."""
    fields = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return {fields.get(key, key): value for key, value in relabeling.items()}


# ---------------------------------------------------------------- below


def config(jobs: Mapping[str, JOB]) -> str:
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": "1s", "scrape_timeout": "900ms"},
            "scrape_configs": [{"job_name": name} | job for name, job in jobs.items()],
        }
    )


def settings(server: RealPrometheus, name: str) -> Settings:
    one = {"name": "prometheus-k8s-0", "url": server.url, "log_file": str(server.log_file)}
    return Settings.model_validate({"prometheuses": [{"name": name, "servers": [one]}]})


def looked(glance: Glance, wanted: Mapping[str, str]) -> dict[str, str]:
    """The causes that a look finds, as soon as they are as wanted, else what the last look found."""

    def causes() -> dict[str, str]:
        result = glance.result(datetime.now(UTC))
        return {
            status.pool: diagnosis.code if diagnosis else str(status.state)
            for status in result.statuses
            for diagnosis in (result.diagnoses.get(status.job.key),)
        }

    return awaited_as(dict(wanted), causes, every=1)
