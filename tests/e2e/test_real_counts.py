"""As many targets are expected as a real Prometheus makes of the same objects.

The jobs are those that the operator would write of a Probe by Ingress and of ScrapeConfigs without
relabeling; what they discover stands in a local API server.
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
    a_probe,
    a_prometheus_pod,
    a_prometheus_resource,
    an_ingress,
    an_object,
    connected,
)
from tests.patience import awaited_as
from tests.prometheus_server import RealPrometheus, every_prometheus
from tools.prometheus_binary import PrometheusBinary
from watcher.app.compose import Glance, world
from watcher.settings import Settings

JOB: Final = dict[str, Any]
EVERYTHING: Final = {"probeNamespaceSelector": {}, "scrapeConfigNamespaceSelector": {}}

SCRAPE_CONFIGS: Final[Mapping[str, tuple[list[JOB], int]]] = {
    "nodes": ([{"role": "Node"}], 3),
    "labelled-nodes": (
        [{"role": "Node", "selectors": [{"role": "Node", "label": "pool in (a, b)"}]}],
        2,
    ),
    "pods": ([{"role": "Pod", "namespaces": {"names": ["shop"]}}], 5),
    "own-pods": ([{"role": "Pod", "namespaces": {"ownNamespace": True, "names": ["other"]}}], 2),
    "labelled-pods": (
        [
            {"role": "Pod", "namespaces": {"names": ["shop"]}}
            | {"selectors": [{"role": "Pod", "label": "app=many"}]}
        ],
        3,
    ),
    "both": ([{"role": "Node"}, {"role": "Pod", "namespaces": {"names": ["other"]}}], 4),
}
"""Kubernetes discovery of each ScrapeConfig, and the number of its targets."""

pytestmark = [pytest.mark.prometheus, every_prometheus]


def test_as_many_targets_are_expected_as_a_real_server_makes(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    if b"__meta_kubernetes_" not in prometheus_binary.prometheus.read_bytes():
        pytest.skip(f"Prometheus {prometheus_binary.version} has no Kubernetes discovery")
    wanted = {f"scrapeConfig/shop/{name}": count for name, (_, count) in SCRAPE_CONFIGS.items()}
    wanted["scrapeConfig/shop/static-too"] = 5
    wanted["probe/shop/sites"] = 4
    with KubeApi() as api:
        api.apply_all(cluster())

        with RealPrometheus(config(api.url), binary=prometheus_binary) as server:
            glance = Glance(world(settings(server), connected(api, tmp_path)), None)
            found = counted(glance, wanted)

    assert found == {pool: (count, count) for pool, count in wanted.items()}


def cluster() -> Iterator[JOB]:
    yield from (a_namespace(name) for name in ("monitoring", "shop", "other"))
    yield a_prometheus_resource(probeSelector={}, scrapeConfigSelector={}, **EVERYTHING)
    yield a_prometheus_pod(ip="127.0.0.9")
    for number, pool in enumerate("abc", start=1):
        yield a_node(f"node-{number}", f"127.0.1.{number}", pool)
    ports = [{"containerPort": 1}, {"containerPort": 2}]
    yield a_pod("two-ports", "shop", ports=ports, ip="127.0.2.1", labels={"app": "many"})
    yield a_pod("no-port", "shop", ip="127.0.2.2", labels={"app": "many"})
    yield a_pod("no-ip", "shop", ports=ports)
    # One port by two protocols is one address.
    both = [{"containerPort": 53, "protocol": p, "name": p.lower()} for p in ("UDP", "TCP")]
    yield a_pod("dns", "shop", ports=both, ip="127.0.2.3")
    over = a_pod("over", "shop", ports=ports[:1], ip="127.0.2.4")
    yield over | {"status": {"phase": "Succeeded", "podIP": "127.0.2.4"}}
    yield a_pod("far", "other", ports=ports[:1], ip="127.0.2.5")
    rules = (
        {"host": "a.example", "http": {"paths": [{"path": "/"}, {"path": "/shop"}]}},
        {"host": "b.example"},
    )
    yield an_ingress("web", *rules, labels={"app": "web"})
    yield an_ingress("again", rules[1], labels={"app": "web"})
    yield an_ingress("other", {"host": "c.example"})
    yield a_probe("sites", ingress={"selector": {"matchLabels": {"app": "web"}}})
    for name, (blocks, _) in SCRAPE_CONFIGS.items():
        yield a_scrape_config(name, kubernetesSDConfigs=blocks)
    static = [{"targets": ["127.0.0.1:1", "127.0.0.1:2"]}]
    yield a_scrape_config(
        "static-too", staticConfigs=static, kubernetesSDConfigs=[{"role": "Node"}]
    )


def a_node(name: str, ip: str, pool: str) -> JOB:
    addresses = [{"type": "Hostname", "address": name}, {"type": "InternalIP", "address": ip}]
    status = {"addresses": addresses, "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}
    return an_object("Node", name, metadata={"labels": {"pool": pool}}, status=status)


def a_scrape_config(name: str, **spec: Any) -> JOB:
    return an_object("ScrapeConfig", name, "shop", "monitoring.coreos.com/v1alpha1", spec=spec)


def config(url: str) -> str:
    """What the operator writes, but for the address of the API server."""

    def discovering(block: JOB) -> JOB:
        """One block; its own namespace is that of the Prometheus, which is not in a cluster here."""
        asked = block.get("namespaces", {})
        names = asked.get("names", []) + (["monitoring"] if asked.get("ownNamespace") else [])
        selectors = [s | {"role": s["role"].lower()} for s in block.get("selectors", ())]
        return {
            "role": block["role"].lower(),
            "api_server": url,
            "namespaces": {"names": names},
            "selectors": selectors,
        }

    jobs = [
        {
            "job_name": f"scrapeConfig/shop/{name}",
            "kubernetes_sd_configs": [discovering(block) for block in blocks],
        }
        for name, (blocks, _) in SCRAPE_CONFIGS.items()
    ]
    jobs.append(
        {
            "job_name": "scrapeConfig/shop/static-too",
            "static_configs": [{"targets": ["127.0.0.1:1", "127.0.0.1:2"]}],
            "kubernetes_sd_configs": [discovering({"role": "Node"})],
        }
    )
    meta = "__meta_kubernetes_"
    source = [f"{meta}ingress_scheme", "__address__", f"{meta}ingress_path"]
    jobs.append(
        {
            "job_name": "probe/shop/sites",
            "metrics_path": "/probe",
            "kubernetes_sd_configs": [
                discovering({"role": "Ingress", "namespaces": {"names": ["shop"]}})
            ],
            "relabel_configs": [
                {
                    "source_labels": [
                        f"{meta}ingress_label_app",
                        f"{meta}ingress_labelpresent_app",
                    ],
                    "regex": "(web);true",
                    "action": "keep",
                },
                {
                    "source_labels": source,
                    "regex": "(.+);(.+);(.+)",
                    "target_label": "__param_target",
                    "replacement": "${1}://${2}${3}",
                },
                {"source_labels": [f"{meta}namespace"], "target_label": "namespace"},
                {"source_labels": [f"{meta}ingress_name"], "target_label": "ingress"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {"target_label": "__address__", "replacement": "127.0.0.1:1"},
            ],
        }
    )
    return yaml.safe_dump(
        {"global": {"scrape_interval": "1s", "scrape_timeout": "900ms"}, "scrape_configs": jobs}
    )


def settings(server: RealPrometheus) -> Settings:
    one = {"name": "prometheus-k8s-0", "url": server.url, "log_file": str(server.log_file)}
    named = {"name": "monitoring/k8s", "servers": [one]}
    return Settings.model_validate({"prometheuses": [named]})


def counted(glance: Glance, wanted: Mapping[str, int]) -> dict[str, tuple[int | None, int | None]]:
    """Expected and active targets of each job, as soon as both are as wanted."""

    def looked() -> dict[str, tuple[int | None, int | None]]:
        statuses = glance.result(datetime.now(UTC)).statuses
        return {s.pool: (s.targets.expected, s.targets.active) for s in statuses}

    return awaited_as({pool: (count, count) for pool, count in wanted.items()}, looked, every=1)
